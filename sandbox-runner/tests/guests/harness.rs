//! The real supervisor over the real worker, and what must be as before after each guest.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use gauntlet_protocol::{Budget, Verdict};
use gauntlet_runner::attempt::{self, Attempt, AttemptResult, Cause, Method, PlatformError};
use gauntlet_runner::probing::Probing;
use gauntlet_sandbox::{Fault, Isolation, Sandbox, SandboxConfig};
use gauntlet_wire::settings::Settings;
use gauntlet_wire::{InputKind, TaskInfo, TaskKind};
use gauntlet_worker_protocol::{Event, Job, Limits, Meters, Outcome, Phase};
use safetensors::tensor::{Dtype, TensorView};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::guest::Guest;

pub(crate) const MIB: u64 = 1 << 20;

/// What a guest may use, if nothing else is said. Whatever a guest does without end uses up
/// its work; the wall clock is so far off that no verdict depends on how busy a machine is.
pub(crate) const BUDGET: Budget = Budget {
    work: 50_000_000,
    predict_share_percent: 100,
    wall_seconds: 3_600,
    tensor_bytes: 32 * MIB,
    guest_bytes: 64 * MIB,
    output_bytes: 64 << 10,
};

/// The same for a phase alone.
pub(crate) const LIMITS: Limits = Limits {
    work: BUDGET.work,
    batches: None,
    wall_ms: BUDGET.wall_seconds as u64 * 1_000,
    tensor_bytes: BUDGET.tensor_bytes,
    guest_bytes: BUDGET.guest_bytes,
    output_bytes: BUDGET.output_bytes,
};

/// Log lines that a phase may have; an attempt has two phases.
const LOG_LINES: usize = 1_000;
/// How much larger the supervisor may be after a guest.
const MEMORY_TOLERANCE_KIB: u64 = 192 << 10;
/// How much more disk there may be in use after a guest, beside its compiled module.
const DISK_TOLERANCE: u64 = MIB;

/// The rows that guests train on and predict for; right answers are their second numbers.
pub(crate) const INPUTS: [f32; 8] = [1., 0., 0., 1., 0., 1., 1., 0.];
const LABELS: [i64; 4] = [0, 1, 1, 0];

/// A program of the build, beside the runner.
pub(crate) fn program(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_BIN_EXE_gauntlet-runner")).with_file_name(name);
    assert!(
        path.is_file(),
        "{} is not built; `cargo nextest run --release --workspace` builds it with the tests",
        path.display()
    );
    path
}

/// How an attempt went.
pub(crate) struct Observed {
    pub(crate) result: Result<AttemptResult, PlatformError>,
    pub(crate) events: Vec<Event>,
}

impl Observed {
    /// It was killed from outside when its wall time was over. A worker that ends by
    /// itself says what it has done until then; one that is killed has said nothing.
    pub(crate) fn was_killed(&self) -> bool {
        self.result.as_ref().is_ok_and(|found| {
            let wall = matches!(
                &found.cause,
                Some(Cause::Phase(_, Outcome::BudgetExceeded { limit })) if limit == "wall"
            );
            wall && found.train.work == 0
        })
    }

    /// It went as an honest attempt does.
    pub(crate) fn is_harmless(&self) -> bool {
        self.result
            .as_ref()
            .is_ok_and(|found| found.verdict == Verdict::Completed && found.score == Some(1.0))
    }

    /// How it ended, in words.
    pub(crate) fn told(&self) -> String {
        match &self.result {
            Ok(found) => format!(
                "{:?}, {:?}, {:?}, {:?}",
                found.verdict, found.cause, found.score, found.detail
            ),
            Err(error) => format!("a fault of ours: {error}"),
        }
    }

    pub(crate) fn logs(&self) -> impl Iterator<Item = &str> {
        self.events.iter().filter_map(|event| match event {
            Event::Log { line } => Some(line.as_str()),
            _ => None,
        })
    }

    pub(crate) fn metrics(&self) -> usize {
        let metric = |event: &&Event| matches!(event, Event::Metric { .. });
        self.events.iter().filter(metric).count()
    }
}

/// What later guests must not be able to change.
#[derive(Clone, Debug, PartialEq)]
struct Honest {
    score: Option<f64>,
    model: Option<String>,
    predictions: Option<String>,
    work: [u64; 2],
}

/// A sandbox with a task, in folders of its own.
pub(crate) struct Harness {
    folder: tempfile::TempDir,
    runs: PathBuf,
    /// User ids that only this harness's workers have.
    users: Option<std::ops::Range<u32>>,
    pub(crate) sandbox: Sandbox,
    resident_kib: u64,
    disk: u64,
    honest: Option<Honest>,
}

impl Harness {
    pub(crate) fn new() -> Self {
        Self::with(program("gauntlet-worker"), |_| {})
    }

