//! Modules and data on this machine, by digest.
//!
//! A file is used only if its bytes have the digest that it is named by, each time:
//! a run on damaged data must become a fault of ours, not a score. The folder is
//! closed to other users, the workers' among them: hidden labels are in it.

use std::collections::HashMap;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};
use tokio::sync::{OwnedMutexGuard, Semaphore, mpsc};

pub use crate::blob_store::Held;
use crate::blob_store::Store;
use crate::client::{Client, ClientError, retry};
use crate::off_reactor::off_reactor;

/// How long to try to get a blob.
const PATIENCE: Duration = Duration::from_secs(60);

/// Pieces that have come and are not on the disk yet.
const PIECES: usize = 16;

/// The folder of blobs.
#[derive(Debug)]
pub struct Blobs {
    store: Arc<Store>,
    /// Who fetches which blob: slots that need the same one at once get it once.
    fetching: Mutex<HashMap<String, Weak<tokio::sync::Mutex<()>>>>,
    /// So many files are hashed at the same time, however many slots there are.
    hashing: Semaphore,
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
    /// `most_bytes`, those unused for longest go, unless they are [held](Self::hold).
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
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            store: Arc::new(Store::new(folder, most_bytes)),
            fetching: Mutex::default(),
            hashing: Semaphore::new(cores),
        })
    }

    /// Keeps these blobs here, once they are, until what is returned is dropped.
    #[must_use]
    pub fn hold<'a>(&self, digests: impl IntoIterator<Item = &'a str>) -> Held {
        self.store.hold(digests.into_iter().map(str::to_owned))
    }

    /// Waits until what is held leaves room for more.
    pub async fn room(&self) {
        self.store.room().await;
    }

    /// Bytes of a blob that fits in memory, fetched if it is not here.
    ///
    /// # Errors
    /// See [`BlobError`]: ours all of them.
    pub async fn get(&self, client: &Client, digest: &str) -> Result<Vec<u8>, BlobError> {
        let path = self.get_file(client, digest).await?;
        let wanted = digest.to_owned();
        let read = off_reactor(move || {
            let bytes = fs::read(path)?;
            if hex::encode(Sha256::digest(&bytes)) != wanted {
                return Err(io::Error::other("it changed a moment after it was checked"));
            }
            Ok(bytes)
        });
        read.await.flatten().map_err(|source| BlobError::Disk {
            digest: digest.to_owned(),
            source,
        })
    }

    /// Path of a blob, fetched if it is not here.
    ///
    /// # Errors
    /// See [`BlobError`]: ours all of them.
    pub async fn get_file(&self, client: &Client, digest: &str) -> Result<PathBuf, BlobError> {
        check_name(digest)?;
        let path = self.store.path(digest);
        if self.is_here(&path, digest).await? {
            return Ok(path);
        }
        let _turn = self.turn(digest).await;
        // Fetched by another slot meanwhile?
        if self.is_here(&path, digest).await? {
            return Ok(path);
        }
        retry(PATIENCE, || self.fetch(client, digest, &path))
            .await
            .map_err(|source| BlobError::Fetch {
                digest: digest.to_owned(),
                source,
            })??;
        Ok(path)
    }

    /// Whether the file is here and its bytes are those of its name.
    async fn is_here(&self, path: &Path, digest: &str) -> Result<bool, BlobError> {
        let Ok(file) = fs::File::options().read(true).append(true).open(path) else {
            return Ok(false);
        };
        // It is closed by nobody.
        let _one_of_few = self.hashing.acquire().await;
        let found = off_reactor(move || {
            let found = hash(&file)?;
            // "Used now", for the day something must go; only a hint.
            let _hint = file.set_modified(SystemTime::now());
            Ok(found)
        });
        let found = found.await.flatten().map_err(|source| BlobError::Disk {
            digest: digest.to_owned(),
            source,
        })?;
        if found == digest {
            return Ok(true);
        }
        tracing::warn!(
            digest,
            "a blob is damaged on this machine; fetching it again"
        );
        Ok(false)
    }

    /// Waits for whoever fetches this blob.
    async fn turn(&self, digest: &str) -> OwnedMutexGuard<()> {
        let turn = {
            let mut fetching = self.fetching.lock().unwrap_or_else(PoisonError::into_inner);
            fetching.retain(|_, turn| turn.strong_count() > 0);
            match fetching.get(digest).and_then(Weak::upgrade) {
                Some(turn) => turn,
                None => {
                    let turn = Arc::default();
                    fetching.insert(digest.to_owned(), Arc::downgrade(&turn));
                    turn
                }
            }
        };
        turn.lock_owned().await
    }

    /// Fetches a blob piece by piece. What is wrong with this machine is the inner error:
    /// trying again would not help.
    async fn fetch(
        &self,
        client: &Client,
        digest: &str,
        path: &Path,
    ) -> Result<Result<(), BlobError>, ClientError> {
        let mut response = client.blob(digest).await?;
        let bytes = response.content_length().unwrap_or(0);
        let (pieces, received) = mpsc::channel(PIECES);
        let (store, path, wanted) = (Arc::clone(&self.store), path.to_owned(), digest.to_owned());
        // If nothing more comes it keeps nothing, since the digest is another.
        let kept = tokio::task::spawn_blocking(move || store.keep(&path, &wanted, bytes, received));
        while let Some(piece) = response.chunk().await? {
            if pieces.send(piece).await.is_err() {
                break;
            }
        }
        drop(pieces);
        let kept = kept.await.map_err(io::Error::other).flatten();
        Ok(match kept {
            Ok(true) => Ok(()),
            Ok(false) => Err(BlobError::OtherBytes(digest.to_owned())),
            Err(source) => Err(BlobError::Disk {
                digest: digest.to_owned(),
                source,
            }),
        })
    }
}

