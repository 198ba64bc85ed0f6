//! Which runs to spend next.
//!
//! The race is between the leader (highest posterior mean) and its challenger:
//! the method with the least (m_leader − m_i + slack)/sd(q_leader − q_i). Whichever of
//! the two has finished fewer runs goes next, on the block that tells most
//! about their difference: a late entry to an old block if there is one it has not
//! been started on, since the difficulty of that is known already; else both
//! start on a new block. The slack keeps methods that are near because they
//! are certain from hiding those that are far but uncertain.

use crate::layout::Layout;
use crate::{Posterior, Reading, Spread};

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
        let Some(first) = self.choose(methods, &readings, spread, left) else {
            return chosen;
        };
        let means = first.0;
        let mut next = Some(first.1);
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
                let mut posterior = Posterior::of_layout(layout, spread);
                posterior.equations.mean.clone_from(&means);
                next = self.pick(&posterior, left - chosen.len());
            }
        }
        chosen
    }

    /// Who runs a new block next, the leader first, at most `left`: the leader, its
    /// challenger, and all that are about as close. For rounds of whole blocks, without late
    /// entries. Empty if nothing could be compared.
    pub fn next_block(&self, posterior: &Posterior, left: usize) -> Vec<usize> {
        let Some(leader) = posterior.leader() else {
            return Vec::new();
        };
        let challengers = self.challengers(posterior, leader);
        let Some((closest, _)) = challengers.first().copied().filter(|_| left >= 2) else {
            return Vec::new();
        };
        let close = challengers
            .iter()
            .take_while(|(distance, _)| *distance <= closest + self.width)
            .map(|(_, method)| *method);
        std::iter::once(leader).chain(close).take(left).collect()
    }

    fn choose(
        &self,
        methods: usize,
        readings: &[Reading],
        spread: &Spread,
        left: usize,
    ) -> Option<(Vec<f64>, Vec<NextRun>)> {
        let posterior = Posterior::new(methods, readings, spread);
        let runs = self.pick(&posterior, left)?;
        Some((posterior.means().to_vec(), runs))
    }

    /// One run, or two that start a new block.
    fn pick(&self, posterior: &Posterior, left: usize) -> Option<Vec<NextRun>> {
        if left == 0 {
            return None;
        }
        let leader = posterior.leader()?;
        let challenger = self.challenger(posterior, leader)?;
        let layout = &posterior.layout;
        let (method, other) = if layout.finished[leader] <= layout.finished[challenger] {
            (leader, challenger)
        } else {
            (challenger, leader)
        };
        if let Some(block) = late_entry(posterior, method, other) {
            return Some(vec![NextRun { method, block }]);
        }
        let block = layout.effects.last().map_or(0, |(block, _)| block + 1);
        // Alone on a block a run tells nothing.
        (left >= 2).then(|| {
            [method, other]
                .into_iter()
                .map(|method| NextRun { method, block })
                .collect()
        })
    }

    /// Who is the likeliest to be better than `leader` after all.
    fn challenger(&self, posterior: &Posterior, leader: usize) -> Option<usize> {
        let first = self.challengers(posterior, leader).into_iter().next();
        first.map(|(_, method)| method)
    }

    /// Everyone else with their distances, the closest first; of equals the one with
    /// the smaller index.
    fn challengers(&self, posterior: &Posterior, leader: usize) -> Vec<(f64, usize)> {
        let means = posterior.means();
        let slack = self.slack * posterior.spread().quality_sd();
        let mut distances: Vec<(f64, usize)> = (0..means.len())
            .filter(|method| *method != leader)
            .map(|method| {
                let variance = posterior.difference_variance(leader, method);
                let distance = (means[leader] - means[method] + slack) / variance.sqrt();
                (distance, method)
            })
            .collect();
        distances.sort_by(|(a, one), (b, other)| a.total_cmp(b).then(one.cmp(other)));
        distances
    }
}

/// The block on which a run of `method` tells most about its difference from `other`.
fn late_entry(posterior: &Posterior, method: usize, other: usize) -> Option<usize> {
    let layout = &posterior.layout;
    let mut best: Option<(f64, usize)> = None;
    for (effect, block) in layout.blocks() {
        if layout.started[method].contains(&block) {
            continue;
        }
        let reduction = posterior.reduction(method, other, effect);
        if best.is_none_or(|(most, _)| reduction > most) {
            best = Some((reduction, block));
        }
    }
    best.map(|(_, block)| block)
}
