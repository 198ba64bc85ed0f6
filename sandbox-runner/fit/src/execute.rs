//! One method on one fold, in the sandbox: it trains on some rows, and predicts others.

use std::path::{Path, PathBuf};
use std::time::Duration;

use gauntlet_sandbox::{CompileError, Fault, Sandbox};
use gauntlet_wire::settings::Settings;
use gauntlet_wire::{InputKind, TaskInfo, TaskKind};
use gauntlet_worker_protocol::{Event, Job, Limits, Meters, Outcome, Phase};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::error::FitError;
use crate::target::Target;

/// What one phase may use beside work and time, in bytes.
const TENSOR_BYTES: u64 = 2 << 30;
const GUEST_BYTES: u64 = 1 << 30;
const OUTPUT_BYTES: u64 = 512 << 20;
/// Bytes of a predictions file beside its numbers.
const HEADER: usize = 4096;

/// A method to try.
#[derive(Clone, Debug)]
pub struct Method {
    /// What it is called.
    pub name: String,
    /// Its module.
    pub module: Vec<u8>,
    /// What it predicts, as far as that is known.
    pub predicts: Predicts,
}

/// What a method predicts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Predicts {
    /// It has to be tried.
    #[default]
    Unknown,
    /// Classes alone.
    Classes,
    /// Numbers alone.
    Numbers,
}

impl Predicts {
    /// Whether it is worth trying on such a target.
    pub(crate) fn fits(self, target: &Target) -> bool {
        match self {
            Self::Unknown => true,
            Self::Classes => matches!(target, Target::Classes { .. }),
            Self::Numbers => matches!(target, Target::Number { .. }),
        }
    }
}

/// A method that is ready to be executed.
#[derive(Clone, Debug)]
pub(crate) struct Ready {
    pub(crate) name: String,
    compiled: PathBuf,
}

/// Why a phase brought nothing.
#[derive(Debug)]
pub(crate) enum Failed {
    /// By the method: why, in one line.
    Method(String),
    /// It had made no model when its work ran out.
    OutOfWork,
    /// It was called off.
    Cancelled,
    /// By us.
    Ours(FitError),
}

/// Numbers, row by row, and how many a row has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Matrix<'a> {
    pub(crate) values: &'a [f32],
    pub(crate) width: usize,
}

impl Matrix<'_> {
    pub(crate) fn rows(&self) -> usize {
        self.values.len() / self.width.max(1)
    }
}

/// What the methods learn: a class or a standardised number of each row.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Labels<'a> {
    Classes(&'a [i64]),
    Numbers(&'a [f32]),
}

/// Where and how methods are executed.
#[derive(Clone, Debug)]
pub(crate) struct Executor<'a> {
    pub(crate) sandbox: &'a Sandbox,
    pub(crate) cancel: CancellationToken,
    pub(crate) threads: usize,
}

impl Executor<'_> {
    /// Compiles a method's module, or finds it compiled.
    pub(crate) async fn prepare(&self, method: &Method) -> Result<Ready, Failed> {
        match self.sandbox.compile(&method.module).await {
            Ok(compiled) => Ok(Ready {
                name: method.name.clone(),
                compiled: compiled.path,
            }),
            Err(CompileError::Fault(fault)) => Err(ours(fault)),
            Err(error) => Err(Failed::Method(error.to_string())),
        }
    }

    /// Trains on the file `train` within the work and time; the model is written to `model`.
    pub(crate) async fn train(&self, method: &Ready, job: Train<'_>) -> Result<Meters, Failed> {
        let phase = Phase::Train {
            train: job.train.to_owned(),
            base: None,
            model: job.model.to_owned(),
        };
        let limits = limits(job.work, job.wall);
        self.execute(method, phase, job.task.clone(), job.seed, limits)
            .await
    }

    /// Predicts for the file `inputs`: numbers of the rows, as the method gives them.
    pub(crate) async fn predict(
        &self,
        method: &Ready,
        job: Predict<'_>,
    ) -> Result<Vec<f32>, Failed> {
        let phase = Phase::Predict {
            inputs: job.inputs.to_owned(),
            model: job.model.to_owned(),
            predictions: job.predictions.to_owned(),
        };
        // Time is what bounds it: nobody competes in predicting.
        let limits = limits(u64::MAX, job.wall);
        self.execute(method, phase, job.task.clone(), 0, limits)
            .await?;
        let outputs = outputs(&job.task.kind);
        read_predictions(job.predictions, job.rows, outputs).await
    }

    async fn execute(
        &self,
        method: &Ready,
        phase: Phase,
        task: TaskInfo,
        seed: u64,
        limits: Limits,
    ) -> Result<Meters, Failed> {
        let job = Job {
            phase,
            module: method.compiled.clone(),
            task,
            seed,
            limits,
            threads: self.threads,
            settings: Settings::new(),
            snapshots: None,
        };
        let (sender, mut events) = mpsc::channel::<Event>(256);
        let heard = async { while events.recv().await.is_some() {} };
        let execution = self.sandbox.execute(job, sender, self.cancel.clone());
        let (ended, ()) = tokio::join!(execution, heard);
        match ended {
            Ok((Outcome::Completed | Outcome::CutOff { .. }, meters)) => Ok(meters),
            Ok((Outcome::BudgetExceeded { limit }, _)) if limit == "work" => Err(Failed::OutOfWork),
            Ok((outcome, _)) => Err(Failed::Method(why(outcome))),
            Err(Fault::Cancelled) => Err(Failed::Cancelled),
            Err(fault) => Err(ours(fault)),
        }
    }
}

