//! The real worker under the real supervisor, against guests that mean harm.
//!
//! Each guest of the table must end in its verdict, leave no process and no folder, and
//! harm nobody: between them, honest guests run as ever.

#![expect(
    clippy::unwrap_used,
    reason = "a helper that cannot do its part fails the test"
)]

mod checkpoints;
mod expected;
mod guest;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use burn_backend::DType;
use burn_ir::{FloatOperationIr, MatmulOpIr, OperationIr, TensorStatus};
use expected::Expected;
use gauntlet_job::{Event, Job, Limits, Meters, Outcome, Phase};
use gauntlet_sandbox::{CompileError, Fault, Sandbox, SandboxConfig};
use gauntlet_wire::{InputKind, TaskInfo, TaskKind};
use guest::{Guest, ones, tensor};
use safetensors::tensor::{Dtype, TensorView};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

const MIB: u64 = 1 << 20;

/// What the guests of the table may use.
const LIMITS: Limits = Limits {
    work: 50_000_000,
    batches: None,
    wall_ms: 1_000,
    tensor_bytes: 32 * MIB,
    guest_bytes: 64 * MIB,
    output_bytes: 64 << 10,
};

struct Bench {
    folder: tempfile::TempDir,
    sandbox: Sandbox,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let worker = PathBuf::from(env!("CARGO_BIN_EXE_gauntlet-worker"));
        let runs = runs_of(folder.path());
        let config = SandboxConfig::new(worker, folder.path().join("cache"), runs);
        let sandbox = Sandbox::new(config).unwrap();
        let inputs = floats(&[1., 0., 0., 1., 0., 1., 1., 0.]);
        let labels: Vec<u8> = [0_i64, 1, 1, 0]
            .iter()
            .flat_map(|label| label.to_le_bytes())
            .collect();
        let view =
            |dtype, shape: &[usize], bytes| TensorView::new(dtype, shape.to_vec(), bytes).unwrap();
        let rows = || view(Dtype::F32, &[4, 2], &inputs);
        let train = [
            ("inputs", rows()),
            ("labels", view(Dtype::I64, &[4], &labels)),
        ];
        let write =
            |name: &str, bytes: Vec<u8>| fs::write(folder.path().join(name), bytes).unwrap();
        write("train", safetensors::serialize(train, None).unwrap());
        write(
            "hidden",
            safetensors::serialize([("inputs", rows())], None).unwrap(),
        );
        Self { folder, sandbox }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Trains and, if that completes, predicts.
    async fn run(
        &self,
        guest: &Guest,
        limits: Limits,
    ) -> Result<Result<(Outcome, Meters), Fault>, CompileError> {
        let module = self.sandbox.compile(&guest.module()).await?.path;
        let train = Phase::Train {
            train: self.at("train"),
            base: None,
            model: self.at("model"),
        };
        let trained = self.phase(&module, train, limits).await;
        if !matches!(trained, Ok((Outcome::Completed, _))) {
            return Ok(trained);
        }
        let predict = Phase::Predict {
            inputs: self.at("hidden"),
            model: self.at("model"),
            predictions: self.at("predictions"),
        };
        Ok(self.phase(&module, predict, limits).await)
    }

    async fn phase(
        &self,
        module: &Path,
        phase: Phase,
        limits: Limits,
    ) -> Result<(Outcome, Meters), Fault> {
        self.told(job(module, phase, limits)).await.0
    }

    /// Executes a job; how it ended, and what it reported.
    async fn told(&self, job: Job) -> (Result<(Outcome, Meters), Fault>, Vec<Event>) {
        let (sender, mut receiver) = mpsc::channel(64);
        let listen = async {
            let mut events = Vec::new();
            while let Some(event) = receiver.recv().await {
                if let Event::Log { line } = &event {
                    assert!(line.len() < 4096 && !line.contains('\u{1b}'), "{line:?}");
                }
                events.push(event);
            }
            events
        };
        let execution = self.sandbox.execute(job, sender, CancellationToken::new());
        tokio::join!(execution, listen)
    }

    /// What is left of runs: folders, and processes by their command.
    fn left_behind(&self) -> Vec<String> {
        let runs = runs_of(self.folder.path());
        let mut left = Vec::new();
        for instance in fs::read_dir(&runs).unwrap().flatten() {
            for entry in fs::read_dir(instance.path())
                .into_iter()
                .flatten()
                .flatten()
            {
                if entry.file_name().to_string_lossy().starts_with("run-") {
                    left.push(entry.path().display().to_string());
                }
            }
        }
        let wanted = format!("GAUNTLET_RUN_FOLDER={}", runs.display()).into_bytes();
        for process in fs::read_dir("/proc").unwrap().flatten() {
            let environment = fs::read(process.path().join("environ")).unwrap_or_default();
            if environment
                .windows(wanted.len())
                .any(|window| window == wanted)
            {
                left.push(fs::read_to_string(process.path().join("cmdline")).unwrap_or_default());
            }
        }
        left
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _may_not_exist = fs::remove_dir_all(runs_of(self.folder.path()));
    }
}

