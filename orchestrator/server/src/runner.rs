//! The local runner: a process of its own, started again when it dies.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use backon::{BackoffBuilder, ExponentialBuilder};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::{Child, Command};
use tokio_util::sync::CancellationToken;

use crate::data_dir::DataDir;
use crate::error::ServerError;

const PROGRAM: &str = "gauntlet-runner";
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// A runner that lived this long was fine: the next death is the first again.
const HEALTHY: Duration = Duration::from_secs(60);
/// A runner that never lived is tried this often.
const TRIES: u32 = 6;
/// How long a runner may take to give its run back.
const PATIENCE: Duration = Duration::from_secs(8);

/// What the runner gets of our own environment. The rest, among which may be the database's
/// password, is none of its business.
const PASSED_ON: [&str; 8] = [
    "HOME",
    "LANG",
    "LC_ALL",
    "LD_LIBRARY_PATH",
    "PATH",
    "RUST_BACKTRACE",
    "TMPDIR",
    "TZ",
];

/// Name of the local runner.
const NAME: &str = "local";

/// The runner's program: beside this one.
pub(crate) fn program() -> Result<PathBuf, ServerError> {
    let own = std::env::current_exe()
        .map_err(|error| ServerError::failed("find this program's place", error))?;
    let beside = own.parent().unwrap_or(Path::new(".")).join(PROGRAM);
    if beside.is_file() {
        return Ok(beside);
    }
    Err(ServerError::NoRunner { path: beside })
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
    /// The container engine, if it executes images.
    engine: Option<PathBuf>,
    /// What it logs, unless GAUNTLET_LOG says otherwise.
    log: &'static str,
    first_pause: Duration,
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
        log: &'static str,
    ) -> Result<Self, ServerError> {
        Ok(Self {
            program: program()?,
            data: data.runner(),
            cache: data.cache(),
            runs: data.runs(),
            url: url.to_owned(),
            token: token.to_owned(),
            slots,
            threads,
            engine: None,
            log,
            first_pause: FIRST_PAUSE,
        })
    }

    /// Has it execute container images too, if there is an engine.
    pub(crate) fn with_containers(mut self, engine: Option<PathBuf>) -> Self {
        self.engine = engine;
        self
    }

    /// Starts it, and again whenever it dies, with longer pauses if it keeps dying,
    /// until `stop`.
    ///
    /// # Errors
    /// If it never lived: it would be the same next time, and everybody would wait for nothing.
    pub(crate) async fn keep_alive(&self, stop: &CancellationToken) -> Result<(), ServerError> {
        let pauses = ExponentialBuilder::new()
            .with_min_delay(self.first_pause)
            .with_max_delay(LONGEST_PAUSE)
            .without_max_times();
        let mut pause = pauses.build();
        let mut lived = false;
        let mut deaths = 0;
        while !stop.is_cancelled() {
            let started = Instant::now();
            let died = match self.spawn() {
                Ok(child) => match self.attend(child, stop).await {
                    Some(status) => format!("the local runner ended by itself: {status}"),
                    None => return Ok(()),
                },
                Err(error) => format!("cannot start {}: {error}", self.program.display()),
            };
            tracing::warn!("{died}");
            deaths += 1;
            if started.elapsed() > HEALTHY {
                lived = true;
                deaths = 0;
                pause = pauses.build();
            }
            if !lived && deaths == TRIES {
                return Err(ServerError::Runner { last: died });
            }
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = tokio::time::sleep(pause.next().unwrap_or(LONGEST_PAUSE)) => {}
            }
        }
        Ok(())
    }

    fn spawn(&self) -> std::io::Result<Child> {
        std::fs::create_dir_all(&self.data)?;
        let log = std::env::var_os("GAUNTLET_LOG").unwrap_or_else(|| self.log.into());
        let mut command = Command::new(&self.program);
        if let Some(engine) = &self.engine {
            command.args(["--containers", "--engine"]).arg(engine);
        }
        let passed_on = PASSED_ON
            .into_iter()
            .filter_map(|name| Some((name, std::env::var_os(name)?)));
        command
            .env_clear()
            .envs(passed_on)
            .env("GAUNTLET_LOG", log)
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
        // `wait` closes the child's standard input, which is the sign to end: held here instead.
        let _held_open = child.stdin.take();
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
            engine: None,
            log: "info",
            first_pause: Duration::from_millis(1),
        }
    }

    async fn appears(path: &Path) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !path.exists() {
            assert!(
                Instant::now() < deadline,
                "{} does not appear",
                path.display()
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    #[tokio::test]
    async fn a_runner_that_dies_is_started_again() {
        let folder = tempfile::tempdir().unwrap();
        let third = folder.path().join("third");
        // Dies twice, then lives.
        let script = format!(
            "cd {}; [ -e first ] || {{ touch first; exit 1; }}; \
             [ -e second ] || {{ touch second; kill -9 $$; }}; touch third; exec sleep 60",
            folder.path().display()
        );
        let runner = runner(folder.path(), &script);
        let stop = CancellationToken::new();
        let watch = async {
            appears(&third).await;
            stop.cancel();
        };
        let (ended, ()) = tokio::join!(runner.keep_alive(&stop), watch);
        ended.unwrap();
    }

    #[tokio::test]
    async fn a_runner_gets_a_list_of_our_environment_and_not_all_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let told = folder.path().join("told");
        let script = format!(
            "cd {}; env > part; mv part told; exec sleep 60",
            folder.path().display()
        );
        let runner = runner(folder.path(), &script);
        let stop = CancellationToken::new();
        let watch = async {
            appears(&told).await;
            stop.cancel();
        };
        let (ended, ()) = tokio::join!(runner.keep_alive(&stop), watch);
        ended.unwrap();
        // Whoever runs tests sets it.
        let ours = "CARGO_MANIFEST_DIR";
        assert!(std::env::var_os(ours).is_some());
        let told = std::fs::read_to_string(told).unwrap();
        let names: Vec<&str> = told
            .lines()
            .filter_map(|line| line.split_once('=').map(|(name, _)| name))
            .collect();
        // The shell sets some by itself.
        let of_the_shell = ["PWD", "OLDPWD", "SHLVL", "_"];
        let given = ["GAUNTLET_LOG", "GAUNTLET_TOKEN"];
        for name in &names {
            let listed = PASSED_ON.contains(name) || given.contains(name);
            assert!(listed || of_the_shell.contains(name), "{name}");
        }
        assert!(names.contains(&"GAUNTLET_TOKEN") && !names.contains(&ours));
    }

    #[tokio::test]
    async fn a_runner_that_never_lives_is_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let runner = runner(folder.path(), "exit 7");
        let error = runner
            .keep_alive(&CancellationToken::new())
            .await
            .unwrap_err();
        assert!(
            matches!(&error, ServerError::Runner { last } if last.contains('7')),
            "{error}"
        );
    }

    #[tokio::test]
    async fn a_runner_is_asked_to_end_and_not_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        // The second line notices the end of standard input, as a runner does.
        let script = format!(
            "cd {}; echo \"$@\" > arguments; exec 3<&0\n\
             (cat <&3 > /dev/null; touch eof) 2> /dev/null &\n\
             trap 'touch asked; exit 0' TERM; touch ready; while :; do sleep 0.05; done",
            folder.path().display()
        );
        let runner = runner(folder.path(), &script);
        let stop = CancellationToken::new();
        let watch = async {
            appears(&path("ready")).await;
            tokio::time::sleep(Duration::from_millis(300)).await;
            let early = path("eof").exists();
            stop.cancel();
            early
        };
        let (ended, early) = tokio::join!(runner.keep_alive(&stop), watch);
        ended.unwrap();
        assert!(
            !early,
            "standard input was closed while the runner was wanted"
        );
        assert!(path("asked").exists());
        let arguments = std::fs::read_to_string(path("arguments")).unwrap();
        assert!(arguments.contains("--exit-on-stdin-eof"), "{arguments}");
        assert!(!arguments.contains("gnt_"), "{arguments}");
    }
}
