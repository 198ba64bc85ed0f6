//! A phase's folder: the task, copies of its data, and an output folder that cannot
//! outgrow its limit.

use std::fs::{self, DirBuilder, Permissions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};
use tempfile::TempDir;

use crate::fault::Fault;
use crate::phase::PhaseSpec;
use gauntlet_file_contract::{Inputs, task_file};
use gauntlet_wire::contract::FileBudget;
use gauntlet_worker_protocol::Limits;

/// Room beside the output file itself: it is written beside its name and renamed.
const SLACK: u64 = 1 << 20;

/// The folder of folders.
#[derive(Clone, Debug)]
pub(crate) struct Folders {
    path: PathBuf,
    quota: Quota,
}

/// What keeps an output folder small.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quota {
    /// A file system of its own, in memory: full is full. Needs root, and an engine that
    /// sees what we mount.
    FileSystem,
    /// A plain folder that is looked at while the phase runs; each file is limited by the
    /// kernel, their number and sum within one look.
    Watched,
}

impl Folders {
    /// Opens the folder of folders, and removes what a killed process left in it.
    pub(crate) fn open(path: &Path, in_memory: bool) -> Result<Self, Fault> {
        let failed = || Fault::file("make the folder", path);
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(failed())?;
        fs::set_permissions(path, Permissions::from_mode(0o700)).map_err(failed())?;
        let path = path.canonicalize().map_err(failed())?;
        let quota = if rustix::process::geteuid().is_root() && in_memory {
            Quota::FileSystem
        } else {
            Quota::Watched
        };
        for entry in fs::read_dir(&path).map_err(Fault::file("read", &path))? {
            let left = entry.map_err(Fault::file("read", &path))?.path();
            discard(&left);
            if left.exists() {
                fs::remove_dir_all(&left).map_err(Fault::file("remove", &left))?;
            }
        }
        Ok(Self { path, quota })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn in_memory(&self) -> bool {
        self.quota == Quota::FileSystem
    }

    /// Lays a phase's folder out for the user that will see it.
    pub(crate) fn prepare(
        &self,
        spec: &PhaseSpec,
        user: (u32, u32),
        files: u64,
    ) -> Result<Folder, Fault> {
        let root = tempfile::Builder::new()
            .prefix("phase-")
            .tempdir_in(&self.path)
            .map_err(Fault::file("make a folder in", &self.path))?;
        let folder = Folder {
            root: Some(root),
            quota: self.quota,
            bytes: spec.limits.output_bytes,
            files,
        };
        let write = |path: &Path, content: &[u8]| {
            let mut file = fs::File::create_new(path)?;
            file.write_all(content)?;
            file.set_permissions(Permissions::from_mode(0o444))
        };
        let task = serde_json::to_vec_pretty(&task_file(
            spec.task.clone(),
            spec.seed,
            budget(&spec.limits),
            spec.settings.clone(),
        ))
        .map_err(|error| Fault::Engine("write the task", error.to_string()))?;
        write(&folder.task(), &task).map_err(Fault::file("write", folder.task()))?;

        let data = folder.data();
        make(&data).map_err(Fault::file("make", &data))?;
        for (from, name) in Inputs::<&Path>::from(&spec.phase).files() {
            let to = folder.path().join(name);
            // A copy: containers that shared a file could signal through its locks, and
            // a hole in the kernel's page cache would reach every later run.
            fs::copy(from, &to)
                .and_then(|_| fs::set_permissions(&to, Permissions::from_mode(0o444)))
                .map_err(Fault::file("copy", from))?;
        }

        let out = folder.out();
        make(&out).map_err(Fault::file("make", &out))?;
        if self.quota == Quota::FileSystem {
            let (uid, gid) = user;
            let options = format!(
                "size={},nr_inodes={},mode=0700,uid={uid},gid={gid}",
                2 * folder.bytes + SLACK,
                files + 2
            );
            let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
            let options = std::ffi::CString::new(options).unwrap_or_default();
            mount("gauntlet", &out, "tmpfs", flags, Some(options.as_c_str()))
                .map_err(|error| Fault::file("mount", &out)(error.into()))?;
        } else {
            let (uid, gid) = user;
            if uid != rustix::process::geteuid().as_raw() {
                chown(&out, Some(uid), Some(gid)).map_err(Fault::file("give away", &out))?;
            }
            fs::set_permissions(&out, Permissions::from_mode(0o700))
                .map_err(Fault::file("make", &out))?;
        }
        Ok(folder)
    }
}

/// Work is not metered here; what is left are batches and wall time. Where batches are
/// limited, the wall time is only when the container is killed: a method that paced itself
/// by a clock could not be repeated to the bit.
#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds of a run are far below 2^53"
)]
fn budget(limits: &Limits) -> FileBudget {
    FileBudget {
        batches: limits.batches,
        wall_seconds: match limits.batches {
            Some(_) => None,
            None => Some(limits.wall_ms as f64 / 1000.0),
        },
    }
}

/// Readable for everybody inside: the folder above it is closed.
fn make(path: &Path) -> std::io::Result<()> {
    DirBuilder::new().mode(0o755).create(path)
}

/// A phase's folder. Dropping it removes everything.
#[derive(Debug)]
pub(crate) struct Folder {
    root: Option<TempDir>,
    quota: Quota,
    bytes: u64,
    files: u64,
}

impl Folder {
    fn path(&self) -> &Path {
        self.root
            .as_ref()
            .map_or(Path::new("/nowhere"), TempDir::path)
    }

    pub(crate) fn task(&self) -> PathBuf {
        self.path().join("task.json")
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path().join("data")
    }

    pub(crate) fn out(&self) -> PathBuf {
        self.path().join("out")
    }

    /// Whether the output folder has outgrown its limit, where nothing else keeps it.
    pub(crate) fn overflows(&self) -> bool {
        if self.quota == Quota::FileSystem {
            return false;
        }
        let mut seen = (0, 0);
        measure(&self.out(), self.files, &mut seen);
        seen.0 > self.files || seen.1 > 2 * self.bytes + SLACK
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let Some(root) = self.root.take() else { return };
        discard(root.path());
        if let Err(error) = root.close() {
            tracing::warn!(%error, "a phase's folder was not removed; the next start will");
        }
    }
}

/// Takes a phase's output folder away, also from under a container that still holds it.
fn discard(folder: &Path) {
    let _not_mounted = unmount(
        folder.join("out"),
        UnmountFlags::DETACH | UnmountFlags::NOFOLLOW,
    );
}

/// Counts files and bytes below a folder, without following links, until there are too many.
fn measure(folder: &Path, most: u64, seen: &mut (u64, u64)) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        seen.0 += 1;
        if seen.0 > most {
            return;
        }
        let Ok(metadata) = entry.metadata() else {
            continue;
        };
        if metadata.is_dir() {
            measure(&entry.path(), most, seen);
        } else {
            seen.1 += std::os::unix::fs::MetadataExt::blocks(&metadata) * 512;
        }
    }
}
