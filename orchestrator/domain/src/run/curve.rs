//! Numbers a method reports while it trains.

use std::collections::BTreeMap;

use gauntlet_text::is_unprintable;
use serde::{Deserialize, Serialize};

/// Most points kept of one metric of one run.
pub const MAX_POINTS_PER_METRIC: usize = 512;
/// Most metrics kept of one run.
pub const MAX_METRIC_NAMES: usize = 32;
/// Longest name of a metric, in characters.
const MAX_NAME: usize = 64;

/// One reported number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CurvePoint {
    /// The method's own step count.
    pub step: u64,
    /// Name of the metric.
    pub name: String,
    /// Its value; `None` if it was not finite.
    pub value: Option<f64>,
}

/// Bounds what an entrant can make us keep, and makes it safe to show: names
/// lose control characters and excess length, metrics beyond
/// [`MAX_METRIC_NAMES`] are dropped, long metrics are thinned evenly to
/// [`MAX_POINTS_PER_METRIC`] (first and last point stay). Of several points at
/// one step the last counts. Sorted by name, then step.
pub fn tidy_curve(points: Vec<CurvePoint>) -> Vec<CurvePoint> {
    let mut metrics: BTreeMap<String, BTreeMap<u64, Option<f64>>> = BTreeMap::new();
    for point in points {
        let name: String = point
            .name
            .chars()
            .filter(|c| !is_unprintable(*c))
            .take(MAX_NAME)
            .collect();
        let value = point.value.filter(|value| value.is_finite());
        // Steps beyond what the database counts to are the same "very late".
        let step = point.step.min(i64::MAX.unsigned_abs());
        if metrics.len() < MAX_METRIC_NAMES || metrics.contains_key(&name) {
            metrics.entry(name).or_default().insert(step, value);
        }
    }
    let mut tidy = Vec::new();
    for (name, points) in metrics {
        let count = points.len();
        let keep = count.min(MAX_POINTS_PER_METRIC);
        let points: Vec<(u64, Option<f64>)> = points.into_iter().collect();
        tidy.extend((0..keep).map(|nth| {
            let at = if keep < 2 {
                0
            } else {
                nth * (count - 1) / (keep - 1)
            };
            let (step, value) = points[at];
            CurvePoint {
                step,
                name: name.clone(),
                value,
            }
        }));
    }
    tidy
}

#[cfg(test)]
mod tests {
    use super::{CurvePoint, MAX_METRIC_NAMES, MAX_POINTS_PER_METRIC, tidy_curve};

    fn point(step: u64, name: &str, value: f64) -> CurvePoint {
        CurvePoint {
            step,
            name: name.to_owned(),
            value: Some(value),
        }
    }

    #[test]
    fn names_cannot_drive_a_terminal_or_turn_text_around() {
        let tidy = tidy_curve(vec![point(1, "lo\u{1b}[2Jss\u{202e}\u{2066}", 1.0)]);
        assert_eq!(tidy[0].name, "lo[2Jss");
    }

    #[test]
    fn a_flood_is_thinned_and_keeps_its_ends() {
        let tidy = tidy_curve((0..10_000).map(|n| point(n, "loss", 1.0)).collect());
        assert_eq!(tidy.len(), MAX_POINTS_PER_METRIC);
        assert_eq!(tidy[0].step, 0);
        assert_eq!(tidy[tidy.len() - 1].step, 9_999);
        let names = tidy_curve(
            (0..100)
                .map(|n| point(0, &format!("m{n:03}"), 1.0))
                .collect(),
        );
        assert_eq!(names.len(), MAX_METRIC_NAMES);
    }

    #[test]
    fn names_and_numbers_are_made_safe() {
        let tidy = tidy_curve(vec![
            point(u64::MAX, "lo\u{0}ss\u{1b}", f64::NAN),
            point(1, &"x".repeat(1000), 0.5),
        ]);
        assert_eq!(tidy[0].name, "loss");
        assert_eq!(tidy[0].value, None);
        assert_eq!(tidy[0].step, i64::MAX.unsigned_abs());
        assert_eq!(tidy[1].name.len(), 64);
    }

    #[test]
    fn short_curves_stay_as_they_are() {
        let points = vec![point(1, "a", 0.5), point(2, "a", 0.25), point(1, "b", 3.0)];
        assert_eq!(tidy_curve(points.clone()), points);
        assert!(tidy_curve(Vec::new()).is_empty());
    }
}
