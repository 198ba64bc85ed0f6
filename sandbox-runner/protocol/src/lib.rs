//! Messages between a runner and the orchestrator: JSON over HTTP under `/api/v1`.
//!
//! | request | body | answer |
//! |---|---|---|
//! | `POST /runners` | [`Register`] | [`Registered`] |
//! | `POST /runners/{id}/lease` | [`LeaseRequest`] | [`Assignment`], or 204 after waiting |
//! | `POST /runs/{run}/attempts/{attempt}/heartbeat` | [`Heartbeat`] | [`LeaseExtended`] |
//! | `POST /runs/{run}/attempts/{attempt}/report` | [`Report`] | 204 |
//! | `POST /runs/{run}/attempts/{attempt}/fault` | [`Fault`] | 204 |
//! | `POST /runners/{id}/leases` | [`LeasesRequest`] | [`Assignments`], or 204 after waiting |
//! | `POST /reports` | [`Reports`] | [`ReportAnswers`] |
//! | `GET /blobs/{digest}` | | the bytes |
//! | `PUT /blobs/{digest}` | the bytes | 204 |
//!
//! All carry `Authorization: Bearer <runner token>`. A message about an attempt
//! that is no longer the run's current one, or no longer this runner's, is
//! answered 409: the runner stops the sandbox and forgets the run. Every message
//! may be sent again: the same report twice is accepted once, a different one is 409.
//!
//! Two releases that differ understand each other: a new field has a default, a message never
//! changes its meaning, and an older orchestrator answers a request that it does not know with
//! 404. The two requests for several at once came later than the others; who gets a 404 there
//! asks and reports one by one.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A runner introduces itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Register {
    /// A name for people.
    #[schema(
        pattern = "^[a-z0-9][a-z0-9_.-]{0,63}$",
        min_length = 1,
        max_length = 64
    )]
    pub name: String,
    /// Hardware class: what must be equal for two runs to be comparable.
    #[schema(max_length = 400)]
    pub class: String,
    /// Release of the runner.
    #[schema(max_length = 100)]
    pub version: String,
}

/// Answer to [`Register`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Registered {
    /// The runner's id, to be used from now on.
    pub runner: Uuid,
    /// How often to send heartbeats.
    pub heartbeat_seconds: u32,
}

/// Ask for work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LeaseRequest {
    /// How long to wait for it, at most 30.
    #[schema(maximum = 30)]
    pub wait_seconds: u32,
    /// Whether this runner executes container images too.
    #[serde(default)]
    pub containers: bool,
}

/// Most attempts leased, and most results reported, in one request.
pub const MOST_AT_ONCE: usize = 64;

/// Ask for several attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LeasesRequest {
    /// How many at most; from 1 to [`MOST_AT_ONCE`].
    #[schema(minimum = 1, maximum = 64)]
    pub most: usize,
    /// How long to wait for the first, at most 30.
    #[schema(maximum = 30)]
    pub wait_seconds: u32,
    /// Whether this runner executes container images too.
    #[serde(default)]
    pub containers: bool,
}

/// Answer to [`LeasesRequest`]: each an attempt and a lease of its own, with its own heartbeats.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Assignments {
    /// At least one; fewer than asked for if no more were queued.
    pub assignments: Vec<Assignment>,
}

/// A leased attempt: everything needed to execute it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Assignment {
    /// The run.
    pub run: Uuid,
    /// The attempt: the fencing token that every later message carries.
    pub attempt: i32,
    /// The lease ends this long after it was granted or last extended.
    pub lease_seconds: u32,
    /// Name of the tournament, for people.
    pub tournament: String,
    /// Name of the method, for people.
    pub method: String,
    /// SHA-256 of the module or of the image's archive, in hex: a blob.
    #[serde(rename = "module")]
    pub artifact: String,
    /// Which of the two it is.
    #[serde(default)]
    pub lane: Lane,
    /// The task.
    pub task: AssignedTask,
    /// Seed of the block as 16 hex digits (JSON numbers cannot carry 64 bits everywhere).
    pub seed: String,
    /// The budget.
    pub budget: Budget,
    /// Which of its checkpoints to score on the public slice; left out, none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probing: Option<Probing>,
}

/// Which checkpoints of a run are scored on the public slice: rows of the train part, which
/// its entrant may see anyway. A module's only; images have no metered work.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Probing {
    /// One at every so many sixteenths of the training budget.
    pub every: u32,
    /// The score that a checkpoint is waited for to reach: then none may be left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<f64>,
}

/// What a method was handed in as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = runner::Lane)]
pub enum Lane {
    /// A WebAssembly module.
    #[default]
    Wasm,
    /// A container image's archive.
    Oci,
}

/// The task of an assignment: blobs by digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AssignedTask {
    /// Name.
    pub name: String,
    /// What a method is told: `gauntlet_wire::TaskInfo` as JSON, passed through unchanged.
    pub info: serde_json::Value,
    /// The train part (safetensors `inputs` and `labels`, or `text`).
    pub train: String,
    /// The hidden inputs (safetensors `inputs`).
    pub hidden_inputs: String,
    /// The hidden labels (safetensors `labels`): for the scorer, never for a sandbox.
    pub hidden_labels: String,
    /// The base weights (safetensors), if the task carries some.
    #[serde(default)]
    pub base: Option<String>,
}

