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
    /// Names of further tasks, over which blocks are dealt in turn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub more_tasks: Vec<String>,
    /// The rules, e.g. `{"format":"halving","rungs":3,"eta":2,"blocks_per_rung":[1,2,3]}`;
    /// the default if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<serde_json::Value>,
    /// For demonstrations and tests: the nonce is derived from this number, so the
    /// whole tournament can be repeated. Without it the nonce is random.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
}

/// Body of `POST /api/v1/tournaments/{name}/disqualify`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disqualify {
    /// Name of the method.
    pub method: String,
    /// Why, for everybody to read; at most 500 characters.
    pub reason: String,
}

/// Body of `POST /api/v1/tournaments/{name}/cancel` and of the other commands that only
/// need a reason: `…/pause`, `…/rounds/{round}/blocks/{block}/void` and `…/replace`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WithReason {
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
    /// Names of its further tasks, over which blocks are dealt in turn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub more_tasks: Vec<String>,
    /// What the standings are in: what the task measures, or a share where tasks combine.
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
    /// Name of the series it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series: Option<String>,
    /// When submissions end by themselves.
    #[serde(
        default,
        with = "time::serde::rfc3339::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub closes_at: Option<OffsetDateTime>,
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
    /// Why it is paused, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused: Option<String>,
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
    /// Whether it defends the title.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub defender: bool,
    /// Why it is out, if it was disqualified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disqualified: Option<String>,
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
    /// Who meets whom, where not everybody runs every block.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub heats: Vec<Heat>,
    /// Every method on its blocks.
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
    /// Name of its task, where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// Whether it was taken out and does not count.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub voided: bool,
    /// The earlier block that it is once more, for methods that run it late.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<u32>,
    /// Whether it is run with half the budget.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub half: bool,
}

/// Methods that meet on the same blocks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heat {
    /// Their names.
    pub methods: Vec<String>,
    /// Numbers of their blocks.
    pub blocks: Vec<u32>,
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
    /// Points from meetings, in formats that give some: they come before the mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<f64>,
    /// What racing estimates its mean score on any block to be; it comes before the mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate: Option<f64>,
    /// Chance that it is the best of the field, as racing sees it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p_best: Option<f64>,
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
    /// Every method that was cut, against the last one kept beside it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub comparisons: Vec<Comparison>,
    /// p-value of Friedman's test over the blocks that all share, where the format asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub friedman: Option<f64>,
    /// How the title was decided, in a champion's round.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Title>,
}

/// A method that was cut, against the last one kept beside it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The last kept.
    pub kept: String,
    /// The one cut.
    pub dropped: String,
    /// The numbers.
    #[serde(flatten)]
    pub numbers: Numbers,
}

/// A paired comparison: positive effects are for the first named.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Numbers {
    /// Blocks both have run.
    pub common_blocks: u32,
    /// Mean paired advantage, in the unit of the standings.
    pub effect: f64,
    /// A 95 % interval of it, where there are two common blocks or more.
    pub interval: Option<[f64; 2]>,
    /// One-sided p-value of the exact paired sign-flip test.
    pub p_value: Option<f64>,
    /// The same after Holm's adjustment for the whole cut.
    pub holm_p_value: Option<f64>,
    /// About how many more blocks would turn the order, where that can be said.
    pub flip_blocks: Option<u32>,
}

/// How the title was decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Title {
    /// Who defended it.
    pub defender: String,
    /// Who asked for it.
    pub challenger: String,
    /// Whether it changed hands.
    pub dethroned: bool,
    /// The challenger's advantage.
    #[serde(flatten)]
    pub numbers: Numbers,
}

/// Body of `POST /api/v1/tournaments/{name}/rejudge`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rejudge {
    /// What is judged differently, as docs/FORMATS.md describes it; methods by name.
    pub changes: serde_json::Value,
    /// Why, for everybody to read; needed to apply it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Whether to apply it; otherwise nothing is written.
    #[serde(default)]
    pub apply: bool,
}

/// A tournament as it would be, or was, judged again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rejudged {
    /// Whether this holds from now on.
    pub applied: bool,
    /// Name of the recorded champion.
    pub champion_before: Option<String>,
    /// Name of the champion now.
    pub champion: Option<String>,
    /// How places changed, in the order of now.
    pub moves: Vec<Move>,
    /// Who was cut and would have gone on, and in which round. It has no results of later
    /// rounds, so this stays without effect.
    pub cut_too_early: Vec<(String, u32)>,
    /// Who went on and would have been cut, and in which round.
    pub kept_too_long: Vec<(String, u32)>,
}

/// How a method's place changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// Its name.
    pub method: String,
    /// Its place before, from 1.
    pub before: Option<u32>,
    /// Its place now.
    pub after: Option<u32>,
}

/// An event of a tournament as it hangs in its hash chain; `GET
/// /api/v1/tournaments/{name}/record?after=N` gives up to 1,000 of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedEvent {
    /// Its number, from 1.
    pub seq: i64,
    /// When, in microseconds since 1970.
    pub at_micros: i64,
    /// The event as the exact JSON text that was hashed.
    pub body: String,
    /// Digest of the one before; 64 zeros for the first.
    pub previous: String,
    /// Its digest.
    pub digest: String,
}

/// Events of a tournament's record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Name of the chain, which the digests cover.
    pub chain: String,
    /// Digest of the last event there is.
    pub head: String,
    /// How many there are.
    pub length: i64,
    /// Those asked for.
    pub events: Vec<RecordedEvent>,
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
