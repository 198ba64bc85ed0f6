//! What a task measures, and which way is better.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::run::verdict::Outcome;

/// Into so many steps, from a miss to the best, scores are rounded that are shown before their
/// tournament has ended. Of an accuracy two decimals are left.
pub const SCORE_STEPS: u32 = 100;

/// Which of two scores is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// The larger, as of accuracies.
    Higher,
    /// The smaller, as of errors.
    Lower,
}

/// What a task measures. Part of the task, so frozen with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Metric {
    /// Its name, such as `accuracy` or `bits per byte`.
    #[schema(min_length = 1, max_length = 40)]
    pub name: String,
    /// What one unit of it is, where the name does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 40)]
    pub unit: Option<String>,
    /// Which way is better.
    pub better: Direction,
    /// The best that is possible; a report of a better score is refused.
    pub best: f64,
    /// What a fault of the entrant counts as. No result counts as worse: a score beyond
    /// it counts as this too, and then fewer faults decide.
    pub miss: f64,
}

/// A metric that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} {must}")]
pub struct MetricError {
    /// The field, as in the JSON.
    pub field: &'static str,
    /// What it must be.
    pub must: &'static str,
}

impl Default for Metric {
    /// Accuracy: the share of right answers. What tasks measured before they said so.
    fn default() -> Self {
        Self {
            name: "accuracy".to_owned(),
            unit: None,
            better: Direction::Higher,
            best: 1.0,
            miss: 0.0,
        }
    }
}

impl Metric {
    /// Whether it is the default, which records leave out.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Checks names and numbers.
    pub fn validate(&self) -> Result<(), MetricError> {
        let text = |text: &str| (1..=40).contains(&text.len()) && !text.contains(char::is_control);
        let error = |field, must| Err(MetricError { field, must });
        if !text(&self.name) {
            return error(
                "metric.name",
                "must have 1 to 40 bytes and no control characters",
            );
        }
        if self.unit.as_deref().is_some_and(|unit| !text(unit)) {
            return error(
                "metric.unit",
                "must have 1 to 40 bytes and no control characters",
            );
        }
        let number = |number: f64| number.abs() <= 1e12;
        if !number(self.best) {
            return error("metric.best", "must be a number from -1e12 to 1e12");
        }
        if !number(self.miss) || self.order(self.best, self.miss) != Ordering::Less {
            return error(
                "metric.miss",
                "must be a number from -1e12 to 1e12, worse than the best",
            );
        }
        Ok(())
    }

    /// The nearest of the [`SCORE_STEPS`]; [`Self::miss`] for what is worse than that.
    pub fn rounded(&self, score: f64) -> f64 {
        let steps = f64::from(SCORE_STEPS);
        let share = (score - self.miss) / (self.best - self.miss);
        let step = (share * steps).round().clamp(0.0, steps);
        self.miss + (self.best - self.miss) * step / steps
    }

    /// Whether a score can be: finite, and not better than the best.
    pub fn admits(&self, score: f64) -> bool {
        score.is_finite() && self.order(score, self.best) != Ordering::Less
    }

    /// What standings and evidence add up, in the metric's own unit: the score, or
    /// [`Self::miss`] for a fault and for what is worse than that.
    pub fn points(&self, outcome: &Outcome) -> f64 {
        match outcome.score() {
            Some(score) if self.order(score, self.miss) != Ordering::Greater => score,
            _ => self.miss,
        }
    }

    /// By how much `one` is better than `other`; negative if it is worse.
    pub fn advantage(&self, one: f64, other: f64) -> f64 {
        match self.better {
            Direction::Higher => one - other,
            Direction::Lower => other - one,
        }
    }

    /// For the heading of a column: `accuracy`, `rmse (sd), lower is better`.
    #[must_use]
    pub fn heading(&self) -> String {
        let unit = self
            .unit
            .as_ref()
            .map_or_else(String::new, |unit| format!(" ({unit})"));
        let better = match self.better {
            Direction::Higher => "",
            Direction::Lower => ", lower is better",
        };
        format!("{}{unit}{better}", self.name)
    }