/// What one run may use; the phases share it by [`Budget::predict_share_percent`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = runner::Budget)]
pub struct Budget {
    /// Metered work of training: FLOPs, bytes moved, fixed prices and the method's own
    /// instructions.
    pub work: u64,
    /// Metered work of prediction, as a percentage of `work`.
    pub predict_share_percent: u32,
    /// Wall seconds of each phase; a backstop.
    pub wall_seconds: u32,
    /// Live tensor bytes.
    pub tensor_bytes: u64,
    /// Guest linear memory in bytes.
    pub guest_bytes: u64,
    /// Bytes of the model, and of the predictions.
    pub output_bytes: u64,
}

/// The runner is alive and working.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Heartbeat {
    /// Share of the budget used, 0 to 1.
    pub progress: f64,
    /// Points of the curve since the last heartbeat.
    pub curve: Vec<CurvePoint>,
    /// Scores of checkpoints since the last heartbeat.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub probes: Vec<CheckpointScore>,
}

/// What a checkpoint scored on the public slice.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = runner::CheckpointScore)]
pub struct CheckpointScore {
    /// Used share of the training budget: sixteenths; 1 is the finished model.
    pub fraction: f64,
    /// Metered work until then.
    pub work: u64,
    /// The score, in the task's metric.
    pub score: f64,
}

/// Answer to [`Heartbeat`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LeaseExtended {
    /// The lease ends this long from now.
    pub lease_seconds: u32,
    /// The run can no longer matter, and why: kill it and report [`Verdict::Stopped`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop: Option<String>,
}

/// One reported number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = runner::CurvePoint)]
pub struct CurvePoint {
    /// The method's own step count.
    pub step: u64,
    /// Name of the metric.
    pub name: String,
    /// Its value; `None` if it was not finite.
    pub value: Option<f64>,
}

/// How a run ended, as far as its entrant is concerned. Infrastructure faults
/// are not verdicts: they are [`Fault`]s, and the run is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = runner::Verdict)]
pub enum Verdict {
    /// Trained, predicted, scored.
    Completed,
    /// Ran out of work or wall time.
    BudgetExceeded,
    /// Asked for more memory than allowed.
    MemoryExceeded,
    /// Panicked, trapped, gave up or broke the interface.
    MethodFailed,
    /// Predictions that cannot be scored: wrong shape, not finite, or a language model's
    /// that depend on what comes later in the text.
    InvalidPredictions,
    /// Stopped because a heartbeat's answer said so.
    Stopped,
}

/// The result of an attempt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Report {
    /// How it ended.
    pub verdict: Verdict,
    /// The score, for [`Verdict::Completed`], in the task's metric; for
    /// [`Verdict::Stopped`] that of the last checkpoint.
    pub score: Option<f64>,
    /// SHA-256 of the model in hex: a blob already put there, if there is a model.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub model: Option<String>,
    /// SHA-256 of the predictions file in hex; not kept.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub predictions: Option<String>,
    /// One line for the entrant.
    pub detail: Option<String>,
    /// What training used.
    pub train: Meters,
    /// What prediction used.
    pub predict: Meters,
    /// The whole curve (thinned by the runner to at most 512 points a metric).
    pub curve: Vec<CurvePoint>,
    /// All scores of checkpoints.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub probes: Vec<CheckpointScore>,
    /// Metered work at the first checkpoint that reached the target, if one did and the score
    /// reaches it too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_target: Option<u64>,
}

/// The results of several attempts; each counts, or is refused, on its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Reports {
    /// From 1 to [`MOST_AT_ONCE`].
    #[schema(min_items = 1, max_items = 64)]
    pub reports: Vec<AttemptReport>,
}

/// The result of one of several attempts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AttemptReport {
    /// The run.
    pub run: Uuid,
    /// The attempt.
    pub attempt: i32,
    /// Its result.
    pub report: Report,
}

/// Answer to [`Reports`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReportAnswers {
    /// One for each report, in their order.
    pub answers: Vec<ReportAnswer>,
}

/// What became of one report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReportAnswer {
    /// The run.
    pub run: Uuid,
    /// The attempt.
    pub attempt: i32,
    /// Why it does not count, as it would be answered if it came alone (RFC 9457);
    /// nothing if it is accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<ReportProblem>,
}

/// Why a report does not count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReportProblem {
    /// The HTTP status: 409 if the attempt is not the sender's (any more).
    pub status: u16,
    /// What kind of problem, as an address.
    #[serde(rename = "type")]
    pub kind: String,
    /// What is wrong.
    pub detail: String,
    /// What to do.
    pub help: String,
    /// Which field, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

/// What a phase used; see `gauntlet_worker_protocol::Meters`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = runner::Meters)]
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

/// The platform failed, not the entrant: the run will be tried again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Fault {
    /// One line for the operator.
    pub reason: String,
    /// What it says about the runner; left out, its machine failed.
    #[serde(default, skip_serializing_if = "FaultCause::is_machine")]
    pub cause: FaultCause,
}

/// What a [`Fault`] says about the runner: one whose machine fails is not leased to for a while,
/// and a run does not pay with its attempts for what was not tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FaultCause {
    /// Something failed on the runner's machine, or in executing the run.
    #[default]
    Machine,
    /// The orchestrator could not be reached for data or with the model, or failed at it.
    Unreachable,
    /// Nothing failed: the runner is stopping.
    Stopping,
}

impl FaultCause {
    fn is_machine(&self) -> bool {
        *self == Self::Machine
    }
}
