//! Modules and data on this machine, by digest.
//!
//! A file is used only if its bytes have the digest that it is named by, each time:
//! a run on damaged data must become a fault of ours, not a score. The folder is
//! closed to other users, the workers' among them: hidden labels are in it.

use std::fs::{self, DirBuilder};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};

use crate::client::{Client, ClientError, retry};

/// How long to try to get a blob.
const PATIENCE: Duration = Duration::from_secs(60);

/// The folder of blobs.
#[derive(Debug)]
pub struct Blobs {
    folder: PathBuf,
    most_bytes: u64,
}

/// Why a blob is not there.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// What was named is no digest.
    #[error("{0:?} is not a SHA-256 digest in lower-case hex")]
    Name(String),
    /// The orchestrator does not give it.
    #[error("failed to fetch the blob {digest}: {source}")]
    Fetch {
        /// The blob.
        digest: String,
        /// Why.
        source: ClientError,
    },
    /// It sent other bytes.
    #[error("the orchestrator sent other bytes than those of the blob {0}")]
    OtherBytes(String),
    /// The disk fails.
    #[error("failed to keep the blob {digest}: {source}")]
    Disk {
        /// The blob.
        digest: String,
        /// Why.
        source: io::Error,
    },
}

impl Blobs {
    /// Opens the folder, making it if missing. When the files in it grow beyond
    /// `most_bytes`, those unused for longest go.
    ///
    /// # Errors
    /// If the folder cannot be made or closed to others.
    pub fn open(folder: &Path, most_bytes: u64) -> io::Result<Self> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
        let folder = folder.canonicalize()?;
        // A process that was killed may have left halves.
        for entry in fs::read_dir(&folder)?.flatten() {
            if entry.file_name().as_encoded_bytes().starts_with(b".new-") {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(Self { folder, most_bytes })
    }

    /// Path and bytes of a blob, fetched if it is not here.
    ///
    /// # Errors
    /// See [`BlobError`]: ours all of them.
    pub async fn get(
        &self,
        client: &Client,
        digest: &str,
    ) -> Result<(PathBuf, Vec<u8>), BlobError> {
        check_name(digest)?;
        let path = self.folder.join(digest);
        if let Ok(bytes) = fs::read(&path) {
            if hex::encode(Sha256::digest(&bytes)) == digest {
                // "Used now", for the day something must go; only a hint.
                if let Ok(file) = fs::File::options().append(true).open(&path) {
                    let _hint = file.set_modified(SystemTime::now());
                }
                return Ok((path, bytes));
            }
            tracing::warn!(
                digest,
                "a blob is damaged on this machine; fetching it again"
            );
        }
        let bytes = retry(PATIENCE, || async move {
            Ok(client.blob(digest).await?.bytes().await?.to_vec())
        })
        .await
        .map_err(|source| BlobError::Fetch {
            digest: digest.to_owned(),
            source,
        })?;
        if hex::encode(Sha256::digest(&bytes)) != digest {
            return Err(BlobError::OtherBytes(digest.to_owned()));
        }
        self.keep(&path, &bytes).map_err(|source| BlobError::Disk {
            digest: digest.to_owned(),
            source,
        })?;
        Ok((path, bytes))
    }

    /// Path of a blob that may be too large for memory, fetched if it is not here.
    ///
    /// # Errors
    /// See [`BlobError`]: ours all of them.
    pub async fn get_file(&self, client: &Client, digest: &str) -> Result<PathBuf, BlobError> {
        check_name(digest)?;
        let path = self.folder.join(digest);
        let disk = |source| BlobError::Disk {
            digest: digest.to_owned(),
            source,
        };
        if let Ok(file) = fs::File::options().read(true).append(true).open(&path) {
            let hint = file.try_clone().map_err(disk)?;
            if hash(file).await.map_err(disk)? == digest {
                let _used_now = hint.set_modified(SystemTime::now());
                return Ok(path);
            }
            tracing::warn!(
                digest,
                "a blob is damaged on this machine; fetching it again"
            );
        }
        retry(PATIENCE, || self.fetch(client, digest, &path))
            .await
            .map_err(|source| BlobError::Fetch {
                digest: digest.to_owned(),
                source,
            })??;
        Ok(path)
    }

    /// Fetches a blob piece by piece. What is wrong with this machine is the inner error:
    /// trying again would not help.
    async fn fetch(
        &self,
        client: &Client,
        digest: &str,
        path: &Path,
    ) -> Result<Result<(), BlobError>, ClientError> {
        let disk = |source| BlobError::Disk {
            digest: digest.to_owned(),
            source,
        };
        let mut response = client.blob(digest).await?;
        let room = self.make_room(response.content_length().unwrap_or(0));
        let begun = room.and_then(|()| {
            tempfile::Builder::new()
                .prefix(".new-")
                .tempfile_in(&self.folder)
        });
        let mut file = match begun {
            Ok(file) => file,
            Err(error) => return Ok(Err(disk(error))),
        };
        let mut hasher = Sha256::new();
        while let Some(piece) = response.chunk().await? {
            hasher.update(&piece);
            if let Err(error) = file.write_all(&piece) {
                return Ok(Err(disk(error)));
            }
        }
        if hex::encode(hasher.finalize()) != digest {
            return Ok(Err(BlobError::OtherBytes(digest.to_owned())));
        }
        let kept = file.persist(path);
        Ok(kept.map(drop).map_err(|error| disk(error.error)))
    }

    fn keep(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.make_room(bytes.len() as u64)?;
        let mut file = tempfile::Builder::new()
            .prefix(".new-")
            .tempfile_in(&self.folder)?;
        file.write_all(bytes)?;
        file.persist(path)?;
        Ok(())
    }

    fn make_room(&self, bytes: u64) -> io::Result<()> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let metadata = entry.metadata()?;
            files.push((metadata.modified()?, metadata.len(), entry.path()));
        }
        files.sort();
        let mut total = bytes + files.iter().map(|(_, size, _)| size).sum::<u64>();
        // What a run uses at this moment was touched a moment ago.
        let recent = SystemTime::now() - Duration::from_secs(3600);
        for (used, size, path) in files {
            if total <= self.most_bytes || used > recent {
                break;
            }
            fs::remove_file(path)?;
            total -= size;
        }
        Ok(())
    }
}

