//! User ids for workers: each in use by one worker at a time, on the whole machine.
//!
//! A lock on a file stands for an id, so that several runners share the ids without
//! knowing of each other, and a runner that is killed gives its ids back. Whoever takes
//! an id first kills what still runs under it: nobody else's process can.

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::fault::Fault;
use crate::orphans;
use crate::private_folder::make_private;

/// Where the locks are: root's own folder if there is one, as on every Linux of today.
const PLACES: [&str; 2] = ["/run/gauntlet-users", "/tmp/gauntlet-users"];

/// The ids, and the folder of their locks.
#[derive(Debug)]
pub(crate) struct Users {
    first: u32,
    count: u32,
    locks: PathBuf,
}

impl Users {
    pub(crate) fn open(first: u32, count: u32) -> Result<Self, Fault> {
        let [run, tmp] = PLACES.map(Path::new);
        let locks = match make_private(run, 0o700) {
            Ok(()) => run,
            Err(_) => make_private(tmp, 0o700).map(|()| tmp)?,
        };
        Ok(Self {
            first,
            count,
            locks: locks.to_owned(),
        })
    }

    /// Takes an id until the returned value is dropped.
    pub(crate) fn take(&self) -> Result<User, Fault> {
        for id in self.first..self.first.saturating_add(self.count) {
            let path = self.locks.join(id.to_string());
            let lock = File::options()
                .create(true)
                .truncate(false)
                .write(true)
                .open(&path);
            let lock = lock.map_err(Fault::file("open", &path))?;
            if lock.try_lock().is_ok() {
                orphans::kill_user(id);
                return Ok(User { id, _lock: lock });
            }
        }
        Err(Fault::NoUser(self.count))
    }
}

/// An id in use.
#[derive(Debug)]
pub(crate) struct User {
    id: u32,
    _lock: File,
}

impl User {
    pub(crate) fn id(&self) -> u32 {
        self.id
    }
}

impl Drop for User {
    fn drop(&mut self) {
        // Before the lock goes: the next worker may get this id at once.
        orphans::kill_user(self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_workers_share_an_id() {
        let folder = tempfile::tempdir().unwrap();
        // Ids that nobody has, so that nothing is killed. Two runners: two values.
        let users = || Users {
            first: 4_000_000_100,
            count: 2,
            locks: folder.path().to_owned(),
        };
        let (one, other) = (users(), users());
        let (a, b) = (one.take().unwrap(), other.take().unwrap());
        assert_eq!((a.id(), b.id()), (4_000_000_100, 4_000_000_101));
        assert!(matches!(one.take(), Err(Fault::NoUser(2))));
        drop(a);
        assert_eq!(other.take().unwrap().id(), 4_000_000_100);
    }
}
