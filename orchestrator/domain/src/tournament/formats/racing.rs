//! Racing: after a first block for everybody, at half the budget, the run that tells most
//! about who is best comes next, until the runs are spent or the best is beyond doubt.
//!
//! The results so far give a Gaussian posterior of every method's quality ([`Posterior`]):
//! score = quality + difficulty of the block + noise, spreads estimated from the results
//! themselves ([`Spread::estimate`]). [`Allocation`] then chooses runs between the leader and
//! whoever is likeliest to be better after all, on a new block or on an old one that
//! a method has not run yet. A round is a batch of such runs, so that several runners have
//! work; nobody who completed a run is cut before the end.

use std::collections::{BTreeMap, BTreeSet};

use crate::digest::Digest;
use crate::ids::SubmissionId;
use crate::run::{Direction, Metric};
use crate::statistics::{Allocation, Posterior, Reading, Spread};
use crate::tournament::decision::Decision;
use crate::tournament::formats::{Format, Next, Opening};
use crate::tournament::points::{BlockKey, Points};
use crate::tournament::round::{Heat, Round};
use crate::tournament::rules::{FirstBlock, Racing};
use crate::tournament::standing::Standing;
use crate::tournament::standings::placed_anew;
use crate::tournament::state::Tournament;

/// Draws from the posterior, in mirrored pairs: the standard error of a probability is at
/// most 0.008.
const PAIRS: u32 = 2048;

/// A fault counts as so much worse than the worst of those that completed the block, as
/// a share of that one's distance from a miss. A miss itself would be an outlier that hides
/// every difference between methods that work.
const FAULT: f64 = 0.1;

/// For so many methods a round has a run more.
const METHODS_FOR_A_RUN: usize = 32;

/// What the half-way spread is taken to be: as a variance, half of a run's noise. One block at
/// half the budget does not tell the two apart.
const HALFWAY: f64 = 0.5;

impl Racing {
    /// Half-runs to spend on a field: enough for everybody once, and for two a second time.
    fn budget(&self, field: usize) -> usize {
        let wanted = (2.0 * self.runs_per_method * field as f64).round() as usize;
        match field {
            0 | 1 => 2 * field,
            _ => wanted.max(self.first(field) + 4),
        }
    }

    /// Half-runs of the first block. One alone has nobody to be compared with later on.
    fn first(&self, field: usize) -> usize {
        match self.first_block {
            FirstBlock::Half if field > 1 => field,
            FirstBlock::Half | FirstBlock::Whole => 2 * field,
        }
    }

    fn allocation(&self, spent: usize, field: usize) -> Allocation {
        Allocation {
            slack: Allocation::slack_after(spent as f64 / 2.0 / field.max(1) as f64),
            batch: (self.batch as usize).max(field / METHODS_FOR_A_RUN),
            ..Allocation::default()
        }
    }
}

/// The results of a block.
#[derive(Default)]
struct OfBlock {
    /// Whether they are of half the budget.
    half: bool,
    /// Methods and their scores, larger is better; none for a fault.
    scores: Vec<(usize, Option<f64>)>,
}

/// What the results say.
struct Outlook {
    /// Who is in it, in the order of the posterior's methods: that of the field.
    methods: Vec<SubmissionId>,
    /// The blocks, in the order of the posterior's keys.
    blocks: Vec<BlockKey>,
    readings: Vec<Reading>,
    posterior: Posterior,
    p_best: Vec<f64>,
    /// Of each method, whether it completed a run with the whole budget.
    whole: Vec<bool>,
    /// What qualities are added to, to be in the unit of the scores.
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
        let mut by_block: BTreeMap<BlockKey, OfBlock> = BTreeMap::new();
        let mut whole = vec![false; methods.len()];
        for (at, who) in methods.iter().enumerate() {
            for (block, point) in points.of(*who, 1, up_to) {
                let value = (!point.fault).then_some(upward(&scale, point.value));
                let of_block = by_block.entry(block).or_default();
                of_block.half = point.half;
                of_block.scores.push((at, value));
                whole[at] |= !point.half && !point.fault;
            }
        }
        let miss = upward(&scale, scale.miss);
        let mut readings = Vec::new();
        for (block, OfBlock { half, scores }) in by_block.values().enumerate() {
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
                halfway: *half,
            }));
        }
        let spread = Spread::estimate(methods.len(), &readings, HALFWAY);
        let posterior = Posterior::new(methods.len(), &readings, &spread);
        let p_best = posterior.p_best(draws(tournament, up_to), PAIRS);
        // How difficult the blocks of whole runs were, or all where there are no others.
        let only_half = readings.iter().all(|reading| reading.halfway);
        let difficulties = readings
            .iter()
            .filter(|reading| only_half || !reading.halfway)
            .map(|reading| reading.score - posterior.means()[reading.method]);
        let (count, sum) = difficulties.fold((0, 0.0), |(count, sum), one| (count + 1, sum + one));
        Self {
            middle: sum / f64::from(count.max(1)),
            whole,
            methods,
            blocks: by_block.into_keys().collect(),
            readings,
            posterior,
            p_best,
        }
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

/// The standings of `round` by these estimates; those who completed no run have none and come
/// last.
fn standings(
    tournament: &Tournament,
    points: &Points,
    round: &Round,
    outlook: &Outlook,
) -> Vec<Standing> {
    let estimates = outlook.estimates(&tournament.scale());
    let standings = tournament.standings_of(round, points, (1, round.number));
    placed_anew(tournament, standings, |line| {
        if let Some((estimate, p_best)) = estimates.get(&line.submission) {
            line.estimate = Some(estimate + 0.0);
            line.p_best = Some(*p_best);
        }
    })
}

