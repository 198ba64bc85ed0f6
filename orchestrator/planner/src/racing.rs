//! Racing: runs go where the posterior says they tell most.

use gauntlet_domain::statistics::{Allocation, NextRun};
use serde::{Deserialize, Serialize};

use crate::World;
use crate::knowledge::Knowledge;

/// How the first block is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Opening {
    /// Everyone to the end.
    Whole,
    /// Everyone at half the budget, and nobody goes on from there.
    Half,
    /// Everyone to half-way, at half the cost; then so many of the best to the end.
    Halfway {
        /// How many go on.
        finish: usize,
    },
}

/// The format `racing`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Racing {
    /// Runs in all, a stopped one counting half.
    pub budget: usize,
    /// [`Allocation::slack`]; `None`: it falls, [`Allocation::slack_after`].
    pub slack: Option<f64>,
    /// [`Allocation::batch`]; 0 stands for rounds of whole new blocks without late entries.
    pub batch: usize,
    /// The first block.
    pub opening: Opening,
    /// Later runs stop half-way if the method is then so many standard deviations
    /// of the difference behind the leader; `None`: they never do.
    pub stop_behind: Option<f64>,
    /// Whether σq and σe are estimated from the results rather than given.
    pub estimated: bool,
}

impl Racing {
    /// As the format's defaults have it: a first block at half the budget, one run at a
    /// time, none stopped. Spreads are given, though.
    pub const fn new(budget: usize) -> Self {
        Self {
            budget,
            slack: None,
            batch: 1,
            opening: Opening::Half,
            stop_behind: None,
            estimated: false,
        }
    }

    /// The same with no run shorter than another.
    pub const fn whole(self) -> Self {
        Self {
            opening: Opening::Whole,
            ..self
        }
    }

    /// The same with runs stopped half-way.
    pub const fn with_stops(self) -> Self {
        Self {
            slack: Some(0.8),
            opening: Opening::Halfway { finish: 8 },
            stop_behind: Some(0.8),
            ..self
        }
    }

    pub(crate) const fn stops(&self) -> bool {
        matches!(self.opening, Opening::Halfway { .. }) || self.stop_behind.is_some()
    }

    pub(crate) fn play(&self, world: &mut World) -> usize {
        let mut race = Race::new(*self, world);
        race.open();
        race.go_on();
        race.knowledge.winner()
    }
}

struct Race<'a> {
    rules: Racing,
    allocation: Allocation,
    world: &'a mut World,
    knowledge: Knowledge,
}

impl<'a> Race<'a> {
    fn new(rules: Racing, world: &'a mut World) -> Self {
        Self {
            rules,
            allocation: Allocation {
                batch: rules.batch.max(1),
                ..Allocation::default()
            },
            knowledge: Knowledge::new(world.model(), rules.estimated),
            world,
        }
    }

    fn open(&mut self) {
        let field = self.world.field();
        let on_first = |method| NextRun { method, block: 0 };
        let finish = match self.rules.opening {
            Opening::Whole => {
                for method in 0..field {
                    let score = self.world.run(method, 0);
                    self.knowledge.finished(on_first(method), score, None);
                }
                return;
            }
            Opening::Half => {
                for method in 0..field {
                    let halfway = self.world.run_half(method, 0);
                    self.knowledge.stopped(on_first(method), halfway);
                }
                return;
            }
            Opening::Halfway { finish } => finish,
        };
        let mut halves: Vec<(f64, usize)> = (0..field)
            .map(|method| (self.world.run_half(method, 0), method))
            .collect();
        halves.sort_by(|a, b| b.0.total_cmp(&a.0));
        for (at, &(halfway, method)) in halves.iter().enumerate() {
            if at < finish.max(2) {
                let score = self.world.finish(method, 0);
                self.knowledge
                    .finished(on_first(method), score, Some(halfway));
            } else {
                self.knowledge.stopped(on_first(method), halfway);
            }
        }
    }

