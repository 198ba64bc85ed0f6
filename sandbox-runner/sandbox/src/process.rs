//! Starts worker processes, bounded from the first moment, and ends them for good.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use nix::unistd::Pid;
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};

use crate::fault::Fault;
use crate::folders::RunFolder;
use crate::launch::{AvailableIsolation, Bounds, IsolationLayers, LaunchSpec};
use crate::orphans;

/// The C library's allocator keeps what a worker frees: a training step frees and asks
/// for the same large tensors again and again, and giving them back to the kernel in
/// between costs page faults. A worker's memory is bounded by the ledger and by limits
/// of its own, and it lives for one phase.
const ALLOCATOR: (&str, &str) = (
    "GLIBC_TUNABLES",
    "glibc.malloc.mmap_threshold=33554432:glibc.malloc.trim_threshold=1073741824",
);

/// Open files of a worker.
const OPEN_FILES: u64 = 256;
/// Processes and threads beyond those that a backend is told to have: the guest's, the
/// clock's, a driver's.
const OTHER_THREADS: u64 = 256;

/// What a process may use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProcessLimits {
    /// Private writable memory.
    pub data_bytes: u64,
    /// Size of a file it writes.
    pub file_bytes: u64,
    /// Threads of its backend.
    pub threads: u64,
    /// Processor time, where that is limited.
    pub cpu_seconds: Option<u64>,
}

/// Starts workers: the program that isolates them, and what isolates every worker.
/// Isolation and limits must be there before the worker runs; setting them up in the child
/// between fork and exec would need unsafe code, and only a process with one thread may
/// enter a user namespace. The launcher puts them around itself and is replaced, so the
/// process stays the same.
#[derive(Debug)]
pub(crate) struct Launcher {
    program: PathBuf,
    layers: IsolationLayers,
    restrict_files: bool,
}

impl Launcher {
    pub(crate) fn new(program: PathBuf, layers: IsolationLayers, restrict_files: bool) -> Self {
        Self {
            program,
            layers,
            restrict_files,
        }
    }

    /// What this machine lets us isolate workers with.
    pub(crate) fn available_isolation(
        &self,
        worker: &Path,
        folder: &RunFolder,
    ) -> Result<AvailableIsolation, Fault> {
        let limits = ProcessLimits {
            data_bytes: 1 << 30,
            file_bytes: 0,
            threads: 1,
            cpu_seconds: Some(20),
        };
        let spec = self.spec(worker, folder, limits);
        let answer = std::process::Command::new(&self.program)
            .arg(serde_json::to_string(&spec).unwrap_or_default())
            .env_clear()
            .stdin(Stdio::null())
            .output()
            .map_err(self.failed())?;
        let said = String::from_utf8_lossy(&answer.stderr);
        serde_json::from_slice(&answer.stdout)
            .map_err(|_| self.failed()(io::Error::other(said.trim().to_owned())))
    }

    fn spec(&self, worker: &Path, folder: &RunFolder, limits: ProcessLimits) -> LaunchSpec {
        LaunchSpec {
            user: folder.user(),
            folder: folder.path().to_owned(),
            worker: worker.to_owned(),
            restrict_files: self.restrict_files,
            bounds: Bounds {
                data_bytes: limits.data_bytes,
                file_bytes: limits.file_bytes,
                open_files: OPEN_FILES,
                processes: limits.threads.saturating_add(OTHER_THREADS),
                cpu_seconds: limits.cpu_seconds,
            },
            layers: self.layers,
        }
    }

    fn failed(&self) -> impl FnOnce(io::Error) -> Fault {
        let path = self.program.clone();
        move |source| Fault::Spawn { path, source }
    }
}

/// A worker process. Dropping it kills its process group.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    leader: Pid,
}

/// The pipes of a worker.
#[derive(Debug)]
pub(crate) struct Pipes {
    pub stdin: ChildStdin,
    pub stdout: ChildStdout,
    pub stderr: ChildStderr,
}

impl Process {
    /// Starts `worker` in `folder`, isolated, as the folder's user, with nothing of our
    /// environment.
    ///
    /// Call it from a thread that lives as long as the worker should: workers ask the
    /// kernel to be killed when the thread that started them ends.
    pub(crate) fn spawn(
        launcher: &Launcher,
        worker: &Path,
        arguments: &[&str],
        folder: &RunFolder,
        limits: ProcessLimits,
    ) -> Result<(Self, Pipes), Fault> {
        let spec = launcher.spec(worker, folder, limits);
        let mut command = Command::new(&launcher.program);
        command
            .arg(serde_json::to_string(&spec).unwrap_or_default())
            .arg(worker)
            .args(arguments)
            .env_clear()
            .env(ALLOCATOR.0, ALLOCATOR.1)
            .env(orphans::FOLDER_VARIABLE, folder.path())
            .current_dir(folder.path())
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let failed = |source| launcher.failed()(source);
        let mut child = command.spawn().map_err(failed)?;
        let missing = || failed(io::Error::other("a pipe is missing"));
        let id = child
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .ok_or_else(missing)?;
        let pipes = Pipes {
            stdin: child.stdin.take().ok_or_else(missing)?,
            stdout: child.stdout.take().ok_or_else(missing)?,
            stderr: child.stderr.take().ok_or_else(missing)?,
        };
        let leader = Pid::from_raw(id);
        Ok((Self { child, leader }, pipes))
    }

    /// Waits until the process has ended. Cancel-safe.
    pub(crate) async fn wait(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Kills what is left of the process group after its leader has ended.
    pub(crate) fn kill_others(&self) {
        orphans::kill_group(self.leader);
    }

    /// Kills the process group and waits for its leader.
    pub(crate) async fn kill(&mut self) -> Option<ExitStatus> {
        orphans::kill_group(self.leader);
        let _gone = self.child.start_kill();
        match tokio::time::timeout(Duration::from_secs(10), self.child.wait()).await {
            Ok(Ok(status)) => Some(status),
            Ok(Err(_)) | Err(_) => {
                tracing::warn!(
                    pid = self.leader.as_raw(),
                    "a worker does not end after SIGKILL"
                );
                None
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // A leader that is not reaped yet still owns its process group's id.
        if self.child.id().is_some() {
            orphans::kill_group(self.leader);
        }
    }
}

/// How a process ended, in words.
pub(crate) fn describe(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(number)) => match nix::sys::signal::Signal::try_from(number) {
            Ok(signal) => format!("killed by {signal}"),
            Err(_) => format!("killed by signal {number}"),
        },
        (None, None) => "ended in an unknown way".to_owned(),
    }
}