    /// Orders scores, the better first.
    pub fn order(&self, one: f64, other: f64) -> Ordering {
        match self.better {
            Direction::Higher => other.total_cmp(&one),
            Direction::Lower => one.total_cmp(&other),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Direction, Metric};
    use crate::run::verdict::{Outcome, Verdict};

    fn metric(better: Direction, miss: f64) -> Metric {
        Metric {
            name: "m".to_owned(),
            unit: None,
            better,
            best: match better {
                Direction::Higher => 1e6,
                Direction::Lower => -1e6,
            },
            miss,
        }
    }

    #[test]
    fn the_written_form_is_frozen() {
        let text = r#"{"name":"accuracy","better":"higher","best":1.0,"miss":0.0}"#;
        assert_eq!(serde_json::to_string(&Metric::default()).unwrap(), text);
        assert_eq!(
            serde_json::from_str::<Metric>(text).unwrap(),
            Metric::default()
        );
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let wrong = |change: fn(&mut Metric)| {
            let mut metric = Metric::default();
            change(&mut metric);
            metric.validate().unwrap_err().field
        };
        assert_eq!(Metric::default().validate(), Ok(()));
        assert_eq!(wrong(|metric| metric.name.clear()), "metric.name");
        assert_eq!(
            wrong(|metric| metric.unit = Some("\n".to_owned())),
            "metric.unit"
        );
        assert_eq!(wrong(|metric| metric.miss = f64::INFINITY), "metric.miss");
        assert_eq!(wrong(|metric| metric.miss = 1.0), "metric.miss");
        assert_eq!(wrong(|metric| metric.best = f64::NAN), "metric.best");
    }

    #[test]
    fn a_score_better_than_the_best_is_not_admitted() {
        assert!(Metric::default().admits(1.0));
        assert!(!Metric::default().admits(1.1));
        assert!(!Metric::default().admits(f64::NAN));
        assert!(metric(Direction::Lower, 8.0).admits(9.0));
        assert!(!metric(Direction::Lower, 8.0).admits(-1e7));
    }

    #[test]
    fn a_shown_score_is_one_of_the_steps() {
        let accuracy = Metric::default();
        assert_eq!(accuracy.rounded(0.934_9), 0.93);
        assert_eq!(accuracy.rounded(0.935_1), 0.94);
        assert_eq!(accuracy.rounded(1.0), 1.0);
        assert_eq!(accuracy.rounded(-7.0), 0.0);
        let bits = Metric {
            best: 0.0,
            ..metric(Direction::Lower, 8.0)
        };
        assert_eq!(bits.rounded(2.03), 2.0);
        assert_eq!(bits.rounded(1e9), 8.0);
        let steps: std::collections::BTreeSet<u64> = (0..=10_000)
            .map(|n| bits.rounded(f64::from(n) * 0.001).to_bits())
            .collect();
        assert_eq!(steps.len(), super::SCORE_STEPS as usize + 1);
    }

    proptest! {
        /// Whichever way is better, nothing counts as worse than a miss.
        #[test]
        fn a_miss_is_the_worst(score in -1e3..1e3, miss in -1e3..1e3, lower: bool) {
            let metric = metric(if lower { Direction::Lower } else { Direction::Higher }, miss);
            let done = Outcome::new(Verdict::Completed, Some(score)).unwrap();
            let failed = Outcome::new(Verdict::MethodFailed, None).unwrap();
            prop_assert_eq!(metric.points(&failed), miss);
            prop_assert!(metric.advantage(metric.points(&done), metric.points(&failed)) >= 0.0);
        }

        /// Turning every number round and the direction too changes no order.
        #[test]
        fn directions_mirror_each_other(one in -1e3..1e3, other in -1e3..1e3) {
            let (up, down) = (metric(Direction::Higher, 0.0), metric(Direction::Lower, 0.0));
            prop_assert_eq!(up.order(one, other), down.order(-one, -other));
            prop_assert_eq!(up.advantage(one, other), down.advantage(-one, -other));
        }
    }
}
