use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{AttemptState, CurvePoint, Meters, Metric, RunState, Verdict};

/// One method on one block.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Run {
    /// Its id.
    pub id: Uuid,
    /// Name of the tournament.
    pub tournament: String,
    /// Name of the task.
    pub task: String,
    /// What the task measures.
    #[serde(default, deserialize_with = "crate::known::read")]
    pub metric: Metric,
    /// Name of the method.
    pub method: String,
    /// Digest of the method's module.
    #[schema(value_type = gauntlet_domain::Digest)]
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
    #[schema(value_type = Option<gauntlet_domain::Digest>)]
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
    /// Whether the score is rounded to a hundredth of the way from the metric's miss to its
    /// best, and what prediction used, attempts and some details are left out: so it is for all
    /// but an admin until the tournament has ended.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rounded: bool,
}

/// A checkpoint's score on the public slice: rows of the train part.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CheckpointScore {
    /// Used share of the training budget; 1 is the finished model.
    pub fraction: f64,
    /// Metered work until then.
    pub work: u64,
    /// The score, in the task's metric.
    pub score: f64,
}

/// One execution of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
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
