//! Starts and ends the programs under test.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io::{BufReader, Read as _};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

/// How long a tournament of a few short runs may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(480);

/// The same secret in every data folder, so that tasks have the same hidden parts.
const SECRET: &str = "5ec7e75ec7e75ec7e75ec7e75ec7e75ec7e75ec7e75ec7e75ec7e75ec7e75ec7";

/// The command under test, away from the settings of whoever runs the tests.
pub(crate) fn gauntlet() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gauntlet"));
    for name in [
        "DATABASE_URL",
        "GAUNTLET_BLOBS",
        "GAUNTLET_BLOB_KEY_FILE",
        "GAUNTLET_DATA",
        "GAUNTLET_LOG",
        "GAUNTLET_METHODS",
        "GAUNTLET_TOKEN",
        "GAUNTLET_TOKEN_FILE",
        "GAUNTLET_URL",
    ] {
        command.env_remove(name);
    }
    command.current_dir(root()).stdin(Stdio::null());
    command
}

/// Root of the source tree.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the package lies in the workspace")
        .to_path_buf()
}

/// Fails unless the programs that `gauntlet` starts are beside it.
pub(crate) fn need_programs() {
    let folder = Path::new(env!("CARGO_BIN_EXE_gauntlet"))
        .parent()
        .expect("a program lies in a folder");
    for name in [
        "gauntlet-intake",
        "gauntlet-runner",
        "gauntlet-launch",
        "gauntlet-worker",
    ] {
        assert!(
            folder.join(name).is_file(),
            "{} is not built; `scripts/build host` builds it, as does `cargo nextest run --release --workspace` \
             with all tests",
            folder.join(name).display()
        );
    }
}

/// The module of an example method.
pub(crate) fn method(name: &str) -> PathBuf {
    let folder = std::env::var_os("GAUNTLET_METHODS").map_or_else(
        || root().join("examples/methods/target/gauntlet"),
        PathBuf::from,
    );
    let path = folder.join(format!("{name}.wasm"));
    assert!(
        path.is_file(),
        "{} is not built; `make everything` builds all example methods; \
         or name the folder of the example methods in GAUNTLET_METHODS",
        path.display()
    );
    path
}

/// A data folder that the database's user may pass through.
pub(crate) struct Data {
    path: PathBuf,
    /// Removed with everything in it, unless the folder is somebody else's.
    folder: Option<tempfile::TempDir>,
}

impl Data {
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("gauntlet-test-")
            .tempdir()
            .unwrap();
        fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o711)).unwrap();
        fs::create_dir(folder.path().join("data")).unwrap();
        fs::set_permissions(folder.path().join("data"), PermissionsExt::from_mode(0o711)).unwrap();
        fs::write(folder.path().join("data/secret"), SECRET).unwrap();
        Self {
            path: folder.path().join("data"),
            folder: Some(folder),
        }
    }

    /// A data folder that is there already, inside that of another test's.
    pub(crate) fn at(path: PathBuf) -> Self {
        Self { path, folder: None }
    }

    /// The data folder itself.
    pub(crate) fn path(&self) -> PathBuf {
        self.path.clone()
    }

    /// A place for other files of the test.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        match &self.folder {
            Some(folder) => folder.path().join(name),
            None => self.path.join(name),
        }
    }

    /// Runs `gauntlet` with this data folder to its end.
    pub(crate) fn run<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Output {
        gauntlet()
            .args(arguments)
            .env("GAUNTLET_DATA", self.path())
            .output()
            .unwrap()
    }

    /// Runs it with `--json` and reads its answer.
    pub(crate) fn json<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Value {
        let output = self.run(
            arguments
                .into_iter()
                .map(|argument| argument.as_ref().to_owned())
                .chain(["--json".into()]),
        );
        assert!(output.status.success(), "{}", text(&output));
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", text(&output)))
    }

    /// Processes that work in this folder, by number and command line.
    pub(crate) fn processes(&self, program: &str) -> BTreeSet<i32> {
        let folder = self.path();
        let folder = folder.to_str().unwrap();
        let mut found = BTreeSet::new();
        for entry in fs::read_dir("/proc").unwrap().flatten() {
            let Ok(pid) = entry.file_name().to_string_lossy().parse::<i32>() else {
                continue;
            };
            // A process may end while it is looked at.
            let Ok(line) = fs::read(entry.path().join("cmdline")) else {
                continue;
            };
            let line = String::from_utf8_lossy(&line).replace('\0', " ");
            let own = line
                .split(' ')
                .next()
                .is_some_and(|first| first.ends_with(program));
            if own && line.contains(folder) {
                found.insert(pid);
            }
        }
        found
    }

    /// The workers of this folder's runners: nothing on their own command lines says whose
    /// they are.
    pub(crate) fn workers(&self) -> BTreeSet<i32> {
        let runners = self.processes("gauntlet-runner");
        let parent = |pid: i32| -> Option<i32> {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            let (name, rest) = stat.rsplit_once(") ")?;
            let parent = rest.split(' ').nth(1)?.parse().ok();
            parent.filter(|_| name.ends_with("(gauntlet-worker"))
        };
        fs::read_dir("/proc")
            .unwrap()
            .flatten()
            .filter_map(|entry| entry.file_name().to_string_lossy().parse().ok())
            .filter(|pid| parent(*pid).is_some_and(|parent| runners.contains(&parent)))
            .collect()
    }

    /// Waits until no such process is left.
    pub(crate) fn await_end_of(&self, program: &str, patience: Duration) {
        eventually(patience, &format!("{program} ends"), || {
            self.processes(program).is_empty().then_some(())
        });
    }
}

