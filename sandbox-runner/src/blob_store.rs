//! The files of blobs: kept within a bound, but for those that a run uses.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};
use tokio::sync::{Notify, mpsc};

/// The files.
#[derive(Debug)]
pub(crate) struct Store {
    folder: PathBuf,
    most_bytes: u64,
    /// How many hold a blob, by digest.
    holds: Mutex<HashMap<String, usize>>,
    /// Told when somebody holds some no more.
    released: Notify,
}

/// Blobs that stay, until this is dropped.
#[derive(Debug)]
pub struct Held {
    store: Arc<Store>,
    digests: BTreeSet<String>,
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut holds = self.store.holds();
        for digest in &self.digests {
            if let Some(count) = holds.get_mut(digest) {
                *count -= 1;
                if *count == 0 {
                    holds.remove(digest);
                }
            }
        }
        drop(holds);
        self.store.released.notify_waiters();
    }
}

impl Store {
    pub(crate) fn new(folder: PathBuf, most_bytes: u64) -> Self {
        Self {
            folder,
            most_bytes,
            holds: Mutex::default(),
            released: Notify::new(),
        }
    }

    /// Where a blob is, if it is here.
    pub(crate) fn path(&self, digest: &str) -> PathBuf {
        self.folder.join(digest)
    }

    /// See [`Blobs::hold`](crate::blobs::Blobs::hold).
    pub(crate) fn hold(self: &Arc<Self>, digests: impl Iterator<Item = String>) -> Held {
        let digests: BTreeSet<String> = digests.collect();
        let mut holds = self.holds();
        for digest in &digests {
            *holds.entry(digest.clone()).or_insert(0) += 1;
        }
        Held {
            store: Arc::clone(self),
            digests,
        }
    }

    /// See [`Blobs::room`](crate::blobs::Blobs::room).
    pub(crate) async fn room(&self) {
        loop {
            // Registered before looking, so that no release is lost in between.
            let mut released = pin!(self.released.notified());
            released.as_mut().enable();
            let held = self.held_bytes();
            if held < self.most_bytes {
                return;
            }
            tracing::warn!(
                held,
                most = self.most_bytes,
                "the blobs in use fill their place; no more work is asked for until some are free"
            );
            released.await;
        }
    }

    fn held_bytes(&self) -> u64 {
        let digests: Vec<String> = self.holds().keys().cloned().collect();
        let sizes = digests.iter().map(|digest| fs::metadata(self.path(digest)));
        sizes.flatten().map(|metadata| metadata.len()).sum()
    }

    fn holds(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.holds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes a file of the pieces that come, if they are what its name says; false if not.
    pub(crate) fn keep(
        &self,
        path: &Path,
        digest: &str,
        bytes: u64,
        mut pieces: mpsc::Receiver<impl AsRef<[u8]>>,
    ) -> io::Result<bool> {
        self.make_room(bytes)?;
        let mut file = tempfile::Builder::new()
            .prefix(".new-")
            .tempfile_in(&self.folder)?;
        let mut hasher = Sha256::new();
        while let Some(piece) = pieces.blocking_recv() {
            hasher.update(&piece);
            file.write_all(piece.as_ref())?;
        }
        if hex::encode(hasher.finalize()) != digest {
            return Ok(false);
        }
        file.persist(path)?;
        Ok(true)
    }

    /// Removes what was unused for longest, until so many bytes more fit or all that is left is
    /// held.
    fn make_room(&self, bytes: u64) -> io::Result<()> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let metadata = entry.metadata()?;
            files.push((metadata.modified()?, metadata.len(), entry.path()));
        }
        files.sort();
        let mut total = bytes + files.iter().map(|(_, size, _)| size).sum::<u64>();
        // Until the end, so that nobody holds one that is about to go.
        let holds = self.holds();
        for (_, size, path) in files {
            if total <= self.most_bytes {
                break;
            }
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            // What has no digest for a name is on its way.
            if holds.contains_key(name.as_ref()) || name.starts_with('.') {
                continue;
            }
            fs::remove_file(&path)?;
            total -= size;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Poll, Waker};
    use std::time::{Duration, SystemTime};

    use super::*;

    /// A store of 25 bytes with files of ten, each used a little later than the one before it.
    fn store(folder: &Path, first: SystemTime, names: &[&str]) -> Arc<Store> {
        for (index, name) in names.iter().enumerate() {
            let path = folder.join(name);
            fs::write(&path, [0; 10]).unwrap();
            let used = first + Duration::from_secs(index as u64);
            let file = fs::File::options().append(true).open(&path).unwrap();
            file.set_modified(used).unwrap();
        }
        Arc::new(Store::new(folder.to_owned(), 25))
    }

    /// Keeps one of ten bytes more.
    fn keep(store: &Store, name: &str) {
        let digest = hex::encode(Sha256::digest([0_u8; 10]));
        let (pieces, received) = mpsc::channel(1);
        pieces.try_send([0_u8; 10]).unwrap();
        drop(pieces);
        let path = store.path(name);
        assert!(store.keep(&path, &digest, 10, received).unwrap());
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn what_was_unused_for_longest_goes_first_however_short_that_is() {
        let folder = tempfile::tempdir().unwrap();
        // A minute ago.
        let first = SystemTime::now() - Duration::from_secs(60);
        let store = store(folder.path(), first, &["a", "b", "c"]);
        keep(&store, "d");
        assert_eq!(names(folder.path()), ["c", "d"]);
    }

    #[test]
    fn what_is_held_stays_however_old_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let long_ago = SystemTime::now() - Duration::from_secs(100_000);
        let store = store(folder.path(), long_ago, &["a", "b", "c"]);
        let held = store.hold(["a".to_owned(), "a".to_owned()].into_iter());
        let again = store.hold(["a".to_owned()].into_iter());
        keep(&store, "d");
        assert_eq!(names(folder.path()), ["a", "d"]);
        drop(held);
        keep(&store, "e");
        assert_eq!(names(folder.path()), ["a", "e"]);
        drop(again);
        keep(&store, "f");
        assert_eq!(names(folder.path()), ["e", "f"]);
        assert!(store.holds().is_empty());
    }

    #[test]
    fn no_more_is_asked_for_while_what_is_held_fills_the_place() {
        let folder = tempfile::tempdir().unwrap();
        let now = SystemTime::now();
        let store = store(folder.path(), now, &["a", "b", "c"]);
        let mut context = Context::from_waker(Waker::noop());
        let two = store.hold(["a", "b"].map(str::to_owned).into_iter());
        assert!(pin!(store.room()).poll(&mut context).is_ready());
        let third = store.hold(std::iter::once("c".to_owned()));
        let mut waits = pin!(store.room());
        assert_eq!(waits.as_mut().poll(&mut context), Poll::Pending);
        drop(third);
        assert_eq!(waits.as_mut().poll(&mut context), Poll::Ready(()));
        drop(two);
    }
}