    pub(crate) fn with(worker: PathBuf, change: impl FnOnce(&mut SandboxConfig)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // A place that workers with a user id of their own can get to, should this be root.
        let name = folder.path().file_name().unwrap().to_string_lossy();
        let runs = std::env::temp_dir().join(format!("gauntlet-test-runs-{}", &name[1..]));
        let mut config = SandboxConfig::new(worker, folder.path().join("cache"), runs.clone());
        let users = match config.isolation {
            Isolation::SameUser => None,
            Isolation::OwnUser { .. } => {
                let (first, count) = (1_000_000_000 + std::process::id() * 16, 16);
                config.isolation = Isolation::OwnUser { first, count };
                Some(first..first + count)
            }
        };
        change(&mut config);
        let sandbox = Sandbox::new(config).unwrap();
        let inputs = floats(&INPUTS);
        let labels: Vec<u8> = LABELS
            .iter()
            .flat_map(|label| label.to_le_bytes())
            .collect();
        let rows = || TensorView::new(Dtype::F32, vec![4, 2], &inputs).unwrap();
        let classes = || TensorView::new(Dtype::I64, vec![4], &labels).unwrap();
        let write = |name: &str, tensors: Vec<(&str, TensorView<'_>)>| {
            let bytes = safetensors::serialize(tensors, None).unwrap();
            fs::write(folder.path().join(name), bytes).unwrap();
        };
        write("train", vec![("inputs", rows()), ("labels", classes())]);
        write("hidden", vec![("inputs", rows())]);
        write("labels", vec![("labels", classes())]);
        let mut harness = Self {
            folder,
            runs,
            users,
            sandbox,
            resident_kib: resident_kib(),
            disk: 0,
            honest: None,
        };
        harness.disk = harness.disk();
        harness
    }

