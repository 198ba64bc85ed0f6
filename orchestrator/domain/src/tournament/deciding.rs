//! How a round is decided, once a format has said who is kept.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::SubmissionId;
use crate::statistics::holm;
use crate::tournament::decision::Decision;
use crate::tournament::evidence::Evidence;
use crate::tournament::points::Points;
use crate::tournament::round::Round;
use crate::tournament::standing::Standing;
use crate::tournament::state::Tournament;

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
                // Nobody of its heat was kept: it met none of those who go on.
                if pairs.is_empty() && round.heats.len() > 1 {
                    return None;
                }
                Some(Evidence::new(&scale, rival, *loser, &pairs))
            })
            .collect();
        adjust(&mut comparisons);
        let standing: BTreeSet<SubmissionId> =
            standings.iter().map(|line| line.submission).collect();
        // In the order of the round's entrants, which goes back to the seed.
        let out = round
            .entrants
            .iter()
            .copied()
            .filter(|who| !standing.contains(who));
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
