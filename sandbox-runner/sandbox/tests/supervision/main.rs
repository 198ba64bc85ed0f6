//! The supervisor against a stand-in worker that misbehaves on command.

#![expect(
    clippy::unwrap_used,
    reason = "a helper that cannot do its part fails the test"
)]

mod expected;

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use expected::{Expected, TABLE};
use gauntlet_sandbox::{CompileError, Compiled, Fault, Sandbox, SandboxConfig};
use gauntlet_wire::{InputKind, TaskInfo, TaskKind};
use gauntlet_worker_protocol::{Event, Job, Limits, Meters, Outcome, Phase};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// How long anything may take on a busy machine before it is taken not to happen.
const PATIENCE: Duration = Duration::from_secs(120);

/// A sandbox over the stand-in worker, in a folder of its own.
struct Bench {
    folder: tempfile::TempDir,
    sandbox: Sandbox,
}

impl Bench {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut SandboxConfig)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let worker = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/supervision/worker.sh");
        let mut config = SandboxConfig::new(
            worker,
            folder.path().join("cache"),
            folder.path().join("runs"),
        );
        config.wall_grace = Duration::from_millis(200);
        config.exit_grace = Duration::from_millis(500);
        config.events_bytes = 1 << 20;
        config.process_bytes = 256 << 20;
        // The stand-in makes links and pipes in its folder, which Landlock would stop
        // first: here it is the supervisor's own refusals that are tested.
        config.layers.files = false;
        change(&mut config);
        let sandbox = Sandbox::new(config).unwrap();
        fs::write(folder.path().join("train"), b"train part").unwrap();
        fs::write(folder.path().join("inputs"), b"hidden inputs;").unwrap();
        fs::write(folder.path().join("trained"), b"trained model").unwrap();
        Self { folder, sandbox }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    async fn train(&self, behaviour: &str) -> (Result<(Outcome, Meters), Fault>, Vec<Event>) {
        let phase = Phase::Train {
            train: self.at("train"),
            base: None,
            model: self.at("model"),
        };
        self.run(behaviour, phase, CancellationToken::new()).await
    }

    async fn run(
        &self,
        behaviour: &str,
        phase: Phase,
        cancel: CancellationToken,
    ) -> (Result<(Outcome, Meters), Fault>, Vec<Event>) {
        let module = self.sandbox.compile(&module("")).await.unwrap().path;
        let job = job(module, behaviour, phase);
        let (sender, mut receiver) = mpsc::channel(16);
        let collect = tokio::spawn(async move {
            let mut events = Vec::new();
            while let Some(event) = receiver.recv().await {
                if events.len() < 10 {
                    events.push(event);
                }
            }
            events
        });
        let result = self.sandbox.execute(job, sender, cancel).await;
        (result, collect.await.unwrap())
    }

    /// Folders of runs that still exist.
    fn left_behind(&self) -> Vec<PathBuf> {
        let name = |path: &Path| {
            path.file_name()
                .unwrap()
                .to_string_lossy()
                .starts_with("run-")
        };
        let mut left = Vec::new();
        let mut folders = vec![runs_of(&self.folder)];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    if name(&path) {
                        left.push(path);
                    } else {
                        folders.push(path);
                    }
                }
            }
        }
        left
    }
}

/// Where the runs really are: elsewhere, if workers cannot reach the temporary folder.
fn runs_of(folder: &tempfile::TempDir) -> PathBuf {
    let runs = folder.path().join("runs");
    let own = fs::read_dir(&runs).is_ok_and(|entries| entries.count() > 0);
    if own { runs } else { substitute_of(&runs) }
}

fn substitute_of(runs: &Path) -> PathBuf {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(runs.canonicalize().unwrap().as_os_str().as_encoded_bytes());
    std::env::temp_dir().join(format!("gauntlet-runs-{}", hex::encode(&digest[..8])))
}

impl Drop for Bench {
    fn drop(&mut self) {
        // The substitute, if there is one, is outside the temporary folder.
        let _may_not_exist = fs::remove_dir_all(substitute_of(&self.at("runs")));
    }
}

fn module(data: &str) -> Vec<u8> {
    wat::parse_str(format!(
        r#"(module (memory (export "memory") 1) (data (i32.const 0) "{data}")
            (func (export "gauntlet_train")) (func (export "gauntlet_predict")))"#
    ))
    .unwrap()
}

