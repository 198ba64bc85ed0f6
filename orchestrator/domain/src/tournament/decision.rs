//! What a finished round decided, and on what grounds.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::ids::SubmissionId;
use crate::statistics::holm;
use crate::tournament::evidence::Evidence;
use crate::tournament::points::Points;
use crate::tournament::round::Round;
use crate::tournament::standings::Standing;
use crate::tournament::state::Tournament;

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
    /// The comparison at the edge of the cut; none if nobody was cut.
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

impl Decision {
    /// Decides `round` by who is in `keep`, with evidence from rounds `from` on. `standings`
    /// gives the order; who is not in it (a disqualified method) is cut without comparison.
    pub(crate) fn new(
        tournament: &Tournament,
        points: &Points,
        round: &Round,
        standings: Vec<Standing>,
        keep: &BTreeSet<SubmissionId>,
        from: u32,
    ) -> Self {
        Self::with_rivals(
            tournament,
            points,
            round,
            standings,
            keep,
            from,
            &BTreeMap::new(),
        )
    }

    /// As [`Self::new`], where some of those cut were compared with another than the last
    /// one kept above them: `rivals` says with whom.
    pub(crate) fn with_rivals(
        tournament: &Tournament,
        points: &Points,
        round: &Round,
        standings: Vec<Standing>,
        keep: &BTreeSet<SubmissionId>,
        from: u32,
        rivals: &BTreeMap<SubmissionId, SubmissionId>,
    ) -> Self {
        let (kept, cut): (Vec<SubmissionId>, Vec<SubmissionId>) = standings
            .iter()
            .map(|line| line.submission)
            .partition(|who| keep.contains(who));
        let scale = tournament.scale();
        let mut comparisons: Vec<Evidence> = cut
            .iter()
            .filter_map(|loser| {
                let own = rivals.get(loser).copied();
                let rival = own.or_else(|| last_kept_beside(round, &kept, *loser))?;
                let pairs = points.pairs(rival, *loser, from, round.number);
                Some(Evidence::new(&scale, rival, *loser, &pairs))
            })
            .collect();
        adjust(&mut comparisons);
        let standing: BTreeSet<SubmissionId> =
            standings.iter().map(|line| line.submission).collect();
        let mut out: Vec<SubmissionId> = round
            .entrants
            .iter()
            .copied()
            .filter(|who| !standing.contains(who))
            .collect();
        out.sort_unstable();
        Self {
            round: round.number,
            evidence: comparisons.first().cloned(),
            comparisons,
            kept,
            cut: cut.into_iter().chain(out).collect(),
            standings,
            friedman: None,
            title: None,
        }
    }
}

/// The worst of those kept that met `loser` in a heat; failing that, the worst of all kept.
fn last_kept_beside(
    round: &Round,
    kept: &[SubmissionId],
    loser: SubmissionId,
) -> Option<SubmissionId> {
    let heat = round
        .heats
        .iter()
        .find(|heat| heat.entrants.contains(&loser));
    kept.iter()
        .rev()
        .find(|who| heat.is_none_or(|heat| heat.entrants.contains(who)))
        .or_else(|| kept.last())
        .copied()
}

/// Holm's adjustment of those that have a p-value: some have none, for having met on no
/// block or on too many.
fn adjust(comparisons: &mut [Evidence]) {
    let p_values: Vec<f64> = comparisons.iter().filter_map(|one| one.p_value).collect();
    let tested = comparisons.iter_mut().filter(|one| one.p_value.is_some());
    for (one, adjusted) in tested.zip(holm(&p_values)) {
        one.holm_p_value = Some(adjusted);
    }
}
