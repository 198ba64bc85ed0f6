//! What the shell is asked to do.

use crate::ids::SubmissionId;
use crate::tournament::decision::Decision;
use crate::tournament::round::{Block, Heat};

/// Something the shell has to carry out, and then report back as an event.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one at a time, and it goes straight into an event"
)]
pub enum Effect {
    /// Open round `round` and queue a run of each heat's entrants on each of its blocks.
    OpenRound {
        /// Number of the round, from 1.
        round: u32,
        /// Who is still in.
        entrants: Vec<SubmissionId>,
        /// The new blocks.
        blocks: Vec<Block>,
        /// Who runs which.
        heats: Vec<Heat>,
    },
    /// Record what a finished round decided.
    DecideRound(Decision),
    /// End the tournament.
    Complete {
        /// The winner; none if no method completed a single run.
        champion: Option<SubmissionId>,
    },
}