/// A running `gauntlet up`.
pub(crate) struct Up {
    child: Child,
    /// What it said when everything ran.
    pub(crate) started: Value,
}

impl Up {
    /// Starts it on any free port and waits until it is ready.
    pub(crate) fn start(data: &Data, arguments: &[&str]) -> Self {
        Self::launch(gauntlet(), data, arguments)
    }

    /// Starts it over a database that others use too.
    pub(crate) fn start_over(database: &str, data: &Data, arguments: &[&str]) -> Self {
        let mut command = gauntlet();
        command.env("DATABASE_URL", database);
        Self::launch(command, data, arguments)
    }

    fn launch(mut command: Command, data: &Data, arguments: &[&str]) -> Self {
        let log = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(data.beside("up.log"))
            .unwrap();
        let mut child = command
            .args(["up", "--json", "--listen", "127.0.0.1:0"])
            .args(arguments)
            .arg("--data")
            .arg(data.path())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut answer = BufReader::new(child.stdout.take().unwrap());
        let started = serde_json::Deserializer::from_reader(&mut answer)
            .into_iter::<Value>()
            .next();
        let Some(Ok(started)) = started else {
            let status = child.wait();
            panic!(
                "`gauntlet up` did not start ({status:?}): {}",
                fs::read_to_string(data.beside("up.log")).unwrap()
            );
        };
        // Nothing more is said there, but a closed pipe would be an error to the other side.
        std::thread::spawn(move || {
            let _ = answer.read_to_end(&mut Vec::new());
        });
        Self { child, started }
    }

    /// SIGKILL: no chance to put anything in order.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// The orchestrator's process.
    pub(crate) fn pid(&self) -> i32 {
        self.child.id().cast_signed()
    }

    /// Whether it has not ended.
    pub(crate) fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// SIGTERM, and the exit status of an orderly end.
    pub(crate) fn stop(mut self) -> std::process::ExitStatus {
        self.terminate();
        self.child.wait().unwrap()
    }

    fn terminate(&self) {
        kill(Pid::from_raw(self.pid()), Signal::SIGTERM).unwrap();
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            self.terminate();
            let deadline = Instant::now() + Duration::from_secs(30);
            while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < deadline {
                std::thread::sleep(Duration::from_millis(50));
            }
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Tries until there is something, or fails saying what did not come.
pub(crate) fn eventually<T>(
    patience: Duration,
    what: &str,
    mut look: impl FnMut() -> Option<T>,
) -> T {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(
            Instant::now() < deadline,
            "waited {} s in vain: {what}",
            patience.as_secs()
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// What a program said, for messages.
pub(crate) fn text(output: &Output) -> String {
    format!(
        "{}\n{}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}
