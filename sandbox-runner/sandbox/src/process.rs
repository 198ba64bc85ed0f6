//! Starts worker processes, bounded from the first moment, and ends them for good.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::resource::{Resource, getrlimit};
use nix::unistd::Pid;
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};

use crate::fault::Fault;
use crate::folders::RunFolder;
use crate::stray;

/// The C library's allocator keeps what a worker frees: a training step frees and asks
/// for the same large tensors again and again, and giving them back to the kernel in
/// between costs page faults. A worker's memory is bounded by the ledger and by limits
/// of its own, and it lives for one phase.
const ALLOCATOR: (&str, &str) = (
    "GLIBC_TUNABLES",
    "glibc.malloc.mmap_threshold=33554432:glibc.malloc.trim_threshold=1073741824",
);

/// What a process may use, by the kernel's count.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProcessLimits {
    /// Private writable memory. (Not address space: the engine reserves far more of that
    /// than it uses.)
    pub data_bytes: u64,
    /// Size of a file it writes.
    pub file_bytes: u64,
    /// Processor time, where that is limited.
    pub cpu_seconds: Option<u64>,
}

/// Puts the limits on and becomes the worker. The limits must be there before the worker
/// runs; setting them in the child between fork and exec would need unsafe code, and setting
/// them from outside needs a right that root in a container usually lacks (`CAP_SYS_RESOURCE`).
/// The shell sets them on itself and is replaced, so the process stays the same.
const LIMITED: &str = "ulimit -c 0 && ulimit -n \"$1\" && ulimit -d \"$2\" && ulimit -f \"$3\" \
                       && ulimit -S -t \"$4\" && ulimit -H -t \"$5\" && shift 5 && exec \"$@\"";

impl ProcessLimits {
    /// Arguments of [`LIMITED`], in the units that POSIX gives `ulimit`. Never more than
    /// our own hard limits, which nobody can exceed.
    fn for_shell(self) -> io::Result<[String; 5]> {
        let within = |resource, wanted: u64, unit: u64| {
            let (_, hard) = getrlimit(resource)?;
            let value = wanted.min(hard);
            io::Result::Ok(match value {
                u64::MAX => "unlimited".to_owned(),
                value => value.div_ceil(unit).to_string(),
            })
        };
        let cpu = self.cpu_seconds.unwrap_or(u64::MAX);
        Ok([
            within(Resource::RLIMIT_NOFILE, 256, 1)?,
            within(Resource::RLIMIT_DATA, self.data_bytes, 1024)?,
            within(Resource::RLIMIT_FSIZE, self.file_bytes, 512)?,
            // SIGXCPU at the soft limit says why; SIGKILL follows if it is ignored.
            within(Resource::RLIMIT_CPU, cpu, 1)?,
            within(Resource::RLIMIT_CPU, cpu.saturating_add(2), 1)?,
        ])
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
    /// Starts `worker` in `folder`, as the folder's user, with nothing of our environment.
    ///
    /// Call it from a thread that lives as long as the worker should: workers ask the
    /// kernel to be killed when the thread that started them ends.
    pub(crate) fn spawn(
        worker: &Path,
        arguments: &[&str],
        folder: &RunFolder,
        limits: ProcessLimits,
    ) -> Result<(Self, Pipes), Fault> {
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", LIMITED, "worker"])
            .args(limits.for_shell().map_err(Fault::Limit)?)
            .arg(worker)
            .args(arguments)
            .env_clear()
            .env(ALLOCATOR.0, ALLOCATOR.1)
            .env(stray::FOLDER_VARIABLE, folder.path())
            .current_dir(folder.path())
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        if let Some(user) = folder.user() {
            command.uid(user).gid(user);
        }
        let failed = |source| Fault::Spawn {
            path: worker.to_owned(),
            source,
        };
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
        stray::kill_group(self.leader);
    }

    /// Kills the process group and waits for its leader.
    pub(crate) async fn kill(&mut self) -> Option<ExitStatus> {
        stray::kill_group(self.leader);
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
            stray::kill_group(self.leader);
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