fn job(module: PathBuf, behaviour: &str, phase: Phase) -> Job {
    Job {
        phase,
        module,
        task: TaskInfo {
            name: behaviour.to_owned(),
            kind: TaskKind::Classification { classes: 2 },
            inputs: InputKind::Dense { shape: vec![1] },
            train_rows: 1,
            base: None,
        },
        seed: 1,
        limits: Limits {
            work: 1,
            batches: None,
            // Short where running out of it is the point, else out of reach: machines are busy.
            wall_ms: if ["sleeps", "spins", "ignores-signals"].contains(&behaviour) {
                1_500
            } else {
                3_600_000
            },
            tensor_bytes: 1 << 20,
            guest_bytes: 1 << 20,
            output_bytes: 1 << 20,
        },
        threads: 1,
        settings: gauntlet_wire::settings::Settings::new(),
        snapshots: None,
    }
}

/// Commands of living processes whose environment names `folder`'s run folders.
fn orphans(folder: &Path) -> Vec<String> {
    let wanted = format!("GAUNTLET_RUN_FOLDER={}/", folder.display()).into_bytes();
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
        if environment
            .windows(wanted.len())
            .any(|window| window == wanted)
        {
            found.push(fs::read_to_string(entry.path().join("cmdline")).unwrap_or_default());
        }
    }
    found
}

