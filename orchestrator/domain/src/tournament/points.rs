//! Results on one scale: what standings and comparisons are made of.

use std::collections::BTreeMap;

use crate::ids::SubmissionId;
use crate::run::{Direction, Metric, Outcome};
use crate::statistics::{profile_points, profile_score};
use crate::tournament::round::{Block, Round};
use crate::tournament::rules::Combine;

/// Place of a block in a tournament: round and number, both from 1.
pub(crate) type BlockKey = (u32, u32);

/// A result that counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Counted {
    /// Where it was earned.
    pub block: BlockKey,
    /// In which round: of a late entry, a later one than the block's.
    pub round: u32,
    /// The block's task, from 0.
    pub task: u32,
    /// The result.
    pub outcome: Outcome,
    /// Work until the task's target was reached, if it was.
    pub to_target: Option<f64>,
    /// Whether it had half the budget.
    pub half: bool,
}

/// A method's result on a block, on the tournament's scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Point {
    /// What it is worth.
    pub value: f64,
    /// Whether it was the entrant's fault.
    pub fault: bool,
    /// Whether it had half the budget.
    pub half: bool,
    /// The round it was run in.
    round: u32,
    /// The block's task.
    task: u32,
    /// Work over the reference's, where profiles are compared.
    ratio: f64,
}

/// All points of a tournament.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Points {
    by_method: BTreeMap<SubmissionId, BTreeMap<BlockKey, Point>>,
}

impl Points {
    /// Puts results on the scale that `combine` says.
    pub(crate) fn new(
        combine: &Combine,
        metrics: &[Metric],
        results: impl Iterator<Item = (SubmissionId, Counted)>,
    ) -> Self {
        let mut by_method: BTreeMap<SubmissionId, BTreeMap<BlockKey, Point>> = BTreeMap::new();
        let default = Metric::default();
        let mut by_block: BTreeMap<BlockKey, Vec<(SubmissionId, f64)>> = BTreeMap::new();
        for (who, counted) in results {
            let metric = metrics.get(counted.task as usize).unwrap_or(&default);
            let mut point = Point {
                value: metric.points(&counted.outcome),
                fault: counted.outcome.is_fault(),
                half: counted.half,
                round: counted.round,
                task: counted.task,
                ratio: f64::INFINITY,
            };
            match combine {
                Combine::Mean => {}
                Combine::Ranks => by_block
                    .entry(counted.block)
                    .or_default()
                    .push((who, point.value)),
                Combine::Profile { r_max, reference } => {
                    let reference = reference.get(counted.task as usize);
                    if let (Some(work), Some(reference), false) =
                        (counted.to_target, reference, point.fault)
                    {
                        point.ratio = work / reference;
                    }
                    point.value = profile_points(point.ratio, *r_max);
                }
            }
            by_method
                .entry(who)
                .or_default()
                .insert(counted.block, point);
        }
        let mut points = Self { by_method };
        for (block, scores) in by_block {
            points.rank(metrics, block, &scores);
        }
        points
    }

    /// The share of the others on the block that a method beats; equals count half, and one
    /// that ran alone has beaten everybody unless it failed.
    fn rank(&mut self, metrics: &[Metric], block: BlockKey, scores: &[(SubmissionId, f64)]) {
        let default = Metric::default();
        let task = |points: &Self| -> Option<u32> {
            let (who, _) = scores.first()?;
            Some(points.by_method.get(who)?.get(&block)?.task)
        };
        let metric = task(self)
            .and_then(|task| metrics.get(task as usize))
            .unwrap_or(&default);
        let mut worst_first: Vec<f64> = scores.iter().map(|(_, score)| *score).collect();
        worst_first.sort_by(|a, b| metric.order(*b, *a));
        for (who, own) in scores {
            let Some(point) = self
                .by_method
                .get_mut(who)
                .and_then(|points| points.get_mut(&block))
            else {
                continue;
            };
            let worse = worst_first
                .partition_point(|score| metric.order(*own, *score) == std::cmp::Ordering::Less);
            let up_to_equal = worst_first
                .partition_point(|score| metric.order(*own, *score) != std::cmp::Ordering::Greater);
            // The method itself is among its equals.
            let equal = up_to_equal - worse - 1;
            point.value = match scores.len() - 1 {
                0 if point.fault => 0.0,
                0 => 1.0,
                others => (worse as f64 + equal as f64 / 2.0) / others as f64,
            };
        }
    }