/// The best by the standings as they are shown, equals included: whoever stands first, if it
/// has an estimate.
fn leader(standings: &[Standing]) -> Option<SubmissionId> {
    let first = standings.first()?;
    first.estimate.map(|_| first.submission)
}

/// Last of all: only who completed a run with the whole budget can have won, so nobody else
/// stands above one of those.
fn whole_first(standings: Vec<Standing>, outlook: &Outlook) -> Vec<Standing> {
    let whole: BTreeSet<SubmissionId> = outlook
        .methods
        .iter()
        .zip(&outlook.whole)
        .filter_map(|(who, whole)| whole.then_some(*who))
        .collect();
    let (first, rest): (Vec<_>, Vec<_>) = standings
        .into_iter()
        .partition(|line| whole.contains(&line.submission));
    (1..)
        .zip(first.into_iter().chain(rest))
        .map(|(place, line)| Standing { place, ..line })
        .collect()
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
    /// Half-runs that the rounds were opened for. What is replaced, voided or not needed any
    /// more makes no difference: nobody gains or loses runs by an operator's doing.
    fn spent(tournament: &Tournament, up_to: u32) -> usize {
        let price = |round: &Round, heat: &Heat| {
            let mut blocks = round.blocks.iter();
            let half = blocks.any(|block| block.half && heat.blocks.contains(&block.index));
            heat.entrants.len() * if half { 1 } else { 2 }
        };
        let rounds = tournament.rounds().iter();
        rounds
            .filter(|round| round.number <= up_to)
            .flat_map(|round| round.heats.iter().map(move |heat| price(round, heat)))
            .sum()
    }

    /// The next runs; none if it is over.
    fn batch(&self, tournament: &Tournament, outlook: &Outlook, up_to: u32) -> Option<Opening> {
        // Those who started: who was disqualified before pays for no runs.
        let field = tournament.rounds().first()?.entrants.len();
        let spent = Self::spent(tournament, up_to);
        let left = self.budget(field).saturating_sub(spent) / 2;
        let mut chances = outlook.p_best.iter().zip(&outlook.whole);
        let sure = chances.any(|(chance, whole)| *whole && *chance >= self.confidence);
        // One block cannot tell quality from luck, however clear it looks.
        if outlook.methods.len() < 2 || (sure && outlook.blocks.len() > 1) {
            return None;
        }
        let runs = self.allocation(spent, field).next_runs(
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
            // Who never completed a run is out.
            entrants: outlook.methods.clone(),
            heats: fresh.into_values().collect(),
            blocks: 1,
            shared: false,
            half: false,
            late: late.into_iter().collect(),
        })
    }
}

impl Format for Racing {
    fn next(&self, tournament: &Tournament) -> Next {
        if tournament.rounds().is_empty() {
            let playing = tournament.playing();
            let half = self.first_block == FirstBlock::Half && playing.len() > 1;
            return Next::Open(Opening {
                half,
                ..Opening::together(playing, 1)
            });
        }
        let played = tournament.rounds().len() as u32;
        let points = tournament.points();
        let outlook = Outlook::of(tournament, &points, played);
        if let Some(opening) = self.batch(tournament, &outlook, played) {
            return Next::Open(opening);
        }
        let last = tournament.rounds().last();
        Next::Winner(last.and_then(|round| {
            let standings = standings(tournament, &points, round, &outlook);
            leader(&whole_first(standings, &outlook))
        }))
    }

    fn decide(&self, tournament: &Tournament, round: &Round) -> Decision {
        let points = tournament.points();
        let outlook = Outlook::of(tournament, &points, round.number);
        let standings = standings(tournament, &points, round, &outlook);
        let over = self.batch(tournament, &outlook, round.number).is_none();
        let (standings, keep): (_, BTreeSet<SubmissionId>) = if over {
            let standings = whole_first(standings, &outlook);
            let keep = leader(&standings).into_iter().collect();
            (standings, keep)
        } else {
            (standings, outlook.methods.iter().copied().collect())
        };
        Decision::new(tournament, &points, round, standings, &keep, 1)
    }

    fn rounds(&self, field: usize) -> u32 {
        // At worst a round brings one run, since nothing else would tell anything.
        (1 + (self.budget(field) - self.first(field)) / 2) as u32
    }

    fn runs(&self, field: usize) -> usize {
        field + (self.budget(field) - self.first(field)) / 2
    }
}

#[cfg(test)]
mod tests {
    use crate::tournament::formats::Format;
    use crate::tournament::rules::{FirstBlock, Racing};

    #[test]
    fn runs_follow_from_the_field() {
        let racing = Racing::default();
        // 32 that cost 16, and 64 more.
        assert_eq!(racing.runs(32), 96);
        assert_eq!(racing.runs(1), 1);
        assert_eq!(racing.rounds(32), 65);
        let whole = Racing {
            first_block: FirstBlock::Whole,
            ..racing
        };
        assert_eq!(whole.runs(32), 80);
        assert_eq!(whole.runs(1), 1);
        // Everybody once, and two a second time, whatever the rules grudge.
        let mean = Racing {
            runs_per_method: 1.0,
            ..whole
        };
        assert_eq!(mean.runs(5), 7);
    }
}