/// Waits until a worker of this bench executes a job; the compiler, if need be, comes before.
async fn until_one_runs(bench: &Bench) {
    let _compiled = bench.sandbox.compile(&module("")).await.unwrap();
    let begin = Instant::now();
    while orphans(&runs_of(&bench.folder)).is_empty() {
        assert!(begin.elapsed() < PATIENCE, "no worker was started");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn judge(result: &Result<(Outcome, Meters), Fault>, expected: Expected) -> bool {
    match (result, expected) {
        (Ok((Outcome::Completed, _)), Expected::Completed) => true,
        (Ok((Outcome::BudgetExceeded { limit }, _)), Expected::Budget(wanted))
        | (Ok((Outcome::MemoryExceeded { limit, .. }, _)), Expected::Memory(wanted)) => {
            limit == wanted
        }
        (Ok((Outcome::MethodFailed { message }, _)), Expected::Method(words)) => {
            message.contains(words)
        }
        (Err(fault), Expected::Fault(words)) => fault.to_string().contains(words),
        _ => false,
    }
}

#[tokio::test]
async fn every_behaviour_ends_as_expected_and_leaves_nothing() {
    let bench = Bench::new();
    let mut wrong = Vec::new();
    for (behaviour, expected) in TABLE {
        let begin = Instant::now();
        let (result, _) = bench.train(behaviour).await;
        let took = begin.elapsed();
        if !judge(&result, *expected) {
            wrong.push(format!("{behaviour}: {result:?} instead of {expected:?}"));
        }
        if took > PATIENCE {
            wrong.push(format!("{behaviour}: took {took:?}"));
        }
        let completed = matches!(result, Ok((Outcome::Completed, _)));
        if bench.at("model").exists() != completed {
            wrong.push(format!(
                "{behaviour}: an output exists only for completed phases"
            ));
        }
        let _none = fs::remove_file(bench.at("model"));
        let orphans = orphans(&runs_of(&bench.folder));
        if !orphans.is_empty() {
            wrong.push(format!("{behaviour}: left processes: {orphans:?}"));
        }
        if !bench.left_behind().is_empty() {
            wrong.push(format!(
                "{behaviour}: left folders: {:?}",
                bench.left_behind()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // After all of them, an honest run is as it was.
    let (result, events) = bench.train("honest").await;
    assert!(judge(&result, Expected::Completed), "{result:?}");
    assert_eq!(fs::read(bench.at("model")).unwrap(), b"result");
    assert_eq!(events.len(), 3, "{events:?}");
    let (_, meters) = result.unwrap();
    assert_eq!((meters.work, meters.wall_micros), (7, 5));
}

#[tokio::test]
async fn a_phase_gets_its_inputs_and_nothing_else() {
    let bench = Bench::new();
    let predict = || Phase::Predict {
        inputs: bench.at("inputs"),
        model: bench.at("trained"),
        predictions: bench.at("predictions"),
    };
    let (result, _) = bench
        .run("echo-inputs", predict(), CancellationToken::new())
        .await;
    assert!(judge(&result, Expected::Completed), "{result:?}");
    assert_eq!(
        fs::read(bench.at("predictions")).unwrap(),
        b"hidden inputs;trained model"
    );

    // The worker must see nothing of our environment: only its folder, how the C library's
    // allocator is set, and what the shell that limits it sets by itself.
    let (result, _) = bench
        .run("list-everything", predict(), CancellationToken::new())
        .await;
    assert!(judge(&result, Expected::Completed), "{result:?}");
    let seen = fs::read_to_string(bench.at("predictions")).unwrap();
    let files: Vec<&str> = seen
        .lines()
        .take_while(|line| !line.contains('='))
        .collect();
    assert_eq!(
        files,
        [
            ".",
            "..",
            "inputs.safetensors",
            "model.safetensors",
            "module.cwasm",
            "predictions.safetensors"
        ]
    );
    for variable in seen
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, _)| name)
    {
        let ours = ["GAUNTLET_RUN_FOLDER", "GLIBC_TUNABLES"];
        let the_shells = ["PWD", "OLDPWD", "SHLVL", "_"];
        assert!(
            ours.contains(&variable) || the_shells.contains(&variable),
            "the worker sees {variable}"
        );
    }
    let id = fs::metadata(bench.folder.path()).unwrap().uid();
    let ids: Vec<&str> = seen.lines().rev().take(2).collect();
    if id == 0 {
        // An id of its own, and no group but that of the same number.
        let id: u32 = ids[0].parse().unwrap();
        assert!(
            (64_200..64_264).contains(&id) && ids[0] == ids[1],
            "{ids:?}"
        );
    } else {
        assert_eq!(ids[1], id.to_string());
    }
}

#[tokio::test]
async fn inputs_of_others_cannot_be_changed() {
    let bench = Bench::new();
    let (result, _) = bench.train("writes-inputs").await;
    assert!(judge(&result, Expected::Completed), "{result:?}");
    assert_eq!(fs::read(bench.at("model")).unwrap(), b"refused");
    assert_eq!(fs::read(bench.at("train")).unwrap(), b"train part");
}

#[tokio::test]
async fn calling_a_run_off_kills_it_at_once() {
    let bench = Bench::new();
    let cancel = CancellationToken::new();
    let phase = Phase::Train {
        train: bench.at("train"),
        base: None,
        model: bench.at("model"),
    };
    let run = bench.run("waits-to-be-killed", phase, cancel.clone());
    let call_off = async {
        until_one_runs(&bench).await;
        cancel.cancel();
    };
    // By itself it would not end within the hour.
    let both = tokio::time::timeout(PATIENCE, async { tokio::join!(run, call_off) });
    let ((result, _), ()) = both.await.unwrap();
    assert!(matches!(result, Err(Fault::Cancelled)), "{result:?}");
    assert_eq!(orphans(&runs_of(&bench.folder)), [""; 0]);
}

#[tokio::test]
async fn a_dropped_future_leaves_nothing() {
    let bench = Bench::new();
    let train = bench.train("escaped-child");
    tokio::select! {
        (result, _) = bench.train("waits-to-be-killed") => panic!("it ended: {result:?}"),
        () = until_one_runs(&bench) => {}
    }
    // Who drops a future does not wait: the process is killed, and the kernel takes it away
    // when it gets to it.
    let begin = Instant::now();
    while !orphans(&runs_of(&bench.folder)).is_empty() {
        assert!(begin.elapsed() < PATIENCE, "a process outlives its future");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(bench.left_behind(), [""; 0].map(PathBuf::from));
    let (result, _) = train.await;
    assert!(judge(&result, Expected::Completed), "{result:?}");
}

#[tokio::test]
async fn what_a_killed_process_left_is_swept_by_the_next() {
    let bench = Bench::new();
    let instance = runs_of(&bench.folder).join("1-dead");
    let run = instance.join("run-left");
    fs::create_dir_all(&run).unwrap();
    fs::write(instance.join("lock"), b"").unwrap();
    let mut orphan = std::process::Command::new("sleep")
        .arg("1000")
        .env("GAUNTLET_RUN_FOLDER", &run)
        .spawn()
        .unwrap();
    let worker = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/supervision/worker.sh");
    let config = SandboxConfig::new(worker, bench.at("cache"), bench.at("runs"));
    let second = Sandbox::new(config).unwrap();
    assert!(!instance.exists());
    assert!(!orphan.wait().unwrap().success());
    drop(second);
    let (result, _) = bench.train("honest").await;
    assert!(
        judge(&result, Expected::Completed),
        "the first sandbox still works: {result:?}"
    );
}

#[tokio::test]
async fn only_modules_from_the_cache_are_run() {
    let bench = Bench::new();
    let compiled = bench.sandbox.compile(&module("")).await.unwrap();
    let outside = bench.at("outside.cwasm");
    fs::copy(&compiled.path, &outside).unwrap();
    let beside = compiled.path.with_file_name("planted-fake-1.cwasm");
    fs::write(&beside, module("")).unwrap();
    for module in [outside, beside] {
        let phase = Phase::Train {
            train: bench.at("train"),
            base: None,
            model: bench.at("model"),
        };
        let (sender, _receiver) = mpsc::channel(1);
        let job = job(module, "honest", phase);
        let result = bench
            .sandbox
            .execute(job, sender, CancellationToken::new())
            .await;
        assert!(matches!(result, Err(Fault::NotOurs(_))), "{result:?}");
    }
}

#[tokio::test]
async fn a_module_is_compiled_once() {
    let bench = Arc::new(Bench::new());
    let tasks: Vec<_> = (0..4)
        .map(|_| {
            let bench = Arc::clone(&bench);
            tokio::spawn(async move { bench.sandbox.compile(&module("x")).await.unwrap() })
        })
        .collect();
    let mut compiled: Vec<Compiled> = Vec::new();
    for task in tasks {
        compiled.push(task.await.unwrap());
    }
    assert_eq!(
        compiled.iter().filter(|compiled| !compiled.cached).count(),
        1
    );
    assert!(
        compiled
            .iter()
            .all(|one| one.path == compiled[0].path && one.digest == compiled[0].digest)
    );
    assert_eq!(compiled[0].digest.len(), 64);
    assert!(bench.sandbox.compile(&module("x")).await.unwrap().cached);
}

#[tokio::test]
async fn a_module_that_other_limits_let_in_is_looked_at_again() {
    let bench = Bench::new();
    assert!(!bench.sandbox.compile(&module("x")).await.unwrap().cached);
    assert!(bench.sandbox.compile(&module("x")).await.unwrap().cached);
    let stricter = Bench::with(|config| {
        config.cache = bench.at("cache");
        config.gate.locals -= 1;
    });
    assert!(!stricter.sandbox.compile(&module("x")).await.unwrap().cached);
}

#[tokio::test]
async fn a_changed_file_in_the_cache_is_compiled_again() {
    let bench = Bench::new();
    let compiled = bench.sandbox.compile(&module("")).await.unwrap();
    let mut bytes = fs::read(&compiled.path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&compiled.path, &bytes).unwrap();
    assert!(!bench.sandbox.compile(&module("")).await.unwrap().cached);
    let (result, _) = bench.train("honest").await;
    assert!(judge(&result, Expected::Completed), "{result:?}");
}

#[tokio::test]
async fn compilers_that_misbehave_are_judged() {
    let bench = Bench::with(|config| {
        config.compile.cpu_seconds = 1;
    });
    let cases = [
        ("COMPILE_ERROR", "invalid", "type mismatch"),
        ("COMPILE_REJECTED", "rejected", "locals\\u{1b}[2J; less"),
        ("COMPILE_SPIN", "expensive", "seconds of processor time"),
        ("COMPILE_MEMORY", "expensive", "bytes of memory"),
        ("COMPILE_CRASH", "invalid", "SIGSEGV"),
        ("COMPILE_LINK", "fault", "symbolic link"),
        ("COMPILE_KILLED", "fault", "SIGKILL"),
    ];
    let impatient = Bench::with(|config| config.compile.wall = Duration::from_secs(2));
    let error = impatient
        .sandbox
        .compile(&module("COMPILE_SLEEP"))
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("no compiled module within 2 s"),
        "{error}"
    );
    for (name, kind, words) in cases {
        let error = bench.sandbox.compile(&module(name)).await.unwrap_err();
        let found = match &error {
            CompileError::Rejected(_) => "rejected",
            CompileError::Invalid(_) => "invalid",
            CompileError::TooExpensive { .. } => "expensive",
            CompileError::Fault(_) => "fault",
        };
        assert_eq!(found, kind, "{name}: {error}");
        assert!(error.to_string().contains(words), "{name}: {error}");
    }
    let error = bench.sandbox.compile(b"\x7fELF").await.unwrap_err();
    assert!(matches!(error, CompileError::Rejected(_)), "{error}");
    assert_eq!(orphans(&runs_of(&bench.folder)), [""; 0]);
    bench.sandbox.compile(&module("fine")).await.unwrap();
}

#[test]
fn a_missing_worker_is_said_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let config = SandboxConfig::new(
        folder.path().join("no-worker"),
        folder.path().join("cache"),
        folder.path().join("runs"),
    );
    let error = Sandbox::new(config).unwrap_err();
    assert!(error.to_string().contains("no-worker"), "{error}");
}
