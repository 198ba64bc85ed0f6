//! Who stands where: a pure function of accepted results.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Entrant, Metric, Outcome, SubmissionId, TournamentSeed};

/// Results by submission and block (round, index).
pub(crate) type Results = BTreeMap<(SubmissionId, u32, u32), Outcome>;

/// One line of the standings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    /// Place from 1; no two share one.
    pub place: u32,
    /// Who.
    pub submission: SubmissionId,
    /// Mean score over all the method's blocks; a fault counts as [`Metric::miss`].
    pub mean: f64,
    /// Blocks it has a result on.
    pub blocks: u32,
    /// Of them, those that ended in a verdict other than completed.
    pub faults: u32,
}

/// Orders `entrants` by mean score over all their results, the better first, then fewer faults,
/// then a hash of seed and digest that nobody could choose. Methods without
/// results come last.
///
/// All survivors of a round have run the same blocks, so their means compare.
/// Scores are added in the order of the blocks: the same results give the same
/// bits on every machine, in whatever order they arrived.
pub fn standings<'a>(
    seed: &TournamentSeed,
    metric: &Metric,
    entrants: impl Iterator<Item = &'a Entrant>,
    results: impl Iterator<Item = (SubmissionId, u32, u32, Outcome)>,
) -> Vec<Standing> {
    let results: Results = results
        .map(|(submission, round, index, outcome)| ((submission, round, index), outcome))
        .collect();
    let mut lines: Vec<_> = entrants
        .map(|entrant| {
            let who = entrant.submission;
            let own = results.range((who, 0, 0)..=(who, u32::MAX, u32::MAX));
            let (mut sum, mut blocks, mut faults) = (0.0, 0, 0);
            for (_, outcome) in own {
                sum += metric.points(outcome);
                blocks += 1;
                faults += u32::from(outcome.is_fault());
            }
            let mean = if blocks == 0 {
                metric.miss
            } else {
                sum / f64::from(blocks)
            };
            let standing = Standing {
                place: 0,
                submission: who,
                mean,
                blocks,
                faults,
            };
            (standing, seed.tie_break(&entrant.digest))
        })
        .collect();
    lines.sort_by(|(a, a_key), (b, b_key)| {
        (b.blocks > 0)
            .cmp(&(a.blocks > 0))
            .then(metric.order(a.mean, b.mean))
            .then(a.faults.cmp(&b.faults))
            .then(a_key.cmp(b_key))
    });
    (1..)
        .zip(lines)
        .map(|(place, (standing, _))| Standing { place, ..standing })
        .collect()
}
