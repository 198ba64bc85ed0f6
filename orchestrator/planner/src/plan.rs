//! What a tournament would cost and find.

use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{Model, ModelError, Schedule, World};

/// Replications that one task of the thread pool plays.
const CHUNK: u64 = 32;

/// What runs cost.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// GPU-hours of one whole run.
    pub hours_per_run: f64,
    /// Money for one GPU-hour, in any currency.
    pub per_gpu_hour: f64,
}

impl Price {
    /// How many whole runs `gpu_hours` pay for.
    pub fn runs(&self, gpu_hours: f64) -> usize {
        // A budget written in decimals must not lose a run to their rounding.
        (gpu_hours / self.hours_per_run + 1e-9).max(0.0) as usize
    }
}

/// What to simulate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// How results come about.
    pub model: Model,
    /// Budgets, in runs, to compare all formats at.
    pub budgets: Vec<usize>,
    /// What runs cost.
    pub price: Price,
    /// Tournaments to play of each.
    pub replications: u64,
    /// Where everything random derives from.
    pub seed: [u8; 32],
}

/// What one schedule would cost and find.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The schedule.
    pub schedule: Schedule,
    /// Its name for people.
    pub name: String,
    /// Whether it needs runs that can be stopped half-way.
    pub stops_runs: bool,
    /// Mean number of runs, a stopped one counting half.
    pub runs: f64,
    /// The same in GPU-hours.
    pub gpu_hours: f64,
    /// The same in money.
    pub cost: f64,
    /// Share of tournaments whose champion was the truly best method.
    pub p_best: f64,
    /// Standard error of that share.
    pub p_best_se: f64,
    /// Mean of how much worse the champion is than the best, in the scores' unit.
    pub regret: f64,
    /// Standard error of that mean.
    pub regret_se: f64,
    /// Tournaments played.
    pub replications: u64,
}

#[derive(Clone, Copy, Default)]
struct Sums {
    best: f64,
    regret: f64,
    regret_squared: f64,
    runs: f64,
}

impl Sums {
    fn plus(self, other: Self) -> Self {
        Self {
            best: self.best + other.best,
            regret: self.regret + other.regret,
            regret_squared: self.regret_squared + other.regret_squared,
            runs: self.runs + other.runs,
        }
    }
}

/// Plays `replications` tournaments of `schedule`, on all threads of the pool.
/// Chunks are added up in their order, so the number of threads does not show.
/// `progress` hears the number of tournaments played so far.
pub fn simulate(
    schedule: &Schedule,
    model: &Model,
    price: &Price,
    seed: [u8; 32],
    replications: u64,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Estimate, ModelError> {
    model.validate()?;
    if !schedule.is_playable(model) {
        return Err(ModelError("the schedule's numbers do not fit the field"));
    }
    if replications == 0 {
        return Err(ModelError("replications must be at least 1"));
    }
    let played = AtomicU64::new(0);
    let chunks: Vec<Sums> = (0..replications.div_ceil(CHUNK))
        .into_par_iter()
        .map(|chunk| {
            let numbers = (chunk * CHUNK)..((chunk + 1) * CHUNK).min(replications);
            let count = numbers.end - numbers.start;
            let mut sums = Sums::default();
            for number in numbers {
                let mut world = World::new(model, seed, number);
                let champion = schedule.play(&mut world);
                let regret = world.regret(champion);
                sums = sums.plus(Sums {
                    best: f64::from(u8::from(champion == world.best())),
                    regret,
                    regret_squared: regret * regret,
                    runs: world.runs(),
                });
            }
            progress(played.fetch_add(count, Ordering::Relaxed) + count);
            sums
        })
        .collect();
    let total = chunks.into_iter().fold(Sums::default(), Sums::plus);
    let n = replications as f64;
    let (p_best, regret, runs) = (total.best / n, total.regret / n, total.runs / n);
    let gpu_hours = runs * price.hours_per_run;
    Ok(Estimate {
        schedule: *schedule,
        name: schedule.to_string(),
        stops_runs: schedule.stops_runs(),
        runs,
        gpu_hours,
        cost: gpu_hours * price.per_gpu_hour,
        p_best,
        p_best_se: (p_best * (1.0 - p_best) / n).sqrt(),
        regret,
        regret_se: ((total.regret_squared / n - regret * regret).max(0.0) / n).sqrt(),
        replications,
    })
}

impl Plan {
    /// All schedules that it compares: every format at every budget, each once.
    pub fn schedules(&self) -> Vec<Schedule> {
        let mut schedules: Vec<Schedule> = Vec::new();
        for &budget in &self.budgets {
            for schedule in Schedule::within(budget, &self.model) {
                if !schedules.contains(&schedule) {
                    schedules.push(schedule);
                }
            }
        }
        schedules
    }

    /// Simulates them all. `progress` hears the tournaments played and those to play.
    pub fn estimates(
        &self,
        progress: &(dyn Fn(u64, u64) + Sync),
    ) -> Result<Vec<Estimate>, ModelError> {
        self.model.validate()?;
        let schedules = self.schedules();
        let all = self.replications * schedules.len() as u64;
        (0..)
            .zip(&schedules)
            .map(|(at, schedule)| {
                simulate(
                    schedule,
                    &self.model,
                    &self.price,
                    self.seed,
                    self.replications,
                    &|done| progress(at * self.replications + done, all),
                )
            })
            .collect()
    }
}
