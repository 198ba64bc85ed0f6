//! Two methods meet: who was better on more blocks?

use std::collections::BTreeMap;

use crate::ids::SubmissionId;
use crate::run::Metric;
use crate::tournament::points::Points;

/// Points of the first: 1 if it did better on more of the blocks that both ran in rounds
/// `from` to `to`, 0 if the other did, else one half.
pub(super) fn meet(
    points: &Points,
    scale: &Metric,
    (one, other): (SubmissionId, SubmissionId),
    (from, to): (u32, u32),
) -> f64 {
    let balance: i64 = points
        .pairs(one, other, from, to)
        .iter()
        .map(|(one, other)| match scale.advantage(*one, *other) {
            better if better > 0.0 => 1,
            worse if worse < 0.0 => -1,
            _ => 0,
        })
        .sum();
    match balance.signum() {
        1 => 1.0,
        0 => 0.5,
        _ => 0.0,
    }
}

/// Adds up what each method earned and whom it met.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    earned: BTreeMap<SubmissionId, f64>,
    met: BTreeMap<SubmissionId, Vec<SubmissionId>>,
}

impl Table {
    /// A meeting, with the points of the first; the other has the rest.
    pub(super) fn add(&mut self, one: SubmissionId, other: SubmissionId, points: f64) {
        *self.earned.entry(one).or_default() += points;
        *self.earned.entry(other).or_default() += 1.0 - points;
        self.met.entry(one).or_default().push(other);
        self.met.entry(other).or_default().push(one);
    }

    /// A point without a meeting.
    pub(super) fn bye(&mut self, who: SubmissionId) {
        *self.earned.entry(who).or_default() += 1.0;
        self.met.entry(who).or_default();
    }

    /// What a method has earned.
    pub(super) fn points(&self, who: SubmissionId) -> f64 {
        self.earned.get(&who).copied().unwrap_or(0.0)
    }

    /// What those it met have earned: Buchholz's tie-break.
    pub(super) fn opponents(&self, who: SubmissionId) -> f64 {
        let met = self.met.get(&who).into_iter().flatten();
        // An empty sum is −0.0, which JSON columns do not keep.
        met.map(|other| self.points(*other)).sum::<f64>() + 0.0
    }

    /// Whether two have met.
    pub(super) fn have_met(&self, one: SubmissionId, other: SubmissionId) -> bool {
        self.met.get(&one).is_some_and(|met| met.contains(&other))
    }
}
