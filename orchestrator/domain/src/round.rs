//! Rounds: entrants, blocks, runs, decisions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    BlockSeed, Digest, Evidence, MethodName, Outcome, RunId, RunState, Standing, SubmissionId,
    Tournament,
};

/// One of the field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entrant {
    /// The submission.
    pub submission: SubmissionId,
    /// Its name.
    pub name: MethodName,
    /// Digest of its module.
    pub digest: Digest,
}

/// What all entrants of a round are run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// Number of the round, from 1.
    pub round: u32,
    /// Number within the round, from 1.
    pub index: u32,
    /// Seed of every run on it.
    pub seed: BlockSeed,
}

/// What a finished round decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// Number of the round.
    pub round: u32,
    /// The standings over all results so far, best first.
    pub standings: Vec<Standing>,
    /// Who goes on (after the last round: the best), best first.
    pub kept: Vec<SubmissionId>,
    /// Who is out, best first.
    pub cut: Vec<SubmissionId>,
    /// What the cut rests on; none if nobody was cut.
    pub evidence: Option<Evidence>,
}

impl Decision {
    /// Decides `round` by keeping the first `keep` of the standings.
    pub fn new(tournament: &Tournament, round: &Round, keep: usize) -> Self {
        let standings = tournament.standings(round.number);
        let order: Vec<SubmissionId> = standings.iter().map(|line| line.submission).collect();
        let (kept, cut) = order.split_at(keep.min(order.len()));
        let evidence = match (kept.last(), cut.first()) {
            (Some(last_kept), Some(first_cut)) => Some(Evidence::new(
                tournament.metric(),
                *last_kept,
                *first_cut,
                &tournament.pairs(*last_kept, *first_cut, round.number),
            )),
            _ => None,
        };
        Self {
            round: round.number,
            kept: kept.to_vec(),
            cut: cut.to_vec(),
            evidence,
            standings,
        }
    }
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
}

/// A round.
#[derive(Clone, Debug, PartialEq)]
pub struct Round {
    /// Number, from 1.
    pub number: u32,
    /// Who takes part.
    pub entrants: Vec<SubmissionId>,
    /// Its blocks.
    pub blocks: Vec<Block>,
    /// Its runs.
    pub runs: BTreeMap<RunId, RunRecord>,
    /// What it decided, once finished.
    pub decision: Option<Decision>,
}

impl Round {
    /// Whether every run has its result.
    pub fn is_finished(&self) -> bool {
        self.runs.values().all(|run| run.outcome.is_some())
    }
}
