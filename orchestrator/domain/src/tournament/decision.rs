//! What a finished round decided, and on what grounds.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::ids::SubmissionId;
use crate::tournament::evidence::Evidence;
use crate::tournament::standing::Standing;

/// What a finished round decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// Number of the round.
    pub round: u32,
    /// The standings of its entrants, best first.
    pub standings: Vec<Standing>,
    /// Who goes on (after the last round: the best), best first.
    pub kept: Vec<SubmissionId>,
    /// Who is out, best first.
    pub cut: Vec<SubmissionId>,
    /// The comparison at the edge of the cut; none if nobody was cut, or no two that met.
    pub evidence: Option<Evidence>,
    /// Every method that was cut against the last one kept of its heat (one that a race threw
    /// out against the leader that beat it), in the order of `cut`; p-values adjusted for all
    /// of them together.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub comparisons: Vec<Evidence>,
    /// p-value of Friedman's test over the blocks that all entrants share, where the format
    /// asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub friedman: Option<f64>,
    /// How the title was decided, in a champion's round.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Title>,
}

impl Decision {
    /// What is left of it without some of its methods: who stands where, and no comparison.
    pub(crate) fn without(mut self, out: &BTreeSet<SubmissionId>) -> Self {
        self.standings
            .retain(|line| !out.contains(&line.submission));
        self.kept.retain(|who| !out.contains(who));
        self.evidence = None;
        self.comparisons.clear();
        self.friedman = None;
        self.title = None;
        self
    }
}

/// How the title was decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Title {
    /// Who defended it.
    pub defender: SubmissionId,
    /// Who asked for it.
    pub challenger: SubmissionId,
    /// Whether it changed hands.
    pub dethroned: bool,
    /// The challenger's advantage over the champion on the round's blocks.
    pub evidence: Evidence,
    /// Blocks on which the challenger was better by the margin, under a margin rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub won: Option<u32>,
}
