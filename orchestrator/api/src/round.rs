//! The rounds of a tournament: blocks, runs, standings.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{Cut, RunState, Verdict};

/// A round (rung): new shared blocks for every survivor, then a cut.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Heat {
    /// Their names.
    pub methods: Vec<String>,
    /// Numbers of their blocks.
    pub blocks: Vec<u32>,
}

/// One method on one block, in short.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
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
    #[schema(value_type = Option<gauntlet_domain::Digest>)]
    pub model: Option<String>,
}

/// A method's place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
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
