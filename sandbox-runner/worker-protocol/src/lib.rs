//! What a worker process is told and what it answers.
//!
//! The supervisor writes one [`Job`] as a line of JSON to the worker's standard
//! input. The worker answers with [`Event`]s, one JSON line each, on standard
//! output; the last is [`Event::Finished`]. A worker that ends without it has
//! died, and the supervisor finds out why from its exit status.

use std::path::PathBuf;

use gauntlet_wire::TaskInfo;
use gauntlet_wire::settings::Settings;
use serde::{Deserialize, Serialize};

/// One phase of one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// What to do.
    pub phase: Phase,
    /// The compiled module, made by `gauntlet-worker compile` on this machine.
    pub module: PathBuf,
    /// What the method is told.
    pub task: TaskInfo,
    /// Seed of the run: batches, the device's random stream, the guest's random bytes.
    pub seed: u64,
    /// What it may use.
    pub limits: Limits,
    /// Threads of the tensor backend.
    pub threads: usize,
    /// Values for the method's hyper-parameters, checked against what it declares.
    #[serde(default)]
    pub settings: Settings,
    /// Checkpoints to be handed out while training goes on, if any.
    #[serde(default)]
    pub snapshots: Option<Snapshots>,
}

/// Checkpoints to be handed out while training goes on: at shares of the metered work, what
/// is kept then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshots {
    /// One at every so many sixteenths, 1 to 16.
    pub every: u32,
    /// Where they go: files named by [`Snapshots::file`].
    pub folder: PathBuf,
}

impl Snapshots {
    /// The shares, in sixteenths. The whole is the finished model.
    pub fn sixteenths(&self) -> impl Iterator<Item = u32> + use<> {
        let every = self.every.clamp(1, 16);
        (every..16).step_by(every as usize)
    }

    /// Name of the file of a share.
    #[must_use]
    pub fn file(sixteenths: u32) -> String {
        format!("snapshot-{sixteenths}.safetensors")
    }
}

/// A phase with its files. All tensors are safetensors files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "snake_case")]
pub enum Phase {
    /// Train on `train` (`inputs` and `labels`, or a `text`), write the model.
    Train {
        /// The train part.
        train: PathBuf,
        /// The task's base weights, if it carries some.
        #[serde(default)]
        base: Option<PathBuf>,
        /// Where the model goes.
        model: PathBuf,
    },
    /// Predict for `inputs` (`inputs`) with `model`, write `predictions` (`predictions`).
    Predict {
        /// The hidden inputs.
        inputs: PathBuf,
        /// The trained model.
        model: PathBuf,
        /// Where the predictions go.
        predictions: PathBuf,
    },
}

impl Phase {
    /// The file that the phase is to write.
    #[must_use]
    pub fn output(&self) -> &std::path::Path {
        match self {
            Self::Train { model, .. } => model,
            Self::Predict { predictions, .. } => predictions,
        }
    }
}

/// What a phase may use. Every limit is required.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Metered work: FLOPs, bytes moved, fixed prices and instructions of the method's own, as
    /// the ledger counts them. The same on every machine.
    pub work: u64,
    /// Training batches served, where a fixed number is wanted (comparisons, benchmarks).
    pub batches: Option<u64>,
    /// Wall time in milliseconds; a backstop, so that nothing runs for ever.
    pub wall_ms: u64,
    /// Live tensor bytes on the device.
    pub tensor_bytes: u64,
    /// The guest's linear memory in bytes.
    pub guest_bytes: u64,
    /// Bytes of the model or prediction file.
    pub output_bytes: u64,
}

/// What a worker says while it works.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The first tensor operation is about to be executed.
    FirstOperation {
        /// Microseconds since the worker process started.
        micros: u64,
    },
    /// The method reported a number.
    Metric {
        /// The method's own step count.
        step: u64,
        /// Name of the metric.
        name: String,
        /// Its value; `None` stands for a number that is not finite.
        value: Option<f64>,
        /// Microseconds since the phase began.
        micros: u64,
    },
    /// Share of the budget used, sent at most a few times a second.
    Progress {
        /// 0 to 1.
        used: f64,
    },
    /// A checkpoint that was asked for is there.
    Snapshot {
        /// Share of the metered work, in sixteenths.
        sixteenths: u32,
        /// Metered work used.
        work: u64,
    },
    /// A line of the method's log.
    Log {
        /// The line, without its end.
        line: String,
    },
    /// The phase has ended.
    Finished {
        /// How.
        outcome: Outcome,
        /// What it used.
        meters: Meters,
    },
}

/// How a phase ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// The output file is there.
    Completed,
    /// A repeatable budget (`work` or `batches`) ran out before the method returned its
    /// model. The output file is there: the checkpoint that was kept. Wall time is not
    /// forgiven so: it is a backstop, and a score that depends on how busy a machine was
    /// could not be repeated.
    CutOff {
        /// `work` or `batches`.
        limit: String,
        /// The method's own step at that checkpoint.
        step: u64,
    },
    /// The budget ran out before the first checkpoint, or it was the wall time.
    BudgetExceeded {
        /// `work`, `batches` or `wall`.
        limit: String,
    },
    /// A memory limit was hit.
    MemoryExceeded {
        /// `tensors`, `guest`, `output` or `process`.
        limit: String,
        /// Of `tensors`: what was asked for by which operation, what was live, and what is
        /// allowed, in one line.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
    },
    /// The method's own fault: it panicked, trapped, gave up, broke the interface,
    /// or sent an operation that is not valid.
    MethodFailed {
        /// Why, in one line.
        message: String,
    },
    /// The worker's or the machine's fault; never charged to the method.
    Infrastructure {
        /// Why, in one line.
        message: String,
    },
}

/// What a phase used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meters {
    /// Metered work: `flops`, `bytes_moved`, fixed prices and instructions of the method's own.
    pub work: u64,
    /// Floating-point operations, as the ledger prices them.
    pub flops: u64,
    /// Bytes read and written by operations, as the ledger prices them.
    pub bytes_moved: u64,
    /// Tensor operations executed.
    pub operations: u64,
    /// Training batches served.
    pub batches: u64,
    /// Most tensor bytes alive at once.
    pub peak_tensor_bytes: u64,
    /// Wall time of the phase in microseconds.
    pub wall_micros: u64,
}
