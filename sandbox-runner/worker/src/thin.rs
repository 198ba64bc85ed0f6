//! Keeps what a method reports bounded, without ever refusing a report.
//!
//! Of each metric, reports are passed on with a stride that doubles each time
//! [`WINDOW`] of them have been passed on: all of the first 4,096, every second of the
//! next 8,192, and so on. A curve keeps its shape, its first point, and, at the end of the
//! phase, its last one. The rule counts reports and nothing else, so the same run always
//! keeps the same points.

use std::collections::BTreeMap;
use std::time::Instant;

/// Reports passed on before the stride doubles.
const WINDOW: u64 = 4_096;
/// Different metrics passed on; the names are the method's, and there is no end to them.
const MOST_METRICS: usize = 64;
/// Bytes of events passed on in a run, as [`cost`] counts them; far below what the
/// supervisor takes for a flood. Beyond it, only the last point of each metric is told.
const MOST_BYTES: u64 = 32 << 20;

/// One report.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Point {
    pub(crate) step: u64,
    pub(crate) value: Option<f64>,
    pub(crate) at: Instant,
}

/// Which reports to pass on.
#[derive(Debug, Default)]
pub(crate) struct Thinned {
    metrics: BTreeMap<String, Series>,
    bytes: u64,
}

#[derive(Debug)]
struct Series {
    seen: u64,
    stride: u64,
    in_window: u64,
    /// The latest report, as long as it has not been passed on.
    withheld: Option<Point>,
}

impl Thinned {
    /// Whether to pass a report on now.
    pub(crate) fn take(&mut self, name: &str, point: Point) -> bool {
        if !self.metrics.contains_key(name) {
            if self.metrics.len() >= MOST_METRICS {
                return false;
            }
            let series = Series {
                seen: 0,
                stride: 1,
                in_window: 0,
                withheld: None,
            };
            self.metrics.insert(name.to_owned(), series);
        }
        let room = self.bytes + cost(name) <= MOST_BYTES;
        let Some(series) = self.metrics.get_mut(name) else {
            return false;
        };
        let chosen = series.seen.is_multiple_of(series.stride);
        series.seen += 1;
        if !(chosen && room) {
            series.withheld = Some(point);
            return false;
        }
        series.withheld = None;
        series.in_window += 1;
        if series.in_window == WINDOW {
            series.in_window = 0;
            series.stride = series.stride.saturating_mul(2);
        }
        self.bytes += cost(name);
        true
    }

    /// The last report of each metric that has not been passed on.
    pub(crate) fn last(&mut self) -> Vec<(String, Point)> {
        let metrics = std::mem::take(&mut self.metrics);
        metrics
            .into_iter()
            .filter_map(|(name, series)| Some((name, series.withheld?)))
            .collect()
    }
}

/// Most bytes that a report of this name can take as a line, so that the rule does not
/// depend on how many digits a time has.
fn cost(name: &str) -> u64 {
    // A character of a name can be escaped to six bytes; the rest is numbers.
    6 * name.len() as u64 + 160
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(reports: u64, name: impl Fn(u64) -> String) -> (Vec<u64>, Vec<(String, u64)>) {
        let mut thinned = Thinned::default();
        let at = Instant::now();
        let point = |step| Point {
            step,
            value: Some(0.5),
            at,
        };
        let steps = (0..reports)
            .filter(|step| thinned.take(&name(*step), point(*step)))
            .collect();
        let last = thinned.last();
        (
            steps,
            last.into_iter().map(|(name, p)| (name, p.step)).collect(),
        )
    }

    #[test]
    fn few_reports_are_all_passed_on() {
        let (steps, last) = kept(4_096, |_| "loss".to_owned());
        assert_eq!(steps, (0..4_096).collect::<Vec<_>>());
        assert!(last.is_empty());
    }

    #[test]
    fn of_many_the_first_and_the_last_are_kept_and_gaps_only_grow() {
        let (steps, last) = kept(1_000_003, |_| "loss".to_owned());
        assert!(steps.len() < 40_000, "{}", steps.len());
        assert_eq!(steps[0], 0);
        assert_eq!(last, [("loss".to_owned(), 1_000_002)]);
        let gaps: Vec<u64> = steps.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(gaps.is_sorted(), "a stride never shrinks");
        assert!(gaps.iter().all(|gap| gap.is_power_of_two()));
        assert_eq!(steps, kept(1_000_003, |_| "loss".to_owned()).0);
    }

    #[test]
    fn one_metric_does_not_thin_another() {
        let name = |step| {
            if step % 1_000 == 0 {
                "accuracy"
            } else {
                "loss"
            }
            .to_owned()
        };
        let (steps, _) = kept(1_000_000, name);
        assert_eq!(
            steps.iter().filter(|step| *step % 1_000 == 0).count(),
            1_000
        );
    }

    #[test]
    fn neither_names_nor_reports_without_end_are_passed_on() {
        let (steps, last) = kept(100_000, |step| format!("metric {step}"));
        assert_eq!((steps.len(), last.len()), (64, 0));
        let long = "x".repeat(200);
        let (steps, last) = kept(3_000_000, |step| format!("{long}{}", step % 64));
        let bytes: u64 = steps
            .iter()
            .map(|step| cost(&format!("{long}{}", step % 64)))
            .sum();
        assert!(bytes <= MOST_BYTES, "{bytes}");
        assert_eq!(last.len(), 64, "the last of each is told in any case");
    }
}
