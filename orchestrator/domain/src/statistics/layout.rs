//! Results of methods on blocks as the rows of a linear model.
//!
//! A reading is quality + difficulty of the block + noise. Difficulties have a
//! flat prior, so only differences within a block tell anything: adding a
//! number to every score of a block changes nothing.

use std::collections::{BTreeMap, BTreeSet};

/// One score of one method on one block; larger is better, in the task's unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// Index of the method in the field.
    pub method: usize,
    /// Key of the block; any number.
    pub block: usize,
    /// The score.
    pub score: f64,
    /// Whether it was read half-way through the run rather than at its end.
    pub halfway: bool,
}

/// What a row's value consists of, apart from its noise.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Subject {
    /// A method's quality plus an effect.
    Method { method: usize, effect: usize },
    /// How much lower the same run stood half-way: one effect minus another.
    Progress { halfway: usize, end: usize },
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) subject: Subject,
    /// Variance of its noise, in units of that of a whole run.
    pub(crate) noise: f64,
    /// Less the mean of its effect's readings, so that offsets cost no digits.
    pub(crate) value: f64,
}

/// Readings in a fixed order, as rows. The order they arrived in is forgotten:
/// the same readings give the same bits.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub(crate) methods: usize,
    /// Rows about a method, ordered by method.
    pub(crate) rows: Vec<Row>,
    /// Block and half-way flag of each effect.
    pub(crate) effects: Vec<(usize, bool)>,
    /// For each method, the blocks it was started on.
    pub(crate) started: Vec<BTreeSet<usize>>,
    /// For each method, how many runs it finished.
    pub(crate) finished: Vec<usize>,
}

impl Layout {
    /// `halfway` is the variance of (half-way score − final score) over that of a
    /// whole run's noise. Readings that are not finite, or of methods that do not
    /// exist, are left out, and of several of one run at one time all but the smallest.
    pub(crate) fn new(methods: usize, readings: &[Reading], halfway: f64) -> Self {
        let mut sorted: BTreeMap<(usize, usize, bool), f64> = BTreeMap::new();
        for reading in readings {
            if reading.method < methods && reading.score.is_finite() {
                let score = sorted
                    .entry((reading.method, reading.block, reading.halfway))
                    .or_insert(reading.score);
                *score = score.min(reading.score);
            }
        }
        let ended = |method, block| sorted.contains_key(&(method, block, false));
        // Half-way readings help only where some run was stopped.
        let stopped: BTreeSet<usize> = sorted
            .keys()
            .filter(|(method, block, halfway)| *halfway && !ended(*method, *block))
            .map(|(_, block, _)| *block)
            .collect();
        let used = |block: usize, halfway: bool| !halfway || stopped.contains(&block);

        let mut sums: BTreeMap<(usize, bool), (f64, f64)> = BTreeMap::new();
        for ((_, block, halfway), score) in &sorted {
            if used(*block, *halfway) {
                let (sum, count) = sums.entry((*block, *halfway)).or_default();
                *sum += score;
                *count += 1.0;
            }
        }
        let effects: Vec<(usize, bool)> = sums.keys().copied().collect();
        let means: Vec<f64> = sums.values().map(|(sum, count)| sum / count).collect();
        let effect = |block, halfway| effects.binary_search(&(block, halfway)).ok();

        let mut rows = Vec::with_capacity(sorted.len());
        let mut started = vec![BTreeSet::new(); methods];
        let mut finished = vec![0; methods];
        for ((method, block, is_halfway), score) in &sorted {
            started[*method].insert(*block);
            finished[*method] += usize::from(!is_halfway);
            let Some(own) = effect(*block, *is_halfway) else {
                continue;
            };
            let row = match (is_halfway, sorted.get(&(*method, *block, false))) {
                (true, Some(end)) => effect(*block, false).map(|end_effect| Row {
                    subject: Subject::Progress {
                        halfway: own,
                        end: end_effect,
                    },
                    noise: halfway,
                    value: (score - means[own]) - (end - means[end_effect]),
                }),
                _ => Some(Row {
                    subject: Subject::Method {
                        method: *method,
                        effect: own,
                    },
                    noise: if *is_halfway { 1.0 + halfway } else { 1.0 },
                    value: score - means[own],
                }),
            };
            rows.extend(row);
        }
        Self {
            methods,
            rows,
            effects,
            started,
            finished,
        }
    }

    /// Index of the effect of finished runs on `block`; `None` if there are none.
    pub(crate) fn effect(&self, block: usize) -> Option<usize> {
        self.effects.binary_search(&(block, false)).ok()
    }
}