    /// A method's points in rounds `from` to `to`, in the order of the blocks.
    pub(crate) fn of(
        &self,
        who: SubmissionId,
        from: u32,
        to: u32,
    ) -> impl Iterator<Item = (BlockKey, &Point)> {
        self.by_method
            .get(&who)
            .into_iter()
            .flatten()
            .filter(move |(_, point)| (from..=to).contains(&point.round))
            .map(|(block, point)| (*block, point))
    }

    /// The points that a method's number rests on, in the order of the blocks: those of half the
    /// budget count only while there are no others.
    pub(crate) fn counting(&self, who: SubmissionId, from: u32, to: u32) -> Vec<&Point> {
        let mut points: Vec<&Point> = self.of(who, from, to).map(|(_, point)| point).collect();
        if points.iter().any(|point| !point.half) {
            points.retain(|point| !point.half);
        }
        points
    }

    /// The standard error of [`Self::total`], where that is a mean of two points or more: of
    /// the very points that it is the mean of.
    pub(crate) fn standard_error(
        &self,
        combine: &Combine,
        who: SubmissionId,
        from: u32,
        to: u32,
    ) -> Option<f64> {
        if matches!(combine, Combine::Profile { .. }) {
            return None;
        }
        let mean = self.total(combine, who, from, to)?;
        let points = self.counting(who, from, to);
        let n = points.len() as f64;
        let squares: f64 = points
            .iter()
            .map(|point| (point.value - mean).powi(2))
            .sum();
        (points.len() >= 2).then(|| (squares / (n - 1.0) / n).sqrt())
    }

    /// The number a method stands by: the mean of its counting points, or its profile score.
    /// Points are added in the order of the blocks: the same results give the same bits on
    /// every machine, in whatever order they arrived.
    pub(crate) fn total(
        &self,
        combine: &Combine,
        who: SubmissionId,
        from: u32,
        to: u32,
    ) -> Option<f64> {
        let points = self.counting(who, from, to);
        if points.is_empty() {
            return None;
        }
        if let Combine::Profile { r_max, reference } = combine {
            let mut tasks = vec![Vec::new(); reference.len()];
            for point in points {
                if let Some(task) = tasks.get_mut(point.task as usize) {
                    task.push(point.ratio);
                }
            }
            // Tasks that nobody was drawn for yet do not count against anybody.
            tasks.retain(|ratios| !ratios.is_empty());
            return Some(profile_score(&tasks, *r_max));
        }
        let sum: f64 = points.iter().map(|point| point.value).sum();
        Some(sum / points.len() as f64 + 0.0)
    }

    /// Points of two methods on the blocks both ran, in the order of the blocks.
    pub(crate) fn pairs(
        &self,
        one: SubmissionId,
        other: SubmissionId,
        from: u32,
        to: u32,
    ) -> Vec<(f64, f64)> {
        let others: BTreeMap<BlockKey, f64> = self
            .of(other, from, to)
            .map(|(block, point)| (block, point.value))
            .collect();
        self.of(one, from, to)
            .filter_map(|(block, point)| Some((point.value, *others.get(&block)?)))
            .collect()
    }
}

/// The scale on which points are compared.
pub(crate) fn scale(combine: &Combine, metrics: &[Metric]) -> Metric {
    let share = |name: &str, best: f64| Metric {
        name: name.to_owned(),
        unit: None,
        better: Direction::Higher,
        best,
        miss: 0.0,
    };
    match combine {
        Combine::Mean => metrics.first().cloned().unwrap_or_default(),
        Combine::Ranks => share("share beaten", 1.0),
        // No work at all: more than the 1 of the reference's own pace.
        Combine::Profile { r_max, .. } => share("profile score", r_max / (r_max - 1.0)),
    }
}

/// The results of `round` that count: not those on voided blocks.
pub(crate) fn counted(round: &Round) -> impl Iterator<Item = (SubmissionId, Counted)> + '_ {
    let blocks: BTreeMap<u32, &Block> = round
        .blocks
        .iter()
        .filter(|block| !round.is_void(block.index))
        .map(|block| (block.index, block))
        .collect();
    round.runs.values().filter_map(move |run| {
        let block = blocks.get(&run.block.1)?;
        let counted = Counted {
            block: block.key(),
            round: round.number,
            task: block.task,
            outcome: run.outcome?,
            to_target: run.to_target,
            half: block.half,
        };
        Some((run.submission, counted))
    })
}
