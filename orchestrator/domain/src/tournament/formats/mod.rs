//! How each format plays by its rules. One file each.

mod classic;
mod halving;
mod meetings;
mod racing;
mod round_robin;
mod swiss;

use crate::ids::SubmissionId;
use crate::tournament::decision::Decision;
use crate::tournament::round::Round;
use crate::tournament::rules::{Play, Rules};
use crate::tournament::state::Tournament;

/// A round that a format wants played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// Who is still in. One that is in no heat has a bye.
    pub entrants: Vec<SubmissionId>,
    /// Who meets whom.
    pub heats: Vec<Vec<SubmissionId>>,
    /// New blocks for each heat.
    pub blocks: u32,
    /// Whether all heats run the same blocks, or each its own.
    pub shared: bool,
    /// Whether the new blocks are run with half the budget.
    pub half: bool,
    /// Further runs on blocks of earlier rounds: block by block who enters late.
    pub late: Vec<((u32, u32), Vec<SubmissionId>)>,
}

impl Opening {
    /// Everybody against everybody, on the same blocks.
    pub fn together(entrants: Vec<SubmissionId>, blocks: u32) -> Self {
        Self {
            heats: vec![entrants.clone()],
            entrants,
            blocks,
            shared: true,
            half: false,
            late: Vec::new(),
        }
    }
}

/// What a format wants next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Another round.
    Open(Opening),
    /// It has found its best; none if nobody completed a run.
    Winner(Option<SubmissionId>),
}

/// A way of finding the best method. Formats are pure: everything they know is
/// in the tournament, and the same tournament always gets the same answer.
///
/// What all formats share is not theirs: byes and walk-overs of a heat, methods
/// that never completed a run, the defending champion (see [`crate::tournament::Terms`]).
pub trait Format {
    /// What comes after the decided rounds so far. Never asked while a round is undecided.
    fn next(&self, tournament: &Tournament) -> Next;

    /// Who goes on from a finished round, and on what grounds.
    fn decide(&self, tournament: &Tournament, round: &Round) -> Decision;

    /// The rounds whose results decide `round`, first and last: by default all so far.
    fn window(&self, _: &Tournament, round: &Round) -> (u32, u32) {
        (1, round.number)
    }

    /// How many go on from the round, where nothing but the mean over blocks that all share
    /// decides who goes on. Only then may a run be stopped early
    /// ([`crate::tournament::can_still_matter`]).
    fn kept_by_mean(&self, _: &Tournament, _: &Round) -> Option<usize> {
        None
    }

    /// How many rounds there may be if `field` methods start. Fewer need not mean fewer
    /// rounds: a field that fits into one group plays no groups, but a longer knockout.
    fn rounds(&self, field: usize) -> u32;

    /// How many runs it takes, at most, if `field` methods start; blocks replaced by an
    /// operator come on top.
    fn runs(&self, field: usize) -> usize;
}

impl Rules {
    /// The format that plays by these rules.
    pub fn format(&self) -> &dyn Format {
        match &self.play {
            Play::Halving(halving) => halving,
            Play::Racing(racing) => racing,
            Play::Classic(classic) => classic,
            Play::RoundRobin(round_robin) => round_robin,
            Play::Swiss(swiss) => swiss,
        }
    }
}
