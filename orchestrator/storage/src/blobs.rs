//! Immutable bytes, named by the digest of what they are and sealed where they lie.
//!
//! A blob is written before the row that names it, so a row always finds its
//! blob; a crash in between leaves a blob that nobody names, until the sweep of
//! [`crate::sweep`] takes it away. That sets blobs aside before it removes them, and
//! whoever asks for one that is aside has it back.
//!
//! Blobs from before they were sealed lie under their digest alone, and are read as they are
//! until [`crate::reseal`] has sealed them.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use gauntlet_domain::Digest;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{
    GetResult, GetResultPayload, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload,
};

use crate::seal::{BlobKeys, SealedFile, Sealer, plain_size};
use crate::{Error, Result, blob_key_record};

/// What the name of a sealed file ends with.
const SEALED: &str = ".sealed";

/// The blob store. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Blobs {
    pub(crate) store: Arc<dyn ObjectStore>,
    pub(crate) folder: Arc<Path>,
    pub(crate) keys: BlobKeys,
}

/// How a blob lies on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Sealed,
    /// As blobs were stored before they were sealed.
    Plain,
}

/// A blob that is there, not yet read.
pub(crate) enum Found {
    Sealed(Box<SealedFile<File>>),
    Plain(GetResult),
}

impl Blobs {
    /// Blobs as files under `dir`, which is made if missing, sealed with these keys.
    ///
    /// # Errors
    /// [`Error::BlobKey`] if there are blobs under other keys, before anything is written;
    /// else if the folder cannot be used.
    pub fn local(dir: &Path, keys: BlobKeys) -> Result<Self> {
        std::fs::create_dir_all(dir).map_err(Error::blob_file)?;
        let store = LocalFileSystem::new_with_prefix(dir)?.with_fsync(true);
        blob_key_record::record(dir, &keys)?;
        Ok(Self {
            store: Arc::new(store),
            folder: dir.into(),
            keys,
        })
    }

    /// A file for what is still on its way, on the same disk as the blobs: the operator chose
    /// it for what is large. It has no name, so it is gone when it is dropped, or when the
    /// process is killed. It is not sealed.
    ///
    /// # Errors
    /// If the file cannot be made.
    pub fn spool(&self) -> std::io::Result<File> {
        tempfile::tempfile_in(&self.folder)
    }

    /// Stores `bytes`; storing them again changes nothing.
    pub async fn put(&self, bytes: Bytes) -> Result<Digest> {
        let keys = self.keys.clone();
        let (digest, sealed) = blocking(move || {
            let digest = Digest::of(&bytes);
            let (mut sealer, header) = Sealer::new(keys.first(), &digest)?;
            let mut sealed = vec![header];
            sealer.push(&bytes, &mut sealed)?;
            sealed.push(sealer.finish()?);
            Ok((digest, PutPayload::from_iter(sealed)))
        })
        .await?;
        let create = PutOptions::from(PutMode::Create);
        let place = key(&digest, Form::Sealed);
        match self.store.put_opts(&place, sealed, create).await {
            Ok(_) | Err(object_store::Error::AlreadyExists { .. }) => Ok(digest),
            Err(error) => Err(error.into()),
        }
    }

    /// Stores `bytes` announced under a digest; refuses others.
    pub async fn put_checked(&self, expected: &Digest, bytes: Bytes) -> Result<()> {
        let found = Digest::of(&bytes);
        if found != *expected {
            return Err(Error::DigestMismatch {
                expected: *expected,
                found,
            });
        }
        self.put(bytes).await?;
        Ok(())
    }

    /// The bytes, checked against their digest; `None` if there is no such blob.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if they are not what was stored, or sealed with a key that was not
    /// given.
    pub async fn get(&self, digest: &Digest) -> Result<Option<Bytes>> {
        let bytes = match self.find(digest).await? {
            None => return Ok(None),
            Some(Found::Plain(found)) => found.bytes().await?,
            Some(Found::Sealed(mut file)) => {
                let whole = blocking(move || {
                    let size = usize::try_from(file.size()).unwrap_or(0);
                    let mut bytes = Vec::with_capacity(size);
                    while let Some(segment) = file.next()? {
                        bytes.extend_from_slice(&segment);
                    }
                    Ok(bytes)
                });
                whole.await?.into()
            }
        };
        if Digest::of(&bytes) == *digest {
            Ok(Some(bytes))
        } else {
            Err(Error::Corrupt(format!("blob {digest} has other content")))
        }
    }

    /// Bytes of a blob; `None` if there is no such blob.
    pub async fn size(&self, digest: &Digest) -> Result<Option<u64>> {
        let Some((form, found)) = self.locate(digest).await? else {
            return Ok(None);
        };
        match stored_size(form, found.meta.size) {
            Some(size) => Ok(Some(size)),
            None => Err(Error::Corrupt(format!("blob {digest}: it breaks off"))),
        }
    }

    /// A blob, also one that a sweep has set aside, which is brought back.
    pub(crate) async fn find(&self, digest: &Digest) -> Result<Option<Found>> {
        match self.locate(digest).await? {
            None => Ok(None),
            Some((form, found)) => Ok(Some(self.open(digest, form, found).await?)),
        }
    }

    /// Opens a file of the store as the blob of that name.
    pub(crate) async fn open(
        &self,
        digest: &Digest,
        form: Form,
        found: GetResult,
    ) -> Result<Found> {
        let length = found.meta.size;
        match (form, found.payload) {
            (Form::Plain, payload) => Ok(Found::Plain(GetResult { payload, ..found })),
            (Form::Sealed, GetResultPayload::File(file, _)) => {
                let (keys, digest) = (self.keys.clone(), *digest);
                let open = move || SealedFile::open(file, length, &keys, &digest);
                Ok(Found::Sealed(Box::new(blocking(open).await?)))
            }
            (Form::Sealed, GetResultPayload::Stream(_)) => {
                let what = "sealed blobs that are no files";
                Err(Error::blob_file(std::io::Error::other(what)))
            }
        }
    }

