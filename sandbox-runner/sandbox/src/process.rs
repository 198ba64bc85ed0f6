//! Starts worker processes, bounded from the first moment, and ends them for good.

use std::fs::File;
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
        let spec = self.spec(worker, Home::of(folder), limits);
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

    fn spec(&self, worker: &Path, home: Home<'_>, limits: ProcessLimits) -> LaunchSpec {
        LaunchSpec {
            user: home.user,
            folder: home.folder.map(Path::to_owned),
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

    /// A command that isolates itself and becomes `worker`.
    fn command(
        &self,
        worker: &Path,
        arguments: &[&str],
        home: Home<'_>,
        limits: ProcessLimits,
    ) -> Command {
        let spec = self.spec(worker, home, limits);
        let mut command = Command::new(&self.program);
        command
            .arg(serde_json::to_string(&spec).unwrap_or_default())
            .arg(worker)
            .args(arguments)
            .env_clear()
            .current_dir(home.folder.unwrap_or(Path::new("/")))
            .process_group(0)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    fn no_pipe(&self) -> Fault {
        self.failed()(io::Error::other("a pipe is missing"))
    }

    fn failed(&self) -> impl FnOnce(io::Error) -> Fault {
        let path = self.program.clone();
        move |source| Fault::Spawn { path, source }
    }
}

/// Who a process is, and where it may write.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Home<'a> {
    /// The user that it is, if that is not ours.
    pub user: Option<u32>,
    /// None if it writes nowhere.
    pub folder: Option<&'a Path>,
}

impl<'a> Home<'a> {
    fn of(folder: &'a RunFolder) -> Self {
        Self {
            user: folder.user(),
            folder: Some(folder.path()),
        }
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
        let home = Home::of(folder);
        let mut command = launcher.command(worker, arguments, home, limits);
        command
            .env(ALLOCATOR.0, ALLOCATOR.1)
            .env(orphans::FOLDER_VARIABLE, folder.path());
        let mut process = Self::start(launcher, command, Stdio::piped())?;
        let stdin = process.child.stdin.take();
        let (stdout, stderr) = process.outputs(launcher)?;
        let pipes = Pipes {
            stdin: stdin.ok_or_else(|| launcher.no_pipe())?,
            stdout,
            stderr,
        };
        Ok((process, pipes))
    }

    /// The same for a program that reads one open file and writes nowhere but to its standard
    /// output, which is a pipe or the file `into`; with no environment at all.
    pub(crate) fn spawn_reader(
        launcher: &Launcher,
        program: &Path,
        arguments: &[&str],
        user: Option<u32>,
        file: File,
        into: Option<File>,
        limits: ProcessLimits,
    ) -> Result<(Self, Option<ChildStdout>, ChildStderr), Fault> {
        let home = Home { user, folder: None };
        let mut command = launcher.command(program, arguments, home, limits);
        if let Some(into) = into {
            command.stdout(into);
        }
        let mut process = Self::start(launcher, command, Stdio::from(file))?;
        let stdout = process.child.stdout.take();
        let stderr = process.child.stderr.take();
        let stderr = stderr.ok_or_else(|| launcher.no_pipe())?;
        Ok((process, stdout, stderr))
    }

    fn start(launcher: &Launcher, mut command: Command, stdin: Stdio) -> Result<Self, Fault> {
        command.stdin(stdin);
        let child = command.spawn().map_err(launcher.failed())?;
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        let leader = Pid::from_raw(id.ok_or_else(|| launcher.no_pipe())?);
        Ok(Self { child, leader })
    }

    fn outputs(&mut self, launcher: &Launcher) -> Result<(ChildStdout, ChildStderr), Fault> {
        let outputs = self.child.stdout.take().zip(self.child.stderr.take());
        outputs.ok_or_else(|| launcher.no_pipe())
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
