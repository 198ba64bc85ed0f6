//! Which runs to spend next.
//!
//! The race is between the leader (highest posterior mean) and its challenger:
//! the method with the least (m_leader − m_i + slack)/sd(q_leader − q_i). Whichever of
//! the two has finished fewer runs goes next, on the block that tells most
//! about their difference: a late entry to an old block if there is one it has not
//! been started on, since the difficulty of that is known already; else both
//! start on a new block. The slack keeps methods that are near because they
//! are certain from hiding those that are far but uncertain.

use crate::statistics::belief::Belief;
use crate::statistics::layout::{Layout, Reading};
use crate::statistics::posterior::Posterior;
use crate::statistics::spread::Spread;

/// How to choose runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Allocation {
    /// The slack, in standard deviations of the qualities.
    pub slack: f64,
    /// How many runs are chosen at a time, before any of their results is seen.
    pub batch: usize,
    /// Who joins a whole block: all whose distance exceeds the challenger's by at
    /// most so much.
    pub width: f64,
}

impl Allocation {
    /// The slack once so many runs of each method of the field are spent: the more is
    /// known, the less of it is to be had from those far behind. Found by simulation,
    /// see docs/FORMATS.md.
    pub fn slack_after(runs_per_method: f64) -> f64 {
        (1.2 - 0.15 * runs_per_method).max(0.6)
    }
}

impl Default for Allocation {
    fn default() -> Self {
        Self {
            slack: 0.8,
            batch: 1,
            width: 0.4,
        }
    }
}

/// A run to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NextRun {
    /// Index of the method.
    pub method: usize,
    /// Key of the block. New ones count on from the largest key there is.
    pub block: usize,
}

impl Allocation {
    /// Up to `batch` runs out of the `left` that may still be made (one more where
    /// a pair starts on a new block and `left` allows it), in the order of their choice.
    /// Empty if no run could tell anything: fewer than two methods, or one run left
    /// and nothing to compare it with.
    ///
    /// Results that are not there yet are taken to be what the posterior
    /// expects: they move no mean, but count as information.
    pub fn next_runs(
        &self,
        methods: usize,
        readings: &[Reading],
        spread: &Spread,
        left: usize,
    ) -> Vec<NextRun> {
        let mut readings = readings.to_vec();
        let mut chosen: Vec<NextRun> = Vec::new();
        let posterior = Posterior::new(methods, &readings, spread);
        let mut next = self.pick(&posterior, left);
        while let Some(runs) = next.take() {
            for run in runs {
                // Means are fixed by the readings that exist; the score is never read.
                readings.push(Reading {
                    method: run.method,
                    block: run.block,
                    score: 0.0,
                    halfway: false,
                });
                chosen.push(run);
            }
            if chosen.len() < self.batch.min(left) {
                let layout = Layout::new(methods, &readings, spread.halfway_ratio());
                let mut expected = Posterior::of_layout(layout, spread);
                expected
                    .equations
                    .mean
                    .clone_from(&posterior.equations.mean);
                next = self.pick(&expected, left - chosen.len());
            }
        }
        chosen
    }

    /// Who runs a new block next, the leader first, at most `left`: the leader, its
    /// challenger, and all that are about as close. For rounds of whole blocks, without late
    /// entries. Empty if nothing could be compared.
    pub fn next_block(&self, belief: &impl Belief, left: usize) -> Vec<usize> {
        let Some(leader) = belief.leader() else {
            return Vec::new();
        };
        let challengers = self.challengers(belief, leader);
        let Some((closest, _)) = challengers.first().copied().filter(|_| left >= 2) else {
            return Vec::new();
        };
        let close = challengers
            .iter()
            .take_while(|(distance, _)| *distance <= closest + self.width)
            .map(|(_, method)| *method);
        std::iter::once(leader).chain(close).take(left).collect()
    }

    /// One run of the `left` that may still be made, or two that start a new block.
    /// `None` if none could tell anything.
    pub fn pick(&self, belief: &impl Belief, left: usize) -> Option<Vec<NextRun>> {
        if left == 0 {
            return None;
        }
        let leader = belief.leader()?;
        let (_, challenger) = self.challengers(belief, leader).into_iter().next()?;
        let (method, other) = if belief.finished(leader) <= belief.finished(challenger) {
            (leader, challenger)
        } else {
            (challenger, leader)
        };
        let blocks = belief.blocks();
        if let Some(block) = late_entry(belief, method, other, &blocks) {
            return Some(vec![NextRun { method, block }]);
        }
        let block = blocks.last().map_or(0, |block| block + 1);
        // Alone on a block a run tells nothing.
        (left >= 2).then(|| {
            [method, other]
                .into_iter()
                .map(|method| NextRun { method, block })
                .collect()
        })
    }

    /// Everyone else with their distances, the closest first; of equals the one with
    /// the smaller index.
    fn challengers(&self, belief: &impl Belief, leader: usize) -> Vec<(f64, usize)> {
        let slack = self.slack * belief.quality_sd();
        let best = belief.mean(leader);
        let mut distances: Vec<(f64, usize)> = (0..belief.methods())
            .filter(|method| *method != leader)
            .map(|method| {
                let variance = belief.difference_variance(leader, method);
                let distance = (best - belief.mean(method) + slack) / variance.sqrt();
                (distance, method)
            })
            .collect();
        distances.sort_by(|(a, one), (b, other)| a.total_cmp(b).then(one.cmp(other)));
        distances
    }
}

/// The block on which a run of `method` tells most about its difference from
/// `other`; of equals the first.
fn late_entry(
    belief: &impl Belief,
    method: usize,
    other: usize,
    blocks: &[usize],
) -> Option<usize> {
    let mut best = (0.0, None);
    for &block in blocks {
        if !belief.started(method, block) {
            let reduction = belief.reduction(method, other, block);
            if reduction > best.0 {
                best = (reduction, Some(block));
            }
        }
    }
    best.1
}
