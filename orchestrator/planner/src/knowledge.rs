//! What a race knows of its field, and what follows from it: who leads, who is hopeless, which
//! runs tell most.

use gauntlet_domain::statistics::{Allocation, Belief, NextRun, Posterior, Reading, Spread};

use crate::Model;
use crate::filter::Filter;

/// What is known, by the filter or, to estimate spreads, as readings.
pub(crate) enum Knowledge {
    Filter(Box<Filter>),
    Readings(Readings),
}

/// Results of a field, whose spreads are estimated from them.
#[derive(Clone)]
pub(crate) struct Readings {
    field: usize,
    all: Vec<Reading>,
}

impl Readings {
    fn posterior(&self) -> Posterior {
        Posterior::new(self.field, &self.all, &self.spread())
    }

    fn spread(&self) -> Spread {
        // The half-way spread cannot be told apart early; half the noise is assumed.
        Spread::estimate(self.field, &self.all, 0.5)
    }
}

impl Knowledge {
    /// Nothing yet; `estimated`: spreads are estimated rather than those of the model.
    pub(crate) fn new(model: &Model, estimated: bool) -> Self {
        if estimated {
            Self::Readings(Readings {
                field: model.field,
                all: Vec::new(),
            })
        } else {
            Self::Filter(Box::new(Filter::new(
                model.field,
                model.quality_sd,
                model.noise_sd(),
                model.halfway_sd,
            )))
        }
    }

    /// The best of those that finished a run with the whole budget.
    pub(crate) fn winner(&self) -> usize {
        match self {
            Self::Filter(filter) => winner(filter.as_ref()),
            Self::Readings(readings) => winner(&readings.posterior()),
        }
    }

    /// A run has ended, and had this score half-way if that was looked at.
    pub(crate) fn finished(&mut self, run: NextRun, score: f64, halfway: Option<f64>) {
        let NextRun { method, block } = run;
        match self {
            Self::Filter(filter) => {
                filter.finish(method, block, score);
                if let Some(halfway) = halfway {
                    filter.progress(block, halfway, score);
                }
            }
            Self::Readings(readings) => {
                let reading = |score, halfway| Reading {
                    method,
                    block,
                    score,
                    halfway,
                };
                readings.all.push(reading(score, false));
                let halfway = halfway.map(|score| reading(score, true));
                readings.all.extend(halfway);
            }
        }
    }

    /// A run was stopped half-way.
    pub(crate) fn stopped(&mut self, run: NextRun, halfway: f64) {
        let NextRun { method, block } = run;
        match self {
            Self::Filter(filter) => filter.stop(method, block, halfway),
            Self::Readings(readings) => readings.all.push(Reading {
                method,
                block,
                score: halfway,
                halfway: true,
            }),
        }
    }

    /// Whether a run with this score half-way leaves its method so many standard deviations
    /// of the difference behind the leader.
    pub(crate) fn is_behind(&self, run: NextRun, halfway: f64, limit: f64) -> bool {
        match self {
            Self::Filter(filter) => {
                let mut seen = Filter::clone(filter);
                seen.stop(run.method, run.block, halfway);
                behind(&seen, run.method, limit)
            }
            Self::Readings(readings) => {
                let mut seen = readings.clone();
                seen.all.push(Reading {
                    method: run.method,
                    block: run.block,
                    score: halfway,
                    halfway: true,
                });
                behind(&seen.posterior(), run.method, limit)
            }
        }
    }

    /// The runs of a round on a block that is new to all, `left` at most.
    pub(crate) fn next_block(&self, allocation: &Allocation, left: usize) -> Vec<NextRun> {
        let whole = |who: Vec<usize>, blocks: Vec<usize>| {
            let block = blocks.last().map_or(0, |last| last + 1);
            who.into_iter()
                .map(|method| NextRun { method, block })
                .collect()
        };
        match self {
            Self::Filter(filter) => whole(
                allocation.next_block(filter.as_ref(), left),
                filter.blocks(),
            ),
            Self::Readings(readings) => {
                let posterior = readings.posterior();
                whole(allocation.next_block(&posterior, left), posterior.blocks())
            }
        }
    }

    /// The runs of a round on whichever blocks tell most, `left` at most.
    pub(crate) fn next_runs(&self, allocation: &Allocation, left: usize) -> Vec<NextRun> {
        match self {
            Self::Filter(filter) => batch(filter, allocation, left),
            Self::Readings(readings) => {
                allocation.next_runs(readings.field, &readings.all, &readings.spread(), left)
            }
        }
    }
}

fn batch(filter: &Filter, allocation: &Allocation, left: usize) -> Vec<NextRun> {
    let first = allocation.pick(filter, left).unwrap_or_default();
    if allocation.batch <= first.len() {
        return first;
    }
    let mut expected = filter.clone();
    let mut chosen = Vec::new();
    let mut next = first;
    while !next.is_empty() {
        for run in next {
            expected.expect(run.method, run.block);
            chosen.push(run);
        }
        next = if chosen.len() < allocation.batch.min(left) {
            allocation
                .pick(&expected, left - chosen.len())
                .unwrap_or_default()
        } else {
            Vec::new()
        };
    }
    chosen
}

fn winner(belief: &impl Belief) -> usize {
    (0..belief.methods())
        .filter(|method| belief.finished(*method) > 0)
        .max_by(|a, b| belief.mean(*a).total_cmp(&belief.mean(*b)).then(b.cmp(a)))
        .unwrap_or(0)
}

fn behind(belief: &impl Belief, method: usize, limit: f64) -> bool {
    belief.leader().is_some_and(|leader| {
        let lag = belief.mean(leader) - belief.mean(method);
        leader != method && lag > limit * belief.difference_variance(leader, method).sqrt()
    })
}
