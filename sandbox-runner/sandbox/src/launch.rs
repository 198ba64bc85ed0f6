//! What `gauntlet-launch` is told ([`LaunchSpec`]), and where it is found.
//!
//! A worker confines itself before its guest runs, but whoever has taken a worker over
//! early, or put another program in its place, does not. So the supervisor starts
//! `gauntlet-launch`, a program that sees nothing of the method: it isolates itself,
//! then becomes the worker. That stays, whatever the process does or starts.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::fault::Fault;

/// The program's name.
pub const PROGRAM: &str = "gauntlet-launch";

/// What isolates a worker process from outside.
///
/// Every program uses all of it. That one can be left out is for the tests that prove
/// that each is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IsolationLayers {
    /// No network: a network namespace of its own without any interface that is up, or,
    /// where that is not permitted, no sockets. Likewise for System V IPC and message queues.
    pub network: bool,
    /// Landlock: no file but the system's programs and libraries and the run's own folder;
    /// no TCP; no signal to a process outside. As much as the kernel knows.
    pub files: bool,
    /// A filter of the system calls that no worker needs and that kernels have been
    /// attacked through: other processes' memory, keys, `io_uring`, BPF, namespaces, mounts.
    pub calls: bool,
    /// A bound on processes and threads, where the worker has a user id of its own.
    pub processes: bool,
}

impl IsolationLayers {
    /// All of them.
    #[must_use]
    pub const fn all() -> Self {
        Self {
            network: true,
            files: true,
            calls: true,
            processes: true,
        }
    }
}

/// What the process may use, by the kernel's count. Never more than the launcher's own
/// hard limits, which nobody can exceed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounds {
    /// Private writable memory. (Not address space: the engine reserves far more of that
    /// than it uses.)
    pub data_bytes: u64,
    /// Size of a file it writes.
    pub file_bytes: u64,
    /// Open files.
    pub open_files: u64,
    /// Processes and threads of its user; only where the user is its own.
    pub processes: u64,
    /// Processor time, where that is limited.
    pub cpu_seconds: Option<u64>,
}

/// What the launcher is told, as JSON in its first argument. The command follows; without
/// one it answers with [`AvailableIsolation`] as JSON instead of becoming anything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaunchSpec {
    /// User and group id to become.
    pub user: Option<u32>,
    /// The run's own folder, if it has one: all it may write to.
    pub folder: Option<PathBuf>,
    /// The worker, to be read and executed.
    pub worker: PathBuf,
    /// Are its files restricted? A GPU's driver needs more than anybody could list.
    pub restrict_files: bool,
    /// Limits.
    pub bounds: Bounds,
    /// IsolationLayers.
    pub layers: IsolationLayers,
}

/// Which of it this machine lets us use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AvailableIsolation {
    /// A network namespace of its own; if not, it has no sockets at all.
    pub namespaces: bool,
    /// Landlock, at least for files.
    pub landlock: bool,
}

/// The launcher: beside the worker, beside this program, or in the folder above it, which
/// is where cargo puts it as seen from a test.
pub(crate) fn find(worker: &Path) -> Result<PathBuf, Fault> {
    let with_worker = worker.with_file_name(PROGRAM);
    if with_worker.is_file() {
        return Ok(with_worker);
    }
    beside_us(PROGRAM).ok_or(Fault::NoLauncher(with_worker))
}

/// A program of ours, beside this one or in the folder above it, which is where cargo puts
/// it as seen from a test.
#[must_use]
pub fn beside_us(program: &str) -> Option<PathBuf> {
    let own = std::env::current_exe().unwrap_or_default();
    let beside = own.parent();
    let folders = [beside, beside.and_then(Path::parent)];
    folders
        .into_iter()
        .flatten()
        .map(|folder| folder.join(program))
        .find(|path| path.is_file())
}
