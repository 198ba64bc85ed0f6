use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Metric;

/// One method on one block.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Its id.
    pub id: Uuid,
    /// Name of the tournament.
    pub tournament: String,
    /// Name of the task.
    pub task: String,
    /// What the task measures.
    #[serde(default)]
    pub metric: Metric,
    /// Name of the method.
    pub method: String,
    /// Digest of the method's module.
    pub digest: String,
    /// Round, from 1.
    pub round: u32,
    /// Block of the tournament, from 1.
    pub block: u32,
    /// Seed of the block, 16 hex digits.
    pub seed: String,
    /// Where it is.
    pub state: RunState,
    /// Share of the budget used, 0 to 1, as last reported.
    pub progress: f64,
    /// How it ended.
    pub verdict: Option<Verdict>,
    /// The score, for [`Verdict::Completed`], in the task's metric.
    pub score: Option<f64>,
    /// Digest of the model.
    pub model: Option<String>,
    /// One line for the entrant.
    pub detail: Option<String>,
    /// What training used.
    pub train: Option<Meters>,
    /// What prediction used.
    pub predict: Option<Meters>,
    /// What was reported so far.
    pub curve: Vec<CurvePoint>,
    /// Scores of checkpoints on a public slice, where the rules ask for them.
    #[serde(default)]
    pub probes: Vec<CheckpointScore>,
    /// Metered work until the task's target was reached, if it was.
    #[serde(default)]
    pub to_target: Option<f64>,
    /// Its attempts, oldest first.
    pub attempts: Vec<Attempt>,
}

/// A checkpoint's score on the public slice: rows of the train part.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckpointScore {
    /// Used share of the training budget; 1 is the finished model.
    pub fraction: f64,
    /// Metered work until then.
    pub work: u64,
    /// The score, in the task's metric.
    pub score: f64,
}

/// Where a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Waits for a runner.
    Queued,
    /// A runner has it.
    Leased,
    /// It has a verdict.
    Done,
    /// The platform failed at it too often; an operator must act.
    Stuck,
    /// Not needed any more: its block was taken out, or its method is out.
    Void,
}

impl RunState {
    /// The name as it stands in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Leased => "leased",
            Self::Done => "done",
            Self::Stuck => "stuck",
            Self::Void => "void",
        }
    }
}

/// How a run ended, as far as its entrant is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Trained, predicted, scored.
    Completed,
    /// Ran out of work or wall time.
    BudgetExceeded,
    /// Asked for more memory than allowed.
    MemoryExceeded,
    /// Panicked, trapped, gave up or broke the interface.
    MethodFailed,
    /// Predictions that cannot be scored: wrong shape, not finite.
    InvalidPredictions,
    /// Stopped early, because it could no longer change who goes on: no fault.
    Stopped,
}

impl Verdict {
    /// The name as it stands in JSON, e.g. `budget_exceeded`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::BudgetExceeded => "budget_exceeded",
            Self::MemoryExceeded => "memory_exceeded",
            Self::MethodFailed => "method_failed",
            Self::InvalidPredictions => "invalid_predictions",
            Self::Stopped => "stopped",
        }
    }
}

/// What a phase used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meters {
    /// Metered work.
    pub work: u64,
    /// Floating-point operations.
    pub flops: u64,
    /// Bytes moved by operations.
    pub bytes_moved: u64,
    /// Tensor operations.
    pub operations: u64,
    /// Training batches served.
    pub batches: u64,
    /// Most tensor bytes alive at once.
    pub peak_tensor_bytes: u64,
    /// Wall time in microseconds.
    pub wall_micros: u64,
}

/// One reported number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// The method's own step count.
    pub step: u64,
    /// Name of the metric.
    pub name: String,
    /// Its value; `None` if it was not finite.
    pub value: Option<f64>,
}

/// One execution of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// Its number, from 1.
    pub number: i32,
    /// Name of the runner.
    pub runner: String,
    /// How it went.
    pub state: AttemptState,
    /// Why it faulted or expired.
    pub reason: Option<String>,
    /// When it was leased.
    #[serde(with = "time::serde::rfc3339")]
    pub started_at: OffsetDateTime,
    /// When it ended.
    #[serde(with = "time::serde::rfc3339::option")]
    pub ended_at: Option<OffsetDateTime>,
}

/// How an attempt went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptState {
    /// Still leased.
    Leased,
    /// Its report was accepted.
    Reported,
    /// The runner reported a fault of the platform.
    Faulted,
    /// Its lease ran out.
    Expired,
    /// Its run was not needed any more.
    Voided,
}

impl AttemptState {
    /// The name as it stands in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Leased => "leased",
            Self::Reported => "reported",
            Self::Faulted => "faulted",
            Self::Expired => "expired",
            Self::Voided => "voided",
        }
    }
}