    async fn locate(&self, digest: &Digest) -> Result<Option<(Form, GetResult)>> {
        if let Some(found) = self.in_place(digest).await? {
            return Ok(Some(found));
        }
        if !self.bring_back(digest).await? {
            return Ok(None);
        }
        self.in_place(digest).await
    }

    async fn in_place(&self, digest: &Digest) -> Result<Option<(Form, GetResult)>> {
        for form in [Form::Sealed, Form::Plain] {
            match self.store.get(&key(digest, form)).await {
                Ok(found) => return Ok(Some((form, found))),
                Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(None)
    }

    /// Whether there is such a blob.
    pub async fn exists(&self, digest: &Digest) -> Result<bool> {
        Ok(self.size(digest).await?.is_some())
    }
}

/// Where a blob lies. Two hex digits of folder keep folders small.
pub(crate) fn key(digest: &Digest, form: Form) -> Key {
    let hex = digest.to_string();
    Key::from(format!("sha256/{}/{}", &hex[..2], file_name(digest, form)))
}

/// What the file of a blob is called.
pub(crate) fn file_name(digest: &Digest, form: Form) -> String {
    match form {
        Form::Sealed => format!("{digest}{SEALED}"),
        Form::Plain => digest.to_string(),
    }
}

/// The blob of which this is the file.
pub(crate) fn blob_of(file_name: &str) -> Option<(Digest, Form)> {
    let (name, form) = match file_name.strip_suffix(SEALED) {
        Some(name) => (name, Form::Sealed),
        None => (file_name, Form::Plain),
    };
    Some((name.parse().ok()?, form))
}

/// Size of a blob whose file has so many bytes; `None` if it was cut off.
pub(crate) fn stored_size(form: Form, file: u64) -> Option<u64> {
    match form {
        Form::Sealed => plain_size(file),
        Form::Plain => Some(file),
    }
}

/// Does what takes time, or waits for the disk, where nobody waits for the thread.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Error::blob_file(std::io::Error::other(error)))?
}

#[cfg(test)]
mod tests {
    use super::Blobs;
    use crate::Error;
    use bytes::Bytes;
    use gauntlet_domain::Digest;

    #[tokio::test]
    async fn bytes_come_back_under_their_digest() {
        let dir = tempfile::tempdir().unwrap();
        let blobs = Blobs::local(dir.path(), [7; 32].into()).unwrap();
        let bytes = Bytes::from_static(b"abc");
        let digest = blobs.put(bytes.clone()).await.unwrap();
        assert_eq!(digest, Digest::of(b"abc"));
        assert_eq!(blobs.put(bytes.clone()).await.unwrap(), digest);
        assert_eq!(blobs.get(&digest).await.unwrap(), Some(bytes));
        assert_eq!(blobs.size(&digest).await.unwrap(), Some(3));
        assert_eq!(blobs.get(&Digest::of(b"none")).await.unwrap(), None);
        assert!(!blobs.exists(&Digest::of(b"none")).await.unwrap());
    }

    #[tokio::test]
    async fn other_bytes_than_announced_are_refused_and_not_kept() {
        let dir = tempfile::tempdir().unwrap();
        let blobs = Blobs::local(dir.path(), [7; 32].into()).unwrap();
        let announced = Digest::of(b"abc");
        let refused = blobs
            .put_checked(&announced, Bytes::from_static(b"abd"))
            .await;
        assert!(matches!(refused, Err(Error::DigestMismatch { .. })));
        assert!(!blobs.exists(&announced).await.unwrap());
        assert!(!blobs.exists(&Digest::of(b"abd")).await.unwrap());
    }

    #[tokio::test]
    async fn a_spool_lies_among_the_blobs_and_has_no_name() {
        use std::io::{Read, Seek, Write};
        use std::os::unix::fs::MetadataExt;

        let dir = tempfile::tempdir().unwrap();
        let blobs = Blobs::local(dir.path(), [7; 32].into()).unwrap();
        let mut spool = blobs.spool().unwrap();
        spool.write_all(b"abc").unwrap();
        spool.rewind().unwrap();
        let mut back = String::new();
        spool.read_to_string(&mut back).unwrap();
        assert_eq!(back, "abc");
        let folder = dir.path().metadata().unwrap();
        assert_eq!(spool.metadata().unwrap().dev(), folder.dev());
        assert!(
            std::fs::read_dir(dir.path())
                .unwrap()
                .all(|entry| entry.unwrap().file_name() == "keys")
        );
    }

    #[tokio::test]
    async fn what_was_stored_plain_is_read_and_a_damaged_file_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let blobs = Blobs::local(dir.path(), [7; 32].into()).unwrap();
        let digest = Digest::of(b"abc");
        let hex = digest.to_string();
        let folder = dir.path().join("sha256").join(&hex[..2]);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(&hex), b"abc").unwrap();
        assert_eq!(blobs.size(&digest).await.unwrap(), Some(3));
        let back = blobs.get(&digest).await.unwrap();
        assert_eq!(back.as_deref(), Some(&b"abc"[..]));
        std::fs::write(folder.join(&hex), b"abX").unwrap();
        assert!(matches!(blobs.get(&digest).await, Err(Error::Corrupt(_))));
    }
}
