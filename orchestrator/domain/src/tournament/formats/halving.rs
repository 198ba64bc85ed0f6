//! Successive halving on shared blocks.
//!
//! Every survivor of a rung runs the same new blocks; evidence accumulates
//! over all rungs; the better part goes on. The last rung's best is champion. A rung may cut
//! more than its share: as in F-Race, once Friedman's test finds differences at all, those
//! that the leader beats beyond doubt are out at once.
//!
//! Sources: K. Jamieson and A. Talwalkar, "Non-stochastic Best Arm Identification and
//! Hyperparameter Optimization" (2016); M. Birattari et al., "A Racing Algorithm for
//! Configuring Metaheuristics" (2002).

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::SubmissionId;
use crate::run::Metric;
use crate::statistics::{friedman, holm};
use crate::tournament::decision::Decision;
use crate::tournament::evidence::Evidence;
use crate::tournament::formats::{Format, Next, Opening};
use crate::tournament::points::{BlockKey, Points};
use crate::tournament::round::Round;
use crate::tournament::rules::Halving;
use crate::tournament::standing::Standing;
use crate::tournament::state::Tournament;

impl Halving {
    fn kept_of(&self, entrants: usize) -> usize {
        entrants.div_ceil(self.eta as usize).max(1)
    }

    /// How many of `entrants` go on from a rung; from the last, the winner alone.
    fn places(&self, rung: u32, entrants: usize) -> usize {
        if rung >= self.rungs {
            1
        } else {
            self.kept_of(entrants)
        }
    }
}

impl Format for Halving {
    fn next(&self, tournament: &Tournament) -> Next {
        let (played, entrants) = match tournament.rounds().last() {
            None => (0, tournament.playing()),
            Some(last) => (last.number, tournament.survivors(last)),
        };
        match self.blocks_per_rung.get(played as usize) {
            Some(blocks) => Next::Open(Opening::together(entrants, *blocks)),
            None => Next::Winner(entrants.first().copied()),
        }
    }

    fn decide(&self, tournament: &Tournament, round: &Round) -> Decision {
        let points = tournament.points();
        let standings = tournament.standings_of(round, &points, (1, round.number));
        let places = self.places(round.number, standings.len());
        let completed = tournament.completed_a_run();
        let mut keep: Vec<SubmissionId> = standings
            .iter()
            .map(|line| line.submission)
            .filter(|who| completed.contains(who))
            .take(places)
            .collect();
        let mut rivals = BTreeMap::new();
        let friedman = self.race.and_then(|alpha| {
            let p_value = overall(&points, &standings, round.number)?;
            if p_value <= alpha {
                let scale = tournament.scale();
                rivals = drop_the_beaten(&points, &scale, &mut keep, round.number, alpha);
            }
            Some(p_value)
        });
        let keep: BTreeSet<SubmissionId> = keep.into_iter().collect();
        let mut decision =
            Decision::with_rivals(tournament, &points, round, standings, &keep, 1, &rivals);
        decision.friedman = friedman;
        decision
    }

    fn kept_by_mean(&self, tournament: &Tournament, round: &Round) -> Option<usize> {
        let playing = |who: &&SubmissionId| !tournament.is_disqualified(**who);
        let entrants = round.entrants.iter().filter(playing).count();
        self.cuts_by_mean()
            .then(|| self.places(round.number, entrants))
    }

    fn rounds(&self, _field: usize) -> u32 {
        self.rungs
    }

    fn runs(&self, field: usize) -> usize {
        let mut entrants = field;
        let mut runs = 0;
        for blocks in &self.blocks_per_rung {
            runs += entrants * *blocks as usize;
            entrants = self.kept_of(entrants);
            if entrants == 1 {
                break;
            }
        }
        runs
    }
}

/// Friedman's test of everybody in the standings over the blocks they all ran.
fn overall(points: &Points, standings: &[Standing], round: u32) -> Option<f64> {
    let columns: Vec<BTreeMap<BlockKey, f64>> = standings
        .iter()
        .map(|line| {
            let own = points.of(line.submission, 1, round);
            own.map(|(block, point)| (block, point.value)).collect()
        })
        .collect();
    let blocks: Vec<Vec<f64>> = columns
        .first()?
        .keys()
        .filter_map(|block| columns.iter().map(|own| own.get(block).copied()).collect())
        .collect();
    friedman(&blocks)
}

/// Takes out of `keep` (best first) those that the leader beats beyond doubt: the one-sided
/// sign-flip test, adjusted by Holm for all of them. Says who beat whom. The leader itself
/// always stays, and so do its equals.
fn drop_the_beaten(
    points: &Points,
    scale: &Metric,
    keep: &mut Vec<SubmissionId>,
    round: u32,
    alpha: f64,
) -> BTreeMap<SubmissionId, SubmissionId> {
    let Some((&leader, rivals)) = keep.split_first() else {
        return BTreeMap::new();
    };
    let p_values: Vec<f64> = rivals
        .iter()
        .map(|rival| {
            let pairs = points.pairs(leader, *rival, 1, round);
            // More blocks than the exact test counts prove nothing here.
            Evidence::new(scale, leader, *rival, &pairs)
                .p_value
                .unwrap_or(1.0)
        })
        .collect();
    let beaten: BTreeMap<SubmissionId, SubmissionId> = rivals
        .iter()
        .zip(holm(&p_values))
        .filter(|(_, adjusted)| *adjusted <= alpha)
        .map(|(rival, _)| (*rival, leader))
        .collect();
    keep.retain(|who| !beaten.contains_key(who));
    beaten
}

#[cfg(test)]
mod tests {
    use crate::tournament::formats::Format;
    use crate::tournament::rules::Halving;

    #[test]
    fn nine_methods_take_28_runs() {
        assert_eq!(Halving::default().runs(9), 28);
        assert_eq!(Halving::default().runs(2), 2);
        assert_eq!(Halving::default().runs(1), 1);
    }
}
