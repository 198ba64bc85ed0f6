//! Racing: after a first block for everybody, the run that tells most about who is best comes
//! next, until the runs are spent or the best is beyond doubt.
//!
//! The results so far give a Gaussian posterior of every method's quality ([`Posterior`]):
//! score = quality + difficulty of the block + noise, spreads estimated from the results
//! themselves ([`Spread::estimate`]). [`Allocation`] then chooses runs between the leader and
//! whoever is likeliest to be better after all, on a new block or on an old one that
//! a method has not run yet. A round is a batch of such runs, so that several runners have
//! work; nobody is cut before the end.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Next, Opening};
use crate::points::{BlockKey, Points};
use crate::standings::placed_anew;
use crate::{
    Allocation, Belief, Decision, Digest, Direction, Format, Metric, Posterior, Reading, Round,
    RulesError, RunState, Spread, SubmissionId, Tournament,
};

/// Draws from the posterior, in mirrored pairs: the standard error of a probability is at
/// most 0.008.
const PAIRS: u32 = 2048;

/// A fault counts as so much worse than the worst of those that completed the block, as
/// a share of that one's distance from a miss. A miss itself would be an outlier that hides
/// every difference between methods that work.
const FAULT: f64 = 0.1;

/// The rules of format `racing`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Racing {
    /// Runs to spend, for each method of the field: 2.5 are 80 for a field of 32.
    pub runs_per_method: f64,
    /// Runs of a round, chosen before any of their results is seen.
    pub batch: u32,
    /// It ends early once a method is the best with this probability.
    pub confidence: f64,
}

impl Default for Racing {
    /// Two and a half runs for each method, four at a time, until 99 % sure.
    fn default() -> Self {
        Self {
            runs_per_method: 2.5,
            batch: 4,
            confidence: 0.99,
        }
    }
}

impl Racing {
    pub(crate) fn validate(&self) -> Result<(), RulesError> {
        let error = |field, must: &str| {
            Err(RulesError {
                field,
                must: must.to_owned(),
            })
        };
        if !(1.0..=1000.0).contains(&self.runs_per_method) {
            return error("rules.runs_per_method", "must be from 1 to 1000");
        }
        if !(1..=1000).contains(&self.batch) {
            return error("rules.batch", "must be from 1 to 1000");
        }
        if !(self.confidence > 0.5 && self.confidence <= 1.0) {
            return error("rules.confidence", "must be more than 0.5 and at most 1");
        }
        Ok(())
    }

    /// Runs to spend on a field: enough for everybody once, and for two a second time.
    fn budget(&self, field: usize) -> usize {
        let wanted = (self.runs_per_method * field as f64).round() as usize;
        match field {
            0 | 1 => field,
            _ => wanted.max(field + 2),
        }
    }

    fn allocation(&self) -> Allocation {
        Allocation {
            batch: self.batch as usize,
            ..Allocation::default()
        }
    }
}

/// What the results say.
struct Outlook {
    /// Who is in it, in the order of the posterior's methods: by digest of the module.
    methods: Vec<SubmissionId>,
    /// The blocks, in the order of the posterior's keys.
    blocks: Vec<BlockKey>,
    readings: Vec<Reading>,
    posterior: Posterior,
    p_best: Vec<f64>,
    /// What estimates are added to, to be in the unit of the scores.
    middle: f64,
}

impl Outlook {
    /// From the results up to and with round `up_to`: a decision looked at later is made from
    /// what was known then.
    fn of(tournament: &Tournament, points: &Points, up_to: u32) -> Self {
        let scale = tournament.scale();
        let completed = |who: &SubmissionId| points.of(*who, 1, up_to).any(|(_, it)| !it.fault);
        let methods: Vec<SubmissionId> =
            tournament.playing().into_iter().filter(completed).collect();
        let mut by_block: BTreeMap<BlockKey, Vec<(usize, Option<f64>)>> = BTreeMap::new();
        for (at, who) in methods.iter().enumerate() {
            for (block, point) in points.of(*who, 1, up_to) {
                let value = (!point.fault).then_some(upward(&scale, point.value));
                by_block.entry(block).or_default().push((at, value));
            }
        }
        let miss = upward(&scale, scale.miss);
        let mut readings = Vec::new();
        for (block, (_, scores)) in by_block.iter().enumerate() {
            let worst = scores
                .iter()
                .filter_map(|(_, value)| *value)
                .reduce(f64::min);
            // Where all failed nobody can be told from anybody.
            let Some(worst) = worst else { continue };
            let fault = worst - FAULT * (worst - miss).max(0.0);
            readings.extend(scores.iter().map(|(method, value)| Reading {
                method: *method,
                block,
                score: value.unwrap_or(fault),
                halfway: false,
            }));
        }
        let spread = Spread::estimate(methods.len(), &readings, 1.0);
        let posterior = Posterior::new(methods.len(), &readings, &spread);
        let p_best = posterior.p_best(draws(tournament, up_to), PAIRS);
        let sum: f64 = readings.iter().map(|reading| reading.score).sum();
        Self {
            middle: sum / readings.len().max(1) as f64,
            methods,
            blocks: by_block.into_keys().collect(),
            readings,
            posterior,
            p_best,
        }
    }

    fn leader(&self) -> Option<SubmissionId> {
        Some(self.methods[self.posterior.leader()?])
    }