/// What training is given.
pub(crate) struct Train<'a> {
    pub(crate) task: &'a TaskInfo,
    pub(crate) train: &'a Path,
    pub(crate) model: &'a Path,
    pub(crate) seed: u64,
    pub(crate) work: u64,
    pub(crate) wall: Duration,
}

/// What prediction is given.
pub(crate) struct Predict<'a> {
    pub(crate) task: &'a TaskInfo,
    pub(crate) inputs: &'a Path,
    pub(crate) model: &'a Path,
    pub(crate) predictions: &'a Path,
    pub(crate) rows: usize,
    pub(crate) wall: Duration,
}

fn ours(fault: Fault) -> Failed {
    Failed::Ours(FitError::Sandbox(gauntlet_text::error_chain(&fault)))
}

fn limits(work: u64, wall: Duration) -> Limits {
    Limits {
        work,
        batches: None,
        wall_ms: u64::try_from(wall.as_millis()).unwrap_or(u64::MAX),
        tensor_bytes: TENSOR_BYTES,
        guest_bytes: GUEST_BYTES,
        output_bytes: OUTPUT_BYTES,
    }
}

fn why(outcome: Outcome) -> String {
    match outcome {
        Outcome::BudgetExceeded { limit } => format!("its {limit} ran out"),
        Outcome::MemoryExceeded { limit, message } => {
            message.unwrap_or_else(|| format!("it needs more memory ({limit})"))
        }
        Outcome::MethodFailed { message } | Outcome::Infrastructure { message } => message,
        Outcome::Completed | Outcome::CutOff { .. } => "it ended".to_owned(),
    }
}

/// What methods are told of a table's rows.
pub(crate) fn task(target: &Target, width: usize, train_rows: usize) -> TaskInfo {
    TaskInfo {
        name: "table".to_owned(),
        kind: match target {
            Target::Classes { names } => TaskKind::Classification {
                classes: names.len(),
            },
            Target::Number { .. } => TaskKind::Regression { targets: 1 },
        },
        inputs: InputKind::Dense { shape: vec![width] },
        train_rows,
        base: None,
    }
}

fn outputs(kind: &TaskKind) -> usize {
    match kind {
        TaskKind::Classification { classes } => *classes,
        TaskKind::Regression { targets } => *targets,
        TaskKind::LanguageModelling { .. } => 0,
    }
}

/// Writes the file that a method trains on.
pub(crate) fn write_train(
    path: &Path,
    inputs: Matrix<'_>,
    labels: Labels<'_>,
) -> Result<(), FitError> {
    let rows = inputs.rows();
    let features = bytes_of(inputs.values);
    let (dtype, shape, bytes) = match labels {
        Labels::Classes(classes) => {
            let bytes = classes
                .iter()
                .flat_map(|class| class.to_le_bytes())
                .collect();
            (Dtype::I64, vec![rows], bytes)
        }
        Labels::Numbers(numbers) => (Dtype::F32, vec![rows, 1], bytes_of(numbers)),
    };
    let inputs = view(Dtype::F32, vec![rows, inputs.width], &features)?;
    let labels = view(dtype, shape, &bytes)?;
    write(path, [("inputs", inputs), ("labels", labels)])
}

/// Writes the file that a method predicts for.
pub(crate) fn write_inputs(path: &Path, inputs: Matrix<'_>) -> Result<(), FitError> {
    let bytes = bytes_of(inputs.values);
    let view = view(Dtype::F32, vec![inputs.rows(), inputs.width], &bytes)?;
    write(path, [("inputs", view)])
}

fn bytes_of(numbers: &[f32]) -> Vec<u8> {
    numbers
        .iter()
        .flat_map(|number| number.to_le_bytes())
        .collect()
}

fn view(dtype: Dtype, shape: Vec<usize>, bytes: &[u8]) -> Result<TensorView<'_>, FitError> {
    TensorView::new(dtype, shape, bytes).map_err(|error| FitError::Sandbox(error.to_string()))
}

fn write<'a>(
    path: &Path,
    tensors: impl IntoIterator<Item = (&'a str, TensorView<'a>)>,
) -> Result<(), FitError> {
    safetensors::serialize(tensors, None)
        .map_err(|error| FitError::Sandbox(error.to_string()))
        .and_then(|bytes| std::fs::write(path, bytes).map_err(FitError::file("write", path)))
}

/// The numbers of a predictions file: a stranger's bytes, which are trusted in nothing.
async fn read_predictions(path: &Path, rows: usize, outputs: usize) -> Result<Vec<f32>, Failed> {
    let read = tokio::fs::read(path).await;
    let bytes = read.map_err(|error| Failed::Ours(FitError::file("read", path)(error)))?;
    let wrong = |what: &str| Failed::Method(format!("its predictions are {what}"));
    if bytes.len() > rows * outputs * size_of::<f32>() + HEADER {
        return Err(wrong("larger than they can be"));
    }
    let file = SafeTensors::deserialize(&bytes).map_err(|_| wrong("no safetensors file"))?;
    let tensor = file.tensor("predictions");
    let tensor = tensor.map_err(|_| wrong("without a tensor `predictions`"))?;
    if tensor.dtype() != Dtype::F32 || tensor.shape() != [rows, outputs] {
        return Err(wrong("of another shape than the rows are"));
    }
    let (numbers, _) = tensor.data().as_chunks::<4>();
    let numbers: Vec<f32> = numbers
        .iter()
        .map(|bytes| f32::from_le_bytes(*bytes))
        .collect();
    if numbers.iter().all(|number| number.is_finite()) {
        Ok(numbers)
    } else {
        Err(wrong("not all finite"))
    }
}
