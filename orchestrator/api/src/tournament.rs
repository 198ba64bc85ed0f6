use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{Metric, RunState, Verdict};

/// Body of `POST /api/v1/tournaments`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewTournament {
    /// Unique name, `[a-z0-9-]{1,40}`.
    pub name: String,
    /// Name of the task.
    pub task: String,
    /// The rules, e.g. `{"format":"halving","rungs":3,"eta":2,"blocks_per_rung":[1,2,3]}`;
    /// the default if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<serde_json::Value>,
    /// For demonstrations and tests: the nonce is derived from this number, so the
    /// whole tournament can be repeated. Without it the nonce is random.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
}

/// Body of `POST /api/v1/tournaments/{name}/cancel`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CancelTournament {
    /// Why, for everybody to read; at most 500 characters.
    pub reason: String,
}

/// Where a tournament is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TournamentState {
    /// Being prepared; rules may change.
    Draft,
    /// Takes submissions; rules are frozen.
    Open,
    /// The field and the seed are fixed, rounds are running.
    Closed,
    /// There is a champion.
    Completed,
    /// Ended without a champion.
    Cancelled,
}

impl TournamentState {
    /// The name as it stands in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Open => "open",
            Self::Closed => "closed",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A tournament in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TournamentSummary {
    /// Unique name.
    pub name: String,
    /// Name of the task.
    pub task: String,
    /// Where it is.
    pub state: TournamentState,
    /// How many methods take part.
    pub methods: u32,
    /// Runs with a verdict.
    pub runs_done: u32,
    /// Runs queued so far; later rounds add to it.
    pub runs_total: u32,
    /// Name of the champion.
    pub champion: Option<String>,
    /// When it was created.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// A tournament with all that can be seen of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tournament {
    /// Unique name.
    pub name: String,
    /// Name of the task.
    pub task: String,
    /// What the task measures.
    #[serde(default)]
    pub metric: Metric,
    /// Where it is.
    pub state: TournamentState,
    /// The rules; frozen once it is open.
    pub rules: serde_json::Value,
    /// SHA-256 of the organiser's nonce, published at opening.
    pub nonce_digest: Option<String>,
    /// The nonce in hex, published at closing, so that anyone can recompute the seed.
    pub nonce: Option<String>,
    /// The tournament seed in hex, fixed at closing.
    pub seed: Option<String>,
    /// When it was created.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When it ended.
    #[serde(with = "time::serde::rfc3339::option")]
    pub completed_at: Option<OffsetDateTime>,
    /// The field, by name.
    pub methods: Vec<Method>,
    /// The rounds so far, first to last.
    pub rounds: Vec<Round>,
    /// The standing now, best first: methods still in, then those cut, latest cut first.
    pub standings: Vec<Standing>,
    /// The winner.
    pub champion: Option<Champion>,
    /// Why it was cancelled, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A method that takes part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Method {
    /// Its name, unique in the tournament, `[a-z0-9-]{1,40}`.
    pub name: String,
    /// Digest of its module.
    pub digest: String,
    /// The round after which it was cut.
    pub cut_after: Option<u32>,
}

/// A round (rung): new shared blocks for every survivor, then a cut.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Round {
    /// Its number, from 1.
    pub number: u32,
    /// Where it is.
    pub state: RoundState,
    /// Why it cannot go on, if it cannot.
    pub note: Option<String>,
    /// The blocks drawn for this round.
    pub blocks: Vec<Block>,
    /// Every method on every block.
    pub runs: Vec<RunCell>,
    /// The standing after it, best first; over all blocks so far.
    pub standings: Vec<Standing>,
    /// What it decided; after the last round the champion is the only one kept.
    pub cut: Option<Cut>,
}

/// Where a round is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoundState {
    /// Runs are missing.
    Running,
    /// All runs have a verdict and the cut is made.
    Completed,
    /// A run is stuck; see the note.
    Stuck,
}

/// What every method of a round runs on: the task under one seed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// Its number in the tournament, from 1.
    pub number: u32,
    /// Its seed, 16 hex digits.
    pub seed: String,
}

/// One method on one block, in short.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunCell {
    /// The run.
    pub run: Uuid,
    /// Name of the method.
    pub method: String,
    /// Number of the block.
    pub block: u32,
    /// Where it is.
    pub state: RunState,
    /// The current or last attempt; 0 before the first.
    pub attempt: i32,
    /// Share of the budget used, 0 to 1, as last reported.
    pub progress: f64,
    /// How it ended.
    pub verdict: Option<Verdict>,
    /// The score, for [`Verdict::Completed`].
    pub score: Option<f64>,
    /// Digest of the model.
    pub model: Option<String>,
}

/// A method's place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    /// Its place, from 1.
    pub rank: u32,
    /// Name of the method.
    pub method: String,
    /// Mean score over its blocks; a fault counts as the metric's miss.
    pub mean: f64,
    /// Standard error of the mean, where it has two blocks or more.
    pub standard_error: Option<f64>,
    /// Blocks it has run.
    pub blocks: u32,
    /// Blocks that ended in a fault of its own.
    pub faults: u32,
    /// The round after which it was cut.
    pub cut_after: Option<u32>,
}

/// A cut and its evidence: the last method kept against the first one cut.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cut {
    /// Methods that go on, best first.
    pub kept: Vec<String>,
    /// Methods that end here, best first.
    pub dropped: Vec<String>,
    /// Blocks both methods at the line have run.
    pub common_blocks: u32,
    /// Mean paired advantage of the last kept over the first cut, in the metric's unit:
    /// positive whichever way is better.
    pub effect: Option<f64>,
    /// Its standard error, where there are two common blocks or more.
    pub standard_error: Option<f64>,
    /// A 95 % interval of the difference, where there are two common blocks or more.
    pub interval: Option<[f64; 2]>,
    /// One-sided p-value of the exact paired sign-flip test.
    pub p_value: Option<f64>,
    /// About how many more blocks would turn the cut, where that can be said.
    pub flip_blocks: Option<u32>,
}

/// The winner of a tournament.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Champion {
    /// Name of the method.
    pub method: String,
    /// Its entry in the archive; none if no run of it left a model.
    pub archive: Option<Uuid>,
    /// Mean score over all its blocks.
    pub score: f64,
}
