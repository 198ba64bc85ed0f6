//! Rounds: entrants, blocks, heats, runs.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::ids::{RunId, SubmissionId};
use crate::names::MethodName;
use crate::run::{Outcome, RunState};
use crate::tournament::decision::Decision;
use crate::tournament::seed::BlockSeed;

/// One of the field, or the defending champion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entrant {
    /// The submission.
    pub submission: SubmissionId,
    /// Its name.
    pub name: MethodName,
    /// Digest of its module.
    pub digest: Digest,
}

/// What the entrants of a heat are run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// Number of the round, from 1.
    pub round: u32,
    /// Number within the round, from 1.
    pub index: u32,
    /// Seed of every run on it.
    pub seed: BlockSeed,
    /// Which of the tournament's tasks it is of, from 0; left out for the first.
    #[serde(default, skip_serializing_if = "is_first")]
    pub task: u32,
    /// The block of an earlier round that it is once more, for methods that have not run it
    /// yet: round and number. Left out for a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<(u32, u32)>,
    /// Whether its runs have half the task's budget ([`crate::run::Budget::half`]); left out
    /// if not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub half: bool,
}

impl Block {
    /// What it is the same as, for results to be compared: round and number of the block
    /// that it is, the first time it was run.
    pub fn key(&self) -> (u32, u32) {
        self.again.unwrap_or((self.round, self.index))
    }
}

fn is_first(task: &u32) -> bool {
    *task == 0
}

/// Entrants that meet on the same blocks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heat {
    /// Who.
    pub entrants: Vec<SubmissionId>,
    /// Numbers of their blocks within the round.
    pub blocks: Vec<u32>,
}

/// A run as far as the rules care.
#[derive(Clone, Debug, PartialEq)]
pub struct RunRecord {
    /// Whose.
    pub submission: SubmissionId,
    /// Round and number of the block.
    pub block: (u32, u32),
    /// Where it is.
    pub state: RunState,
    /// Attempts so far.
    pub attempt: i32,
    /// The accepted result.
    pub outcome: Option<Outcome>,
    /// Work until the task's target was reached, if the result says so.
    pub to_target: Option<f64>,
}

impl RunRecord {
    /// Whether no result is to come any more.
    pub fn is_settled(&self) -> bool {
        self.outcome.is_some() || self.state == RunState::Void
    }
}

/// A round.
#[derive(Clone, Debug, PartialEq)]
pub struct Round {
    /// Number, from 1.
    pub number: u32,
    /// Who is still in; one that is in no heat has a bye.
    pub entrants: Vec<SubmissionId>,
    /// Its blocks.
    pub blocks: Vec<Block>,
    /// Who runs which block.
    pub heats: Vec<Heat>,
    /// Blocks that do not count, by number.
    pub voided: BTreeSet<u32>,
    /// Its runs.
    pub runs: BTreeMap<RunId, RunRecord>,
    /// What it decided, once finished.
    pub decision: Option<Decision>,
}

impl Round {
    /// Whether every run that counts has its result.
    pub fn is_finished(&self) -> bool {
        self.runs.values().all(RunRecord::is_settled)
    }

    /// Whether a block does not count.
    pub fn is_void(&self, block: u32) -> bool {
        self.voided.contains(&block)
    }

    /// Everybody against everybody: the only heat of rounds that name none.
    pub fn one_heat(entrants: &[SubmissionId], blocks: &[Block]) -> Vec<Heat> {
        vec![Heat {
            entrants: entrants.to_vec(),
            blocks: blocks.iter().map(|block| block.index).collect(),
        }]
    }
}
