//! The local runner: a process of its own, started again when it dies.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::{Child, Command};
use tokio_util::sync::CancellationToken;

use crate::data_dir::DataDir;
use crate::failure::Failure;

const PROGRAM: &str = "gauntlet-runner";
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// A runner that lived this long was fine: the next death is the first again.
const HEALTHY: Duration = Duration::from_secs(60);
/// How long a runner may take to give its run back.
const PATIENCE: Duration = Duration::from_secs(8);

/// Name of the local runner.
const NAME: &str = "local";

/// The runner's program: beside this one.
pub(crate) fn program() -> Result<PathBuf, Failure> {
    let own = std::env::current_exe()
        .map_err(|error| Failure::ours("find this program's place", error))?;
    let beside = own.parent().unwrap_or(Path::new(".")).join(PROGRAM);
    if beside.is_file() {
        return Ok(beside);
    }
    Err(
        Failure::input(format!("{} is not there", beside.display()))
            .field("--no-runner")
            .help("build it with `cargo build --release -p gauntlet-runner -p gauntlet-worker`, or start without a runner"),
    )
}

/// The local runner.
#[derive(Debug)]
pub(crate) struct Runner {
    program: PathBuf,
    data: PathBuf,
    cache: PathBuf,
    runs: PathBuf,
    url: String,
    token: String,
    slots: usize,
    threads: usize,
}

impl Runner {
    /// A runner that executes `slots` runs at the same time, with `threads` threads
    /// each. One process for all of them, because it gives each worker a user of its own.
    pub(crate) fn new(
        data: &DataDir,
        url: &str,
        token: &str,
        slots: usize,
        threads: usize,
    ) -> Result<Self, Failure> {
        Ok(Self {
            program: program()?,
            data: data.runner(),
            cache: data.cache(),
            runs: data.runs(),
            url: url.to_owned(),
            token: token.to_owned(),
            slots,
            threads,
        })
    }

    /// Starts it, and again whenever it dies, with longer pauses if it keeps dying,
    /// until `stop`.
    pub(crate) async fn keep_alive(&self, stop: &CancellationToken) {
        let mut pause = FIRST_PAUSE;
        while !stop.is_cancelled() {
            let started = Instant::now();
            match self.spawn() {
                Ok(child) => match self.attend(child, stop).await {
                    Some(status) => {
                        tracing::warn!(%status, "the local runner died");
                    }
                    None => return,
                },
                Err(error) => {
                    tracing::error!(%error, "cannot start the local runner");
                }
            }
            if started.elapsed() > HEALTHY {
                pause = FIRST_PAUSE;
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn spawn(&self) -> std::io::Result<Child> {
        std::fs::create_dir_all(&self.data)?;
        Command::new(&self.program)
            .arg("--url")
            .arg(&self.url)
            .arg("--name")
            .arg(NAME)
            .arg("--data")
            .arg(&self.data)
            .arg("--cache")
            .arg(&self.cache)
            .arg("--runs")
            .arg(&self.runs)
            .arg("--slots")
            .arg(self.slots.to_string())
            .arg("--threads")
            .arg(self.threads.to_string())
            .arg("--exit-on-stdin-eof")
            // Not on the command line, where every user of the machine could read it.
            .env("GAUNTLET_TOKEN", &self.token)
            // Held open by this process: its end, however it comes, is the runner's sign to end.
            .stdin(Stdio::piped())
            // Standard output is for this program's own answers.
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
    }

    /// Waits for the runner's end: `Some` if it came by itself, `None` if it was asked to.
    async fn attend(&self, mut child: Child, stop: &CancellationToken) -> Option<ExitStatus> {
        tokio::select! {
            ended = child.wait() => return ended.ok(),
            () = stop.cancelled() => {}
        }
        if let Some(pid) = child.id() {
            // An error means that it is gone already.
            let _ = kill(Pid::from_raw(pid.cast_signed()), Signal::SIGTERM);
        }
        if tokio::time::timeout(PATIENCE, child.wait()).await.is_err() {
            tracing::warn!("the local runner does not end; killing it");
            let _ = child.kill().await;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn runner(folder: &Path, script: &str) -> Runner {
        let program = folder.join("runner");
        std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
        Runner {
            program,
            data: folder.join("data"),
            cache: folder.join("cache"),
            runs: folder.join("runs"),
            url: "http://127.0.0.1:1".into(),
            token: "gnt_runner_x".into(),
            slots: 1,
            threads: 1,
        }
    }

    #[tokio::test]
    async fn a_runner_that_dies_is_started_again() {
        let folder = tempfile::tempdir().unwrap();
        let starts = folder.path().join("starts");
        let runner = runner(folder.path(), &format!("echo >> {}", starts.display()));
        let stop = CancellationToken::new();
        let watch = async {
            let deadline = Instant::now() + Duration::from_secs(20);
            let count = || std::fs::read(&starts).map_or(0, |lines| lines.len());
            while count() < 3 && Instant::now() < deadline {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            stop.cancel();
            count()
        };
        let ((), count) = tokio::join!(runner.keep_alive(&stop), watch);
        assert!(count >= 3, "started {count} times");
    }

    #[tokio::test]
    async fn a_runner_is_asked_to_end_and_the_token_is_not_an_argument() {
        let folder = tempfile::tempdir().unwrap();
        let seen = folder.path().join("seen");
        let ended = folder.path().join("ended");
        let script = format!(
            "echo \"$@\" > {seen}; trap 'echo bye > {ended}; exit 0' TERM; while :; do sleep 0.05; done",
            seen = seen.display(),
            ended = ended.display()
        );
        let runner = runner(folder.path(), &script);
        let stop = CancellationToken::new();
        let end = async {
            while std::fs::read(&seen).map_or(0, |text| text.len()) == 0 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            // The trap is set right after the line that was seen.
            tokio::time::sleep(Duration::from_millis(100)).await;
            stop.cancel();
        };
        tokio::join!(runner.keep_alive(&stop), end);
        assert!(ended.exists());
        let arguments = std::fs::read_to_string(&seen).unwrap();
        assert!(arguments.contains("--exit-on-stdin-eof"), "{arguments}");
        assert!(!arguments.contains("gnt_"), "{arguments}");
    }
}
