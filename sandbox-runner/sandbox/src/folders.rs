//! Where workers live: a fresh folder for each, removed afterwards.
//!
//! ```text
//! runs/                 the configured place
//!   lock                held while an instance is set up or swept
//!   <pid>-<random>/     one sandbox of one runner process
//!     lock              held as long as that process lives
//!     run-<random>/     one worker: its inputs, its output; its working directory
//! ```
//!
//! The kernel drops a lock when its holder dies, however it dies. So an instance
//! whose lock can be taken is what a killed runner left behind, and the next
//! sandbox in the same place sweeps it away, with the workers still in it.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::unistd::{Gid, Uid, chown};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::config::Isolation;
use crate::fault::Fault;
use crate::orphans;
use crate::private_folder::make_private;
use crate::users::{User, Users};

/// The folders of one sandbox.
#[derive(Debug)]
pub(crate) struct Folders {
    instance: PathBuf,
    worker: PathBuf,
    users: Option<Users>,
    /// Folder outside the configured place that goes when nobody uses it any more.
    substitute: Option<PathBuf>,
    _lock: File,
}

impl Folders {
    /// Sweeps what killed runners left behind and sets up an instance.
    pub(crate) fn open(runs: &Path, worker: &Path, isolation: Isolation) -> Result<Self, Fault> {
        let worker = worker.canonicalize().map_err(Fault::file("find", worker))?;
        let own_user = matches!(isolation, Isolation::OwnUser { .. });
        let mode = if own_user { 0o711 } else { 0o700 };
        make(runs, mode)?;
        let mut runs = runs.canonicalize().map_err(Fault::file("find", runs))?;
        let elsewhere = own_user && !reachable(&runs);
        if elsewhere {
            runs = substitute(&runs)?;
        }
        let guard = locked(&runs.join("lock"))?;
        sweep(&runs);
        let name = format!("{}-{:08x}", std::process::id(), rand::random::<u32>());
        let instance = runs.join(name);
        make(&instance, mode)?;
        let lock = locked(&instance.join("lock"))?;
        drop(guard);
        let users = match isolation {
            Isolation::SameUser => None,
            Isolation::OwnUser { first, count } => Some(Users::open(first, count)?),
        };
        let worker = if own_user && !reachable(&worker) {
            // Built below somebody's home, for instance, where other users cannot look.
            let copy = instance.join(worker.file_name().unwrap_or("worker".as_ref()));
            fs::copy(&worker, &copy).map_err(Fault::file("copy", &worker))?;
            fs::set_permissions(&copy, Permissions::from_mode(0o755))
                .map_err(Fault::file("open to others", &copy))?;
            copy
        } else {
            worker
        };
        Ok(Self {
            instance,
            worker,
            users,
            substitute: elsewhere.then_some(runs),
            _lock: lock,
        })
    }

    /// A worker binary that every worker's user can execute.
    pub(crate) fn worker(&self) -> &Path {
        &self.worker
    }

    /// A fresh folder, owned by a user whom no other worker alive has.
    pub(crate) fn fresh(&self) -> Result<RunFolder, Fault> {
        let user = self.users.as_ref().map(Users::take).transpose()?;
        let folder = tempfile::Builder::new()
            .prefix("run-")
            .permissions(Permissions::from_mode(0o700))
            .tempdir_in(&self.instance)
            .map_err(Fault::file("make a run's folder in", &self.instance))?;
        if let Some(user) = &user {
            let id = user.id();
            chown(
                folder.path(),
                Some(Uid::from_raw(id)),
                Some(Gid::from_raw(id)),
            )
            .map_err(|error| Fault::file("hand over", folder.path())(error.into()))?;
        }
        Ok(RunFolder { folder, user })
    }
}

impl Drop for Folders {
    fn drop(&mut self) {
        orphans::kill_below(&self.instance);
        if let Err(error) = fs::remove_dir_all(&self.instance) {
            tracing::warn!(path = %self.instance.display(), %error, "failed to remove an instance's folder");
        }
        if let Some(place) = &self.substitute
            && let Ok(_guard) = locked(&place.join("lock"))
            && fs::read_dir(place).is_ok_and(|entries| entries.count() == 1)
        {
            // Only the lock is left. The next sandbox makes the place again.
            let _stays = fs::remove_dir_all(place);
        }
    }
}

/// One worker's folder. Dropping it removes it and kills what still runs in it.
#[derive(Debug)]
pub(crate) struct RunFolder {
    folder: TempDir,
    user: Option<User>,
}

impl RunFolder {
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn user(&self) -> Option<u32> {
        self.user.as_ref().map(User::id)
    }

    /// Bytes on disk of the files here. A worker makes no folders.
    pub(crate) fn bytes(&self) -> u64 {
        let entries = fs::read_dir(self.path()).into_iter().flatten().flatten();
        entries
            .filter_map(|entry| entry.metadata().ok())
            .map(|metadata| metadata.blocks().saturating_mul(512))
            .sum()
    }