fn check_name(digest: &str) -> Result<(), BlobError> {
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if digest.len() != 64 || !digest.bytes().all(hex) {
        return Err(BlobError::Name(digest.to_owned()));
    }
    Ok(())
}

/// SHA-256 in hex of a file; some seconds for a large one, so not on a thread that others need.
async fn hash(mut file: fs::File) -> io::Result<String> {
    tokio::task::spawn_blocking(move || {
        let mut hasher = Sha256::new();
        io::copy(&mut file, &mut hasher)?;
        Ok(hex::encode(hasher.finalize()))
    })
    .await
    .map_err(io::Error::other)?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_unused_for_longest_goes_first() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(folder.path(), 25).unwrap();
        let long_ago = SystemTime::now() - Duration::from_secs(100_000);
        for (index, name) in ["a", "b", "c"].iter().enumerate() {
            let path = folder.path().join(name);
            fs::write(&path, [0; 10]).unwrap();
            let used = long_ago + Duration::from_secs(index as u64);
            fs::File::options()
                .append(true)
                .open(&path)
                .unwrap()
                .set_modified(used)
                .unwrap();
        }
        blobs.keep(&folder.path().join("d"), &[0; 10]).unwrap();
        let mut names: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        assert_eq!(names, ["c", "d"]);
    }

    #[test]
    fn the_folder_is_closed_to_others_and_halves_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("blobs");
        fs::create_dir(&place).unwrap();
        fs::write(place.join(".new-half"), b"x").unwrap();
        Blobs::open(&place, 1).unwrap();
        assert_eq!(
            fs::metadata(&place).unwrap().permissions().mode() & 0o777,
            0o700
        );
        assert!(!place.join(".new-half").exists());
    }
}
