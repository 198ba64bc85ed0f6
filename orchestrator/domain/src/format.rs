//! What a tournament format is.

use crate::{Block, Decision, SubmissionId, Tournament};

/// Something the shell has to carry out, and then report back as an event.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Open round `round` and queue a run of every entrant on every block.
    OpenRound {
        /// Number of the round, from 1.
        round: u32,
        /// Who takes part.
        entrants: Vec<SubmissionId>,
        /// The new blocks, the same for all.
        blocks: Vec<Block>,
    },
    /// Record what a finished round decided.
    DecideRound(Decision),
    /// End the tournament.
    Complete {
        /// The winner; none if no method completed a single run.
        champion: Option<SubmissionId>,
    },
}

/// A way of finding the best method. Formats are pure: everything they know is
/// in the tournament, and the same tournament always gets the same answer.
pub trait Format {
    /// What to do next in a closed tournament; `None` while results are awaited.
    fn next(&self, tournament: &Tournament) -> Option<Effect>;

    /// How many rounds there may be.
    fn rounds(&self) -> u32;

    /// How many runs a field of that size takes, at most.
    fn runs(&self, field: usize) -> usize;
}