    /// Kills whatever still runs here.
    pub(crate) fn kill_orphans(&self) {
        match &self.user {
            Some(user) => orphans::kill_user(user.id()),
            None => orphans::kill_below(self.path()),
        }
    }

    /// Puts a file there that the worker can read and not change.
    pub(crate) fn put(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, Fault> {
        let path = self.path().join(name);
        fs::write(&path, bytes).map_err(Fault::file("write", &path))?;
        self.read_only(path)
    }

    /// Copies a file there that the worker can read and not change. It may be large: others do
    /// not wait for it.
    pub(crate) async fn copy(&self, from: &Path, name: &str) -> Result<PathBuf, Fault> {
        let path = self.path().join(name);
        let copied = tokio::fs::copy(from, &path).await;
        copied.map_err(Fault::file("copy", from))?;
        self.read_only(path)
    }

    fn read_only(&self, path: PathBuf) -> Result<PathBuf, Fault> {
        // The folder is closed to everybody else, so "all may read" means the worker.
        fs::set_permissions(&path, Permissions::from_mode(0o444))
            .map_err(Fault::file("write-protect", &path))?;
        Ok(path)
    }
}

impl Drop for RunFolder {
    fn drop(&mut self) {
        self.kill_orphans();
    }
}

/// Removes the instances of dead runners. What cannot be removed is logged and stays.
fn sweep(runs: &Path) {
    let Ok(entries) = fs::read_dir(runs) else {
        return;
    };
    for entry in entries.flatten() {
        let instance = entry.path();
        if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        let stale = match File::open(instance.join("lock")) {
            Ok(lock) => lock.try_lock().is_ok(),
            // An instance gets its lock while `runs/lock` is held, which we hold.
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        };
        if stale {
            orphans::kill_below(&instance);
            match fs::remove_dir_all(&instance) {
                Ok(()) => {
                    tracing::info!(path = %instance.display(), "swept what a killed runner left")
                }
                Err(error) => {
                    tracing::warn!(path = %instance.display(), %error, "failed to sweep a folder");
                }
            }
        }
    }
}

fn make(folder: &Path, mode: u32) -> Result<(), Fault> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create(folder)
        .map_err(Fault::file("make", folder))?;
    fs::set_permissions(folder, Permissions::from_mode(mode))
        .map_err(Fault::file("set the permissions of", folder))
}

fn locked(path: &Path) -> Result<File, Fault> {
    let take = || {
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)?;
        fs::set_permissions(path, Permissions::from_mode(0o600))?;
        file.lock()?;
        Ok(file)
    };
    take().map_err(Fault::file("lock", path))
}

/// Can a user without any rights get there?
fn reachable(path: &Path) -> bool {
    path.ancestors().all(|path| {
        fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o001 != 0)
    })
}

/// A place below the system's folder for temporary files, for a `runs` that other users
/// cannot reach. Its name follows from `runs`, so that the next process sweeps the same one.
fn substitute(runs: &Path) -> Result<PathBuf, Fault> {
    let name = hex::encode(&Sha256::digest(runs.as_os_str().as_encoded_bytes())[..8]);
    let place = std::env::temp_dir().join(format!("gauntlet-runs-{name}"));
    make_private(&place, 0o711)?;
    if !reachable(&place) {
        let error = io::Error::other(format!(
            "{} cannot be reached by the users that workers run as; choose another folder for runs",
            runs.display()
        ));
        return Err(Fault::file("use", place)(error));
    }
    tracing::info!(runs = %runs.display(), place = %place.display(), "workers could not reach the folder for runs");
    Ok(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(runs: &Path) -> Folders {
        Folders::open(runs, Path::new("/bin/true"), Isolation::usual()).unwrap()
    }

    #[test]
    fn a_run_folder_is_gone_after_use_and_after_a_panic() {
        let runs = tempfile::tempdir().unwrap();
        let folders = open(runs.path());
        let run = folders.fresh().unwrap();
        let path = run.path().to_owned();
        run.put("input", b"x").unwrap();
        assert!(path.exists());
        drop(run);
        assert!(!path.exists());

        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let run = folders.fresh().unwrap();
            let path = run.path().to_owned();
            std::panic::panic_any(path);
        }));
        let path = caught.unwrap_err().downcast::<PathBuf>().unwrap();
        assert!(!path.exists());
        let instance = folders.instance.clone();
        drop(folders);
        assert!(!instance.exists());
    }

    #[test]
    fn what_a_dead_process_left_is_swept_and_what_lives_is_not() {
        let runs = tempfile::tempdir().unwrap();
        let alive = open(runs.path());
        let base = alive.instance.parent().unwrap().to_owned();
        let stale = base.join("4242-left");
        fs::create_dir_all(stale.join("run-x")).unwrap();
        File::create(stale.join("lock")).unwrap();
        let unlocked = base.join("4243-left");
        fs::create_dir_all(&unlocked).unwrap();
        let second = open(runs.path());
        assert!(!stale.exists() && !unlocked.exists());
        assert!(alive.instance.exists() && second.instance.exists());
    }
}
