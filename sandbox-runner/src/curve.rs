//! What a method reported, thinned so that it stays small however long it trains.

use std::collections::BTreeMap;
use std::sync::Arc;

use gauntlet_protocol::{CheckpointScore, CurvePoint};
use tokio::sync::Notify;

/// Points kept of one metric.
const POINTS: usize = 512;
/// Different metrics kept; the names are the method's, and there is no end to them.
const METRICS: usize = 8;
/// Bytes kept of a metric's name. With the two numbers above it keeps a report below the
/// 1 MiB of JSON that the orchestrator reads, whatever a method reports.
const NAME: usize = 64;
/// Points sent with one heartbeat.
const NEWS: usize = 256;

/// The curves of one attempt, and how far it has come.
#[derive(Debug, Default)]
pub struct Curve {
    metrics: BTreeMap<String, Series>,
    news: Vec<CurvePoint>,
    /// Share of the whole attempt's budget used, 0 to 1.
    pub progress: f64,
    /// What checkpoints scored on the public slice.
    pub scores: Vec<CheckpointScore>,
    /// So many of them have been sent.
    sent: usize,
    /// Notified of each score: it is worth a heartbeat of its own.
    pub scored: Arc<Notify>,
}

/// Every `stride`-th report of a metric, and the last one.
#[derive(Debug)]
struct Series {
    stride: usize,
    seen: usize,
    kept: Vec<(u64, Option<f64>)>,
    last: (u64, Option<f64>),
}

impl Curve {
    /// Takes a report in.
    pub fn push(&mut self, step: u64, name: &str, value: Option<f64>) {
        let visible = |c: char| {
            if gauntlet_text::is_unprintable(c) {
                '?'
            } else {
                c
            }
        };
        let mut name: String = name.chars().take(NAME).map(visible).collect();
        name.truncate(name.floor_char_boundary(NAME));
        // The largest number that the database keeps.
        let step = step.min(i64::MAX.cast_unsigned());
        let value = value.filter(|value| value.is_finite());
        if !self.metrics.contains_key(&name) && self.metrics.len() >= METRICS {
            return;
        }
        let point = (step, value);
        let series = self.metrics.entry(name.clone()).or_insert_with(|| Series {
            stride: 1,
            seen: 0,
            kept: Vec::new(),
            last: point,
        });
        if series.push(point) && self.news.len() < NEWS {
            self.news.push(CurvePoint { step, name, value });
        }
    }

    /// Takes a checkpoint's score in.
    pub fn push_score(&mut self, score: CheckpointScore) {
        self.scores.push(score);
        self.scored.notify_one();
    }

    /// Scores since the last call.
    pub fn take_scores(&mut self) -> Vec<CheckpointScore> {
        let new = self.scores[self.sent..].to_vec();
        self.sent = self.scores.len();
        new
    }

    /// Points kept since the last call.
    pub fn take_news(&mut self) -> Vec<CurvePoint> {
        std::mem::take(&mut self.news)
    }

    /// The whole curve, at most 512 points a metric.
    pub fn whole(&self) -> Vec<CurvePoint> {
        let points = self.metrics.iter().flat_map(|(name, series)| {
            series.points().map(|(step, value)| CurvePoint {
                step,
                name: name.clone(),
                value,
            })
        });
        points.collect()
    }
}

impl Series {
    /// Returns whether the point is one of those kept for now.
    fn push(&mut self, point: (u64, Option<f64>)) -> bool {
        self.last = point;
        let keep = self.seen.is_multiple_of(self.stride);
        self.seen += 1;
        if keep {
            // One place stays free for the last report.
            if self.kept.len() == POINTS - 1 {
                let mut index = 0;
                self.kept.retain(|_| {
                    index += 1;
                    index % 2 == 1
                });
                self.stride *= 2;
                if !(self.seen - 1).is_multiple_of(self.stride) {
                    return false;
                }
            }
            self.kept.push(point);
        }
        keep
    }

    fn points(&self) -> impl Iterator<Item = (u64, Option<f64>)> {
        let last = (self.kept.last() != Some(&self.last)).then_some(self.last);
        self.kept.iter().copied().chain(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_curves_are_kept_whole() {
        let mut curve = Curve::default();
        for step in 0..10 {
            curve.push(step, "loss", Some(1.0));
        }
        assert_eq!(curve.whole().len(), 10);
        assert_eq!(curve.take_news().len(), 10);
        assert!(curve.take_news().is_empty());
    }

    #[test]
    fn long_curves_are_thinned_evenly_and_end_with_the_last_point() {
        let mut curve = Curve::default();
        for step in 0..100_003 {
            curve.push(step, "loss", Some(step as f64));
        }
        let points = curve.whole();
        assert!((250..=512).contains(&points.len()), "{}", points.len());
        assert_eq!(points[0].step, 0);
        assert_eq!(points.last().unwrap().step, 100_002);
        let gaps: Vec<u64> = points
            .windows(2)
            .map(|pair| pair[1].step - pair[0].step)
            .collect();
        assert!(
            gaps[..gaps.len() - 1].iter().all(|gap| *gap == gaps[0]),
            "evenly"
        );
    }

    #[test]
    fn a_method_cannot_make_it_large() {
        let mut curve = Curve::default();
        // As long in UTF-8, and as long when escaped, as it gets.
        for filling in ["\u{10ffff}", "\"", "\0"] {
            for metric in 0..20 {
                let name = format!("{metric}{}", filling.repeat(1_000));
                for _ in 0..1_500 {
                    curve.push(u64::MAX, &name, Some(-f64::MAX));
                }
            }
        }
        assert!(curve.take_news().len() <= 256);
        let whole = curve.whole();
        assert!(
            whole
                .iter()
                .all(|point| point.name.len() <= 64 && !point.name.contains('\0'))
        );
        assert!(whole.iter().all(|point| i64::try_from(point.step).is_ok()));
        assert!(serde_json::to_vec(&whole).unwrap().len() < 1_000_000);
    }

    #[test]
    fn numbers_that_are_none_are_kept_as_such() {
        let mut curve = Curve::default();
        curve.push(1, "loss", Some(f64::INFINITY));
        assert_eq!(curve.whole()[0].value, None);
    }
}
