//! Stopping a run that can no longer matter.
//!
//! While a method trains, its runner scores its latest checkpoint on a public slice: rows of
//! the train part. From such a probe follows how good the run can still become. The bound
//! rests on what is public and on results that are final; the hidden part of a run that is
//! not finished is looked at by nobody.
//!
//! With G the largest improvement from the probe at the same share of the budget to the
//! final score, among runs completed on the same block:
//!
//! - this run ends at `probe + G + slack` at best, and never beyond the metric's best;
//! - its method's other unfinished runs of the round end at the metric's best;
//! - its rivals' unfinished runs of the round end in a miss.
//!
//! If even so as many rivals as there are places have a better mean, the run is stopped and
//! counts as a miss. As long as the true score obeys the bound, the same methods are kept
//! with and without stopping: whoever was stopped would have been cut, whoever is kept was
//! never stopped, and means of those who are cut only become worse.

use std::cmp::Ordering;

use crate::ids::{RunId, SubmissionId};
use crate::run::{Direction, Metric, Outcome, RunState, Verdict};
use crate::tournament::points::{self, Counted, Points};
use crate::tournament::round::Round;
use crate::tournament::rules::Combine;
use crate::tournament::state::Tournament;

/// Why a run can no longer matter.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error(
    "probed at {probe}, the run ends at {bound} at best: a mean of {mean} at most, and {places} \
     rivals stand at {needed} or better already"
)]
pub struct Hopeless {
    /// The probe's score.
    pub probe: f64,
    /// The best that the run can end at.
    pub bound: f64,
    /// The best mean that the method can have after the round.
    pub mean: f64,
    /// What the last one kept has at least.
    pub needed: f64,
    /// How many are kept.
    pub places: usize,
}

impl Tournament {
    /// Whether a round's runs may be stopped at all: the rules ask for it, who goes on is
    /// decided by the mean over shared blocks alone, and it is not about the title.
    pub fn may_stop_runs(&self, round: &Round) -> bool {
        self.rules.terms.mid_run.is_some() && self.places(round).is_some()
    }

    fn places(&self, round: &Round) -> Option<usize> {
        let open = round.decision.is_none() && self.title_defender(round).is_none();
        let by_mean = self.rules.terms.combine == Combine::Mean;
        (open && by_mean)
            .then(|| self.rules.format().kept_by_mean(self, round))
            .flatten()
    }
}

/// Whether a run that was probed with this score can still change who goes on. `finished`
/// has the probes of other runs at the same share of the budget; those that have not
/// completed, or ran another block, are passed over.
///
/// # Errors
/// If it can not: why.
pub fn can_still_matter(
    tournament: &Tournament,
    run: RunId,
    probe: f64,
    finished: &[(RunId, f64)],
) -> Result<(), Hopeless> {
    hopeless(tournament, run, probe, finished).map_or(Ok(()), Err)
}

fn hopeless(
    tournament: &Tournament,
    run: RunId,
    probe: f64,
    finished: &[(RunId, f64)],
) -> Option<Hopeless> {
    let terms = tournament.rules.terms.mid_run?;
    let round = tournament.rounds.last()?;
    let record = round.runs.get(&run)?;
    if record.outcome.is_some() || !probe.is_finite() {
        return None;
    }
    let places = tournament.places(round)?;
    let metric = tournament.scale();

    let gains: Vec<f64> = finished
        .iter()
        .filter_map(|(other, before)| {
            let other = round.runs.get(other)?;
            let score = other.outcome?.score()?;
            (other.block == record.block).then(|| metric.advantage(score, *before))
        })
        .collect();
    if gains.len() < terms.min_finished as usize {
        return None;
    }
    let most = gains.iter().copied().fold(f64::NEG_INFINITY, f64::max) + terms.slack;
    let bound = improved(&metric, probe, most);

    let points = imagined(tournament, round, record.submission, (run, bound), &metric)?;
    let window = (1, round.number);
    let total = |who| points.total(&Combine::Mean, who, window.0, window.1);
    let mean = total(record.submission)?;
    let mut better: Vec<f64> = round
        .entrants
        .iter()
        .filter(|who| **who != record.submission && !tournament.is_disqualified(**who))
        .filter_map(|who| total(*who))
        .filter(|rival| metric.order(*rival, mean) == Ordering::Less)
        .collect();
    better.sort_by(|a, b| metric.order(*a, *b));
    Some(Hopeless {
        probe,
        bound,
        mean,
        needed: *better.get(places.checked_sub(1)?)?,
        places,
    })
}

/// A score improved by so much, but never beyond the metric's best.
fn improved(metric: &Metric, score: f64, by: f64) -> f64 {
    let better = match metric.better {
        Direction::Higher => score + by,
        Direction::Lower => score - by,
    };
    if metric.order(better, metric.best) == Ordering::Less {
        metric.best
    } else {
        better
    }
}

/// The points after the round if it goes as well as it can for one method and as badly as it
/// can for all others.
fn imagined(
    tournament: &Tournament,
    round: &Round,
    hopeful: SubmissionId,
    (run, bound): (RunId, f64),
    metric: &Metric,
) -> Option<Points> {
    let bound = Outcome::new(Verdict::Completed, Some(bound)).ok()?;
    let best = Outcome::new(Verdict::Completed, Some(metric.best)).ok()?;
    let miss = Outcome::new(Verdict::MethodFailed, None).ok()?;
    let mut round = round.clone();
    for (id, record) in &mut round.runs {
        if record.outcome.is_some() || record.state == RunState::Void {
            continue;
        }
        record.outcome = Some(match (*id == run, record.submission == hopeful) {
            (true, _) => bound,
            (_, true) => best,
            _ => miss,
        });
    }
    let earlier = tournament
        .rounds
        .iter()
        .filter(|other| other.number != round.number);
    let results: Vec<(SubmissionId, Counted)> = earlier
        .chain([&round])
        .flat_map(points::counted)
        .filter(|(who, _)| !tournament.is_disqualified(*who))
        .collect();
    Some(Points::new(
        &Combine::Mean,
        &tournament.metrics,
        results.into_iter(),
    ))
}