    /// Estimate and chance of every method.
    fn estimates(&self, scale: &Metric) -> BTreeMap<SubmissionId, (f64, f64)> {
        let means = self.posterior.means().iter().zip(&self.p_best);
        self.methods
            .iter()
            .zip(means)
            .map(|(who, (mean, p_best))| (*who, (upward(scale, self.middle + mean), *p_best)))
            .collect()
    }
}

/// A score as a number that is better when it is larger; its own inverse.
fn upward(scale: &Metric, score: f64) -> f64 {
    match scale.better {
        Direction::Higher => score,
        Direction::Lower => -score,
    }
}

/// Where the draws come from: nobody could choose it.
fn draws(tournament: &Tournament, round: u32) -> [u8; 32] {
    let seed = tournament.seed().map(|seed| *seed.0.as_bytes());
    let seed = seed.unwrap_or_default();
    *Digest::of_parts(&[b"gauntlet/p-best/v1", &seed, &round.to_be_bytes()]).as_bytes()
}

impl Racing {
    /// Runs that were queued and not voided.
    fn spent(tournament: &Tournament, up_to: u32) -> usize {
        tournament
            .rounds()
            .iter()
            .filter(|round| round.number <= up_to)
            .flat_map(|round| round.runs.values())
            .filter(|run| run.state != RunState::Void)
            .count()
    }

    /// The next runs; none if it is over.
    fn batch(&self, tournament: &Tournament, outlook: &Outlook, up_to: u32) -> Option<Opening> {
        let left = self
            .budget(tournament.field().count())
            .saturating_sub(Self::spent(tournament, up_to));
        let sure = outlook
            .p_best
            .iter()
            .any(|chance| *chance >= self.confidence);
        // One block cannot tell quality from luck, however clear it looks.
        if outlook.methods.len() < 2 || (sure && outlook.blocks.len() > 1) {
            return None;
        }
        let runs = self.allocation().next_runs(
            outlook.methods.len(),
            &outlook.readings,
            outlook.posterior.spread(),
            left,
        );
        if runs.is_empty() {
            return None;
        }
        let mut fresh: BTreeMap<usize, Vec<SubmissionId>> = BTreeMap::new();
        let mut late: BTreeMap<BlockKey, Vec<SubmissionId>> = BTreeMap::new();
        for run in runs {
            let who = outlook.methods[run.method];
            match outlook.blocks.get(run.block) {
                Some(block) => late.entry(*block).or_default().push(who),
                None => fresh.entry(run.block).or_default().push(who),
            }
        }
        Some(Opening {
            entrants: tournament.playing(),
            heats: fresh.into_values().collect(),
            blocks: 1,
            shared: false,
            late: late.into_iter().collect(),
        })
    }
}

impl Format for Racing {
    fn next(&self, tournament: &Tournament) -> Next {
        if tournament.rounds().is_empty() {
            return Next::Open(Opening::together(tournament.playing(), 1));
        }
        let played = tournament.rounds().len() as u32;
        let outlook = Outlook::of(tournament, &tournament.points(), played);
        match self.batch(tournament, &outlook, played) {
            Some(opening) => Next::Open(opening),
            None => Next::Winner(outlook.leader()),
        }
    }

    fn decide(&self, tournament: &Tournament, round: &Round) -> Decision {
        let points = tournament.points();
        let outlook = Outlook::of(tournament, &points, round.number);
        let scale = tournament.scale();
        let estimates = outlook.estimates(&scale);
        let standings = tournament.standings_of(round, &points, (1, round.number));
        // Those who completed no run have no estimate and come last.
        let standings = placed_anew(tournament, standings, |line| {
            if let Some((estimate, p_best)) = estimates.get(&line.submission) {
                line.estimate = Some(estimate + 0.0);
                line.p_best = Some(*p_best);
            }
        });
        let keep: BTreeSet<SubmissionId> = match self.batch(tournament, &outlook, round.number) {
            Some(_) => outlook.methods.iter().copied().collect(),
            None => outlook.leader().into_iter().collect(),
        };
        Decision::new(tournament, &points, round, standings, &keep, 1)
    }

    fn rounds(&self, field: usize) -> u32 {
        // At worst a round brings one run.
        (1 + self.budget(field) - field.min(self.budget(field))) as u32
    }

    fn runs(&self, field: usize) -> usize {
        self.budget(field)
    }
}

#[cfg(test)]
mod tests {
    use super::Racing;
    use crate::Format;

    #[test]
    fn runs_follow_from_the_field() {
        let racing = Racing::default();
        assert_eq!(racing.runs(32), 80);
        assert_eq!(racing.runs(1), 1);
        // Everybody once, and two a second time, whatever the rules grudge.
        let mean = Racing {
            runs_per_method: 1.0,
            ..Racing::default()
        };
        assert_eq!(mean.runs(5), 7);
    }

    #[test]
    fn numbers_out_of_range_are_named() {
        let field = |racing: Racing| racing.validate().unwrap_err().field;
        assert_eq!(Racing::default().validate(), Ok(()));
        for (wrong, name) in [
            (
                Racing {
                    runs_per_method: f64::NAN,
                    ..Racing::default()
                },
                "rules.runs_per_method",
            ),
            (
                Racing {
                    batch: 0,
                    ..Racing::default()
                },
                "rules.batch",
            ),
            (
                Racing {
                    confidence: 0.5,
                    ..Racing::default()
                },
                "rules.confidence",
            ),
        ] {
            assert_eq!(field(wrong), name);
        }
    }
}