    fn go_on(&mut self) {
        loop {
            let left = (self.rules.budget as f64 - self.world.runs()).max(0.0) as usize;
            let per_method = self.world.runs() / self.world.field() as f64;
            self.allocation.slack = match self.rules.slack {
                Some(slack) => slack,
                None => Allocation::slack_after(per_method),
            };
            let runs = self.choose(left);
            if runs.is_empty() {
                return;
            }
            for run in runs {
                self.run(run);
            }
        }
    }

    fn choose(&self, left: usize) -> Vec<NextRun> {
        if self.rules.batch == 0 {
            self.knowledge.next_block(&self.allocation, left)
        } else {
            self.knowledge.next_runs(&self.allocation, left)
        }
    }

    fn run(&mut self, run: NextRun) {
        let NextRun { method, block } = run;
        let Some(limit) = self.rules.stop_behind else {
            let score = self.world.run(method, block);
            return self.knowledge.finished(run, score, None);
        };
        let halfway = self.world.run_half(method, block);
        if self.knowledge.is_behind(run, halfway, limit) {
            self.knowledge.stopped(run, halfway);
        } else {
            let score = self.world.finish(method, block);
            self.knowledge.finished(run, score, Some(halfway));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Racing;
    use crate::{Model, World};
    use gauntlet_domain::statistics::{Allocation, Belief, Posterior, Reading, Spread};

    /// The filter stands in for the domain's posterior: they agree, with stopped runs too.
    #[test]
    fn the_filter_is_the_posterior() {
        let model = Model {
            field: 6,
            ..Model::default()
        };
        for replication in 0..20 {
            let mut world = World::new(&model, [3; 32], replication);
            let mut filter = crate::filter::Filter::new(6, 1.0, model.noise_sd(), model.halfway_sd);
            let mut readings = Vec::new();
            for block in 0..4 {
                for method in 0..6 {
                    let halfway = world.run_half(method, block);
                    let reading = |score, halfway| Reading {
                        method,
                        block,
                        score,
                        halfway,
                    };
                    readings.push(reading(halfway, true));
                    if method > 1 && (method * block + replication as usize).is_multiple_of(3) {
                        filter.stop(method, block, halfway);
                    } else {
                        let score = world.finish(method, block);
                        filter.finish(method, block, score);
                        filter.progress(block, halfway, score);
                        readings.push(reading(score, false));
                    }
                }
            }
            let spread = Spread::new(1.0, model.noise_sd(), model.halfway_sd).unwrap();
            let posterior = Posterior::new(6, &readings, &spread);
            for method in 0..6 {
                let gap = filter.mean(method)
                    - filter.mean(0)
                    - (posterior.mean(method) - posterior.mean(0));
                assert!(gap.abs() < 1e-3, "{gap}");
                for block in 0..4 {
                    let gap = filter.reduction(method, (method + 1) % 6, block)
                        - posterior.reduction(method, (method + 1) % 6, block);
                    assert!(gap.abs() < 1e-3, "{gap}");
                }
            }
            let rules = Allocation::default();
            assert_eq!(rules.pick(&filter, 9), rules.pick(&posterior, 9));
        }
    }

    #[test]
    fn budgets_are_kept() {
        let model = Model::default();
        for budget in [20, 33, 56, 57, 100] {
            for rules in [
                Racing::new(budget),
                Racing::new(budget).with_stops(),
                Racing {
                    batch: 4,
                    ..Racing::new(budget)
                },
                Racing {
                    batch: 0,
                    ..Racing::new(budget)
                },
                Racing {
                    estimated: true,
                    ..Racing::new(budget)
                },
            ] {
                let mut world = World::new(&model, [1; 32], 0);
                rules.play(&mut world);
                // The first block is played in any case.
                assert!(
                    world.runs() <= budget.max(32) as f64,
                    "{rules:?} {}",
                    world.runs()
                );
                assert!(world.runs() >= budget as f64 - 2.0 || rules.batch == 0);
            }
        }
    }
}