fn job(module: &Path, phase: Phase, limits: Limits) -> Job {
    Job {
        phase,
        module: module.to_owned(),
        task: TaskInfo {
            name: "hostile".to_owned(),
            kind: TaskKind::Classification { classes: 2 },
            inputs: InputKind::Dense { shape: vec![2] },
            train_rows: 4,
            base: None,
        },
        seed: 7,
        limits,
        threads: 1,
        settings: gauntlet_wire::settings::Settings::new(),
    }
}

/// A place that workers with a user id of their own can get to, should this be root.
fn runs_of(folder: &Path) -> PathBuf {
    let name = folder.file_name().unwrap().to_string_lossy().into_owned();
    std::env::temp_dir().join(format!(
        "gauntlet-test-runs-{}",
        name.trim_start_matches('.')
    ))
}

fn floats(values: &[f32]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}

fn judge(
    result: &Result<Result<(Outcome, Meters), Fault>, CompileError>,
    expected: Expected,
) -> bool {
    match (result, expected) {
        (Ok(Ok((Outcome::Completed, _))), Expected::Harmless) => true,
        (Ok(Ok((Outcome::BudgetExceeded { limit }, _))), Expected::Budget(wanted))
        | (Ok(Ok((Outcome::MemoryExceeded { limit }, _))), Expected::Memory(wanted)) => {
            limit == wanted
        }
        (Ok(Ok((Outcome::MethodFailed { message }, _))), Expected::Method(words)) => {
            message.contains(words) && !message.contains('\u{1b}') && !message.contains('\n')
        }
        (Err(CompileError::Rejected(rejection)), Expected::Refused(words)) => {
            rejection.to_string().contains(words)
        }
        _ => false,
    }
}

#[tokio::test]
async fn every_guest_ends_in_its_verdict_and_harms_nobody() {
    let bench = Bench::new();
    let mut wrong = Vec::new();
    for (name, guest, expected) in expected::table() {
        let begin = Instant::now();
        let result = bench.run(&guest, LIMITS).await;
        if !judge(&result, expected) {
            wrong.push(format!("{name}: {result:?} instead of {expected:?}"));
        }
        if begin.elapsed() > Duration::from_secs(20) {
            wrong.push(format!("{name}: took {:?}", begin.elapsed()));
        }
        let left = bench.left_behind();
        if !left.is_empty() {
            wrong.push(format!("{name}: left {left:?}"));
        }
        let _none = fs::remove_file(bench.at("model"));
        let _none = fs::remove_file(bench.at("predictions"));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let after = bench.run(&Guest::honest(), LIMITS).await;
    assert!(
        judge(&after, Expected::Harmless),
        "an honest guest after all of them: {after:?}"
    );
    let predictions = fs::read(bench.at("predictions")).unwrap();
    let predictions = safetensors::SafeTensors::deserialize(&predictions).unwrap();
    let values = predictions.tensor("predictions").unwrap();
    assert_eq!(
        (values.shape(), values.data()),
        (&[4, 2][..], &floats(&[1., 0., 0., 1., 0., 1., 1., 0.])[..])
    );
}

#[tokio::test]
async fn a_native_operation_that_takes_too_long_is_killed() {
    // Epochs cannot stop a kernel; the supervisor can. Some 900 GFLOP, against one second.
    const SIDE: usize = 7_680;
    let bench = Bench::new();
    let read = |id| tensor(id, &[SIDE, SIDE], TensorStatus::ReadOnly);
    let matmul = OperationIr::Float(
        DType::F32,
        FloatOperationIr::Matmul(MatmulOpIr {
            lhs: read(10),
            rhs: read(11),
            out: tensor(12, &[SIDE, SIDE], TensorStatus::NotInit),
        }),
    );
    let guest = Guest::operating(&[ones(10, &[SIDE, SIDE]), ones(11, &[SIDE, SIDE]), matmul]);
    let limits = Limits {
        work: u64::MAX,
        tensor_bytes: 1024 * MIB,
        ..LIMITS
    };
    let begin = Instant::now();
    let result = bench.run(&guest, limits).await;
    assert!(judge(&result, Expected::Budget("wall")), "{result:?}");
    assert!(
        begin.elapsed() < Duration::from_secs(10),
        "{:?}",
        begin.elapsed()
    );
    assert_eq!(bench.left_behind(), [""; 0]);
}

#[tokio::test]
async fn the_same_guest_twice_gives_the_same_bytes() {
    let bench = Bench::new();
    let mut guest = Guest::default();
    let train = guest.batch(1, 2) + &guest.checkpoint("weights", 1);
    let guest = guest.train(&train).predict("");
    let mut models = Vec::new();
    for _ in 0..2 {
        let module = bench.sandbox.compile(&guest.module()).await.unwrap().path;
        let phase = Phase::Train {
            train: bench.at("train"),
            base: None,
            model: bench.at("model"),
        };
        let (outcome, meters) = bench.phase(&module, phase, LIMITS).await.unwrap();
        assert_eq!(outcome, Outcome::Completed);
        assert_eq!(meters.batches, 1);
        models.push(fs::read(bench.at("model")).unwrap());
    }
    assert_eq!(models[0], models[1]);
}
