//! Blobs that lie plain, or under a key of before, are sealed with the key of now.
//!
//! Each is written beside the old file and takes its place whole, so this may break off at
//! any moment, and be done again. Orchestrators may go on meanwhile, if they have the key.

use std::collections::BTreeSet;
use std::path::Path;

use futures::TryStreamExt;
use gauntlet_domain::Digest;
use object_store::path::Path as Key;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt};

use crate::blob_key_record::{forget, recorded_keys};
use crate::blob_streams::content;
use crate::blobs::{Form, blob_of, blocking, file_name};
use crate::seal::{HEADER, KeyId, key_of};
use crate::sweep::ASIDE;
use crate::{Blobs, Error, PutStreamError, Result};

/// Where blobs lie.
const FOLDERS: [&str; 2] = ["sha256", ASIDE];
/// While blobs are being sealed, others may come under an old key; those of one look are
/// sealed in the next.
const LOOKS: usize = 3;

/// What was done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resealed {
    /// Blobs that were plain, or under another key.
    pub sealed: u64,
    /// Blobs that were under the key already.
    pub already: u64,
    /// Blobs that could not be read, each with the reason; they lie as they lay.
    pub unreadable: Vec<(Digest, String)>,
    /// Keys that are needed no more.
    pub keys_done: Vec<KeyId>,
}

struct File {
    digest: Digest,
    form: Form,
    place: Key,
    bytes: u64,
}

impl Blobs {
    /// Seals with the first key what is not, and tells `progress` bytes done and of all.
    ///
    /// # Errors
    /// If the store fails, such as by a full disk. What was done until then stays done.
    pub async fn reseal(&self, mut progress: impl FnMut(u64, u64)) -> Result<Resealed> {
        let mut all = Resealed::default();
        for _ in 0..LOOKS {
            let look = self.reseal_once(&mut progress).await?;
            all.sealed += look.sealed;
            all.already = look.already;
            all.unreadable = look.unreadable;
            if look.sealed == 0 {
                if all.unreadable.is_empty() {
                    all.keys_done = self.forget_others().await?;
                }
                break;
            }
        }
        Ok(all)
    }

    async fn reseal_once(&self, progress: &mut impl FnMut(u64, u64)) -> Result<Resealed> {
        let files = self.files().await?;
        let total = files.iter().map(|file| file.bytes).sum();
        let (mut done, mut result) = (0, Resealed::default());
        for file in files {
            progress(done, total);
            match self.reseal_file(&file).await {
                Ok(true) => result.sealed += 1,
                Ok(false) => result.already += 1,
                // A sweep, or another who seals, was faster.
                Err(Error::Blobs(object_store::Error::NotFound { .. })) => {}
                Err(error @ (Error::Corrupt(_) | Error::DigestMismatch { .. })) => {
                    result.unreadable.push((file.digest, error.to_string()));
                }
                Err(error) => return Err(error),
            }
            done += file.bytes;
        }
        progress(total, total);
        Ok(result)
    }

    /// Whether there was something to do.
    async fn reseal_file(&self, file: &File) -> Result<bool> {
        if file.form == Form::Sealed && file.bytes >= HEADER as u64 {
            let header = GetOptions {
                range: Some(GetRange::Bounded(0..HEADER as u64)),
                ..GetOptions::default()
            };
            let header = self.store.get_opts(&file.place, header).await?;
            let header = header.bytes().await?;
            if key_of(&header) == Some(self.keys.first().id()) {
                return Ok(false);
            }
        }
        let found = self.store.get(&file.place).await?;
        let (size, content) = content(self.open(&file.digest, file.form, found).await?);
        let mut parts: Vec<_> = file.place.parts().collect();
        parts.pop();
        let name = file_name(&file.digest, Form::Sealed);
        let place = Key::from_iter(parts).join(name);
        match self.seal_to(&place, &file.digest, size, content).await {
            Ok(()) => {}
            Err(PutStreamError::Storage(error) | PutStreamError::Source(error)) => {
                return Err(error);
            }
            Err(PutStreamError::TooLarge { .. }) => {
                let what = format!("blob {} is larger than it was", file.digest);
                return Err(Error::Corrupt(what));
            }
        }
        if file.form == Form::Plain {
            self.remove(&file.place).await?;
        }
        Ok(true)
    }

    async fn files(&self) -> Result<Vec<File>> {
        let mut files = Vec::new();
        for folder in FOLDERS {
            let mut listed = self.store.list(Some(&Key::from(folder)));
            while let Some(meta) = listed.try_next().await? {
                let blob = meta.location.filename().and_then(blob_of);
                files.extend(blob.map(|(digest, form)| File {
                    digest,
                    form,
                    bytes: meta.size,
                    place: meta.location,
                }));
            }
        }
        Ok(files)
    }

    /// Forgets the keys of before, under which there is nothing any more.
    async fn forget_others(&self) -> Result<Vec<KeyId>> {
        let (folder, first) = (self.folder.clone(), self.keys.first().id());
        blocking(move || {
            let mut others = recorded_keys(&folder)?;
            others.retain(|id| *id != first);
            for id in &others {
                forget(&folder, *id)?;
            }
            Ok(others)
        })
        .await
    }

    /// How many blobs lie plain, as all did before they were sealed.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub async fn plain(&self) -> Result<u64> {
        let folder = self.folder.clone();
        blocking(move || {
            let mut count = 0;
            for place in FOLDERS {
                for inner in entries(&folder.join(place))? {
                    let names = entries(&folder.join(place).join(inner))?;
                    let plain = names.iter().filter(|name| {
                        matches!(name.to_str().and_then(blob_of), Some((_, Form::Plain)))
                    });
                    count += plain.count() as u64;
                }
            }
            Ok(count)
        })
        .await
    }
}

/// Names in a folder; none if there is no such folder.
fn entries(folder: &Path) -> Result<BTreeSet<std::ffi::OsString>> {
    use std::io::ErrorKind;
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(BTreeSet::new());
        }
        Err(error) => return Err(Error::blob_file(error)),
    };
    let names = entries.map(|entry| entry.map(|entry| entry.file_name()));
    names
        .collect::<std::io::Result<_>>()
        .map_err(Error::blob_file)
}