    /// Bytes on disk, but for compiled modules, which are kept.
    fn disk(&self) -> u64 {
        size(&self.runs) + size(self.folder.path()) - size(&self.at("cache"))
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Where runs have their folders.
    pub(crate) fn runs(&self) -> &Path {
        &self.runs
    }

    fn order(&self, wasm: Vec<u8>, task: &str, budget: Budget) -> Attempt {
        Attempt {
            method: Method::Module(wasm),
            run: "hostile".to_owned(),
            batches: None,
            task: task_info(task),
            seed: 7,
            budget,
            threads: 1,
            settings: Settings::new(),
            train: self.at("train"),
            base: None,
            hidden_inputs: self.at("hidden"),
            hidden_labels: fs::read(self.at("labels")).unwrap(),
        }
    }

    /// The same, with checkpoints scored meanwhile.
    pub(crate) async fn probed(
        &self,
        wasm: Vec<u8>,
        budget: Budget,
        probing: Option<&Probing<'_>>,
    ) -> Result<AttemptResult, PlatformError> {
        let attempt = self.order(wasm, "hostile", budget);
        let folder = self.folder.path();
        attempt::perform_probed(&self.sandbox, folder, &attempt, probing, |_, _| {}).await
    }

    /// What a runner does with a method: compile, train, predict, score.
    pub(crate) async fn attempt(&self, wasm: Vec<u8>, task: &str, budget: Budget) -> Observed {
        let attempt = self.order(wasm, task, budget);
        let mut events = Vec::new();
        let listen = |_, event| events.push(event);
        let result = attempt::perform(&self.sandbox, self.folder.path(), &attempt, listen).await;
        Observed { result, events }
    }

    pub(crate) async fn run(&self, guest: &Guest, budget: Budget) -> Observed {
        self.attempt(guest.module(), "hostile", budget).await
    }

    /// Executes one phase; how it ended, and what it reported.
    pub(crate) async fn told(&self, job: Job) -> (Result<(Outcome, Meters), Fault>, Vec<Event>) {
        let (sender, mut receiver) = mpsc::channel(64);
        let listen = async {
            let mut events = Vec::new();
            while let Some(event) = receiver.recv().await {
                events.push(event);
            }
            events
        };
        let execution = self.sandbox.execute(job, sender, CancellationToken::new());
        tokio::join!(execution, listen)
    }

    /// What a guest left behind or spilt, in words.
    pub(crate) fn leaks(&self, observed: &Observed) -> Vec<String> {
        let mut leaks = self.left_behind();
        let resident = resident_kib();
        if resident > self.resident_kib + MEMORY_TOLERANCE_KIB {
            leaks.push(format!(
                "the supervisor grew from {} to {resident} KiB",
                self.resident_kib
            ));
        }
        let logs: Vec<&str> = observed.logs().collect();
        if logs.len() > 2 * LOG_LINES {
            leaks.push(format!("{} log lines", logs.len()));
        }
        let spilt = |line: &&&str| line.len() > 4096 || line.chars().any(char::is_control);
        leaks.extend(
            logs.iter()
                .find(spilt)
                .map(|line| format!("logged {line:?}")),
        );
        leaks
    }

    /// What is left of runs: folders, files, shared memory, and processes by their command.
    pub(crate) fn left_behind(&self) -> Vec<String> {
        let mut left = Vec::new();
        for instance in entries(&self.runs) {
            let folders = entries(&instance).into_iter();
            left.extend(folders.filter(|path| named(path, "run-")).map(shown));
        }
        let scratch = entries(self.folder.path()).into_iter();
        left.extend(scratch.filter(|path| named(path, "attempt-")).map(shown));
        let disk = self.disk();
        if disk > self.disk + DISK_TOLERANCE {
            left.push(format!("{disk} bytes on disk, {} before", self.disk));
        }
        let ours = |user: u32| self.users.as_ref().is_some_and(|ids| ids.contains(&user));
        for place in ["/tmp", "/var/tmp", "/dev/shm"] {
            let owned = |path: &PathBuf| fs::symlink_metadata(path).is_ok_and(|m| ours(m.uid()));
            let place = entries(Path::new(place)).into_iter();
            left.extend(place.filter(owned).map(shown));
        }
        for kind in ["shm", "sem", "msg"] {
            let table = fs::read_to_string(format!("/proc/sysvipc/{kind}")).unwrap_or_default();
            let owner = |line: &&str| {
                let mut columns = line.split_whitespace();
                columns.any(|column| column.parse().is_ok_and(ours))
            };
            left.extend(table.lines().filter(owner).map(str::to_owned));
        }
        let wanted = format!("GAUNTLET_RUN_FOLDER={}", self.runs.display()).into_bytes();
        for process in entries(Path::new("/proc")) {
            let environment = fs::read(process.join("environ")).unwrap_or_default();
            let mut windows = environment.windows(wanted.len());
            let user = fs::metadata(&process).map_or(0, |metadata| metadata.uid());
            // What is dead and waits for init to notice holds nothing.
            if windows.any(|window| window == wanted) || ours(user) && !is_dead(&process) {
                left.push(fs::read_to_string(process.join("cmdline")).unwrap_or_default());
            }
        }
        left
    }

    /// An honest method must fare as it did the first time.
    pub(crate) async fn honest_as_ever(&mut self) -> Result<(), String> {
        let observed = self.run(&Guest::honest(), BUDGET).await;
        let found = observed.result.map_err(|error| error.to_string())?;
        let now = Honest {
            score: found.score,
            model: found.model_digest(),
            predictions: found.predictions,
            work: [found.train.work, found.predict.work],
        };
        if now.score != Some(1.0) {
            return Err(format!("an honest method: {now:?}, {:?}", found.cause));
        }
        let first = self.honest.get_or_insert_with(|| now.clone());
        if *first == now {
            Ok(())
        } else {
            Err(format!("an honest method: {now:?} instead of {first:?}"))
        }
    }
}

impl Drop for Harness {
    fn drop(&mut self) {
        let _may_not_exist = fs::remove_dir_all(&self.runs);
    }
}

pub(crate) fn job(module: &Path, phase: Phase, limits: Limits) -> Job {
    Job {
        phase,
        module: module.to_owned(),
        task: task_info("hostile"),
        seed: 7,
        limits,
        threads: 1,
        settings: Settings::new(),
        snapshots: None,
    }
}

fn task_info(name: &str) -> TaskInfo {
    TaskInfo {
        name: name.to_owned(),
        kind: TaskKind::Classification { classes: 2 },
        inputs: InputKind::Dense { shape: vec![2] },
        train_rows: 4,
        base: None,
    }
}

pub(crate) fn floats(values: &[f32]) -> Vec<u8> {
    let bytes = values.iter().flat_map(|value| value.to_le_bytes());
    bytes.collect()
}

/// Memory of this process, the supervisor's.
pub(crate) fn resident_kib() -> u64 {
    status_kib("VmRSS:")
}

/// Most memory that it ever had.
pub(crate) fn most_resident_kib() -> u64 {
    status_kib("VmHWM:")
}

fn status_kib(field: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let number = line.unwrap().split_whitespace().next().unwrap();
    number.parse().unwrap()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

fn is_dead(process: &Path) -> bool {
    // "PID (NAME) STATE ...", and the name may hold anything.
    let stat = fs::read_to_string(process.join("stat")).unwrap_or_default();
    stat.rsplit_once(") ")
        .is_none_or(|(_, rest)| rest.starts_with(['Z', 'X']))
}

fn named(path: &Path, start: &str) -> bool {
    path.file_name()
        .is_some_and(|name| name.to_string_lossy().starts_with(start))
}

#[expect(clippy::needless_pass_by_value, reason = "to be given to `map`")]
fn shown(path: PathBuf) -> String {
    path.display().to_string()
}

/// Bytes on disk below a path.
fn size(path: &Path) -> u64 {
    let own = fs::symlink_metadata(path).map_or(0, |metadata| metadata.blocks() * 512);
    own + entries(path).iter().map(|path| size(path)).sum::<u64>()
}
