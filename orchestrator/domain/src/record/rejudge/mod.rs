//! Judges a completed tournament again, on the recorded results, under changed scoring or
//! with errors put right. Nothing is run again.
//!
//! What was played stays played: who was cut has no results of later rounds, so it cannot
//! come back, however well it would have stood. The report names it. The champion is the
//! best of those who were in the last round; a title is decided again on the blocks of its
//! round if the challenger is the same, and otherwise stays with its defender, since nobody
//! else has met it.
//!
//! Every rejudgement starts from the recorded results, with its own changes only: a second
//! one does not build on the first, and one without changes brings the recorded champion
//! back.

mod changes;
mod shadow;

use serde::Serialize;

pub use changes::{Changes, Erratum, RejudgeError};

use crate::ids::SubmissionId;
use crate::tournament::Decision;

/// A tournament as it would have been judged.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rejudgement {
    /// What each round would have decided, with those who were in it.
    pub decisions: Vec<Decision>,
    /// Who was cut and would have gone on, and from which round: there are no results of
    /// later rounds, so this stays without effect.
    pub cut_too_early: Vec<(SubmissionId, u32)>,
    /// Who went on and would have been cut, and from which round: its later results count.
    pub kept_too_long: Vec<(SubmissionId, u32)>,
    /// The champion by the recorded decisions.
    pub champion_before: Option<SubmissionId>,
    /// The champion now.
    pub champion: Option<SubmissionId>,
    /// Final ranking by the recorded decisions, best first: the champion, then who was cut
    /// later, then by the standings of that round. Without the disqualified.
    pub ranking_before: Vec<SubmissionId>,
    /// The same now.
    pub ranking: Vec<SubmissionId>,
    /// How places changed: the ranking of now, then those who lost their place in it.
    pub moves: Vec<Move>,
}

/// How a method's place changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Move {
    /// Which.
    pub submission: SubmissionId,
    /// Its place before, from 1; none if it had none.
    pub before: Option<u32>,
    /// Its place now; none if it is disqualified.
    pub after: Option<u32>,
}