fn check_name(digest: &str) -> Result<(), BlobError> {
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if digest.len() != 64 || !digest.bytes().all(hex) {
        return Err(BlobError::Name(digest.to_owned()));
    }
    Ok(())
}

/// SHA-256 in hex of a file.
fn hash(mut file: &fs::File) -> io::Result<String> {
    let mut hasher = Sha256::new();
    io::copy(&mut file, &mut hasher)?;
    Ok(hex::encode(hasher.finalize()))
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

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

    fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    /// A client of nobody: port 1 has no listener.
    fn nobody() -> Client {
        let trust = gauntlet_transport::Trust::System;
        Client::new(
            "http://127.0.0.1:1".parse().unwrap(),
            "t".to_owned(),
            &trust,
        )
        .unwrap()
    }

    #[test]
    fn nobody_waits_for_a_blob_to_be_hashed() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(folder.path(), u64::MAX).unwrap();
        let bytes = vec![7_u8; 1 << 20];
        let digest = hex::encode(Sha256::digest(&bytes));
        fs::write(folder.path().join(&digest), &bytes).unwrap();
        let client = nobody();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .max_blocking_threads(1)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            // The one thread that may block is taken until `free` goes, so what is done there
            // cannot be done yet, however slow this thread is.
            let (free, taken) = std::sync::mpsc::channel::<()>();
            let busy = tokio::task::spawn_blocking(move || taken.recv());
            let mut got = std::pin::pin!(blobs.get(&client, &digest));
            // Done without waiting it would have held up everything else on this thread.
            assert!(poll_once(got.as_mut()).is_pending());
            drop(free);
            assert!(busy.await.unwrap().is_err());
            assert_eq!(got.await.unwrap(), bytes);
        });
    }

    #[tokio::test]
    async fn who_fetches_the_same_blob_waits_for_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(folder.path(), u64::MAX).unwrap();
        let first = blobs.turn("a").await;
        let mut second = std::pin::pin!(blobs.turn("a"));
        assert!(poll_once(second.as_mut()).is_pending());
        // Nobody else does.
        drop(blobs.turn("b").await);
        drop(first);
        drop(second.await);
        assert_eq!(blobs.fetching.lock().unwrap().len(), 2);
        drop(blobs.turn("c").await);
        assert_eq!(blobs.fetching.lock().unwrap().len(), 1);
    }
}
