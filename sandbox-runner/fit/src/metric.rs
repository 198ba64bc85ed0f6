//! How good predictions are.

use serde::{Deserialize, Serialize};

/// Truth of the rows that predictions are for.
#[derive(Clone, Copy, Debug)]
pub enum Truth<'a> {
    /// Numbers of the classes.
    Classes(&'a [usize]),
    /// The numbers themselves.
    Numbers(&'a [f64]),
}

impl Truth<'_> {
    /// Rows.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Classes(classes) => classes.len(),
            Self::Numbers(numbers) => numbers.len(),
        }
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What decides which predictions are better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Mean of the negative logarithm of the true class's probability; smaller is better.
    LogLoss,
    /// Share of rows whose most probable class is the true one.
    Accuracy,
    /// Mean over the classes of the share of their rows that are found.
    BalancedAccuracy,
    /// Area under the receiver's curve; of more than two classes the mean over one against
    /// all others.
    Auc,
    /// Mean over the classes of the harmonic mean of precision and recall; 0 for a class that is
    /// never right.
    F1,
    /// Root of the mean squared error; smaller is better.
    Rmse,
    /// Mean absolute error; smaller is better.
    Mae,
    /// Share of the variance that is explained: 1 is all, 0 what the mean explains.
    R2,
    /// Root of the mean squared error of `ln(1 + x)`; smaller is better. Numbers below 0 count as 0.
    Rmsle,
}

/// No probability counts as less.
const LEAST: f64 = 1e-15;

impl Metric {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::LogLoss,
        Self::Accuracy,
        Self::BalancedAccuracy,
        Self::Auc,
        Self::F1,
        Self::Rmse,
        Self::Mae,
        Self::R2,
        Self::Rmsle,
    ];

    /// Its name as options and files have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LogLoss => "log_loss",
            Self::Accuracy => "accuracy",
            Self::BalancedAccuracy => "balanced_accuracy",
            Self::Auc => "auc",
            Self::F1 => "f1",
            Self::Rmse => "rmse",
            Self::Mae => "mae",
            Self::R2 => "r2",
            Self::Rmsle => "rmsle",
        }
    }

    /// Whether it is for classes; else it is for numbers.
    #[must_use]
    pub fn is_of_classes(self) -> bool {
        matches!(
            self,
            Self::LogLoss | Self::Accuracy | Self::BalancedAccuracy | Self::Auc | Self::F1
        )
    }

    /// Whether smaller is better.
    #[must_use]
    pub fn is_a_loss(self) -> bool {
        matches!(self, Self::LogLoss | Self::Rmse | Self::Mae | Self::Rmsle)
    }

    /// Its value for predictions, row by row: `width` probabilities, or a number.
    ///
    /// # Panics
    /// If there are not so many predictions as rows, or the metric is for another kind of truth.
    #[must_use]
    pub fn value(self, truth: Truth<'_>, predictions: &[f64], width: usize) -> f64 {
        assert_eq!(truth.len() * width, predictions.len(), "a prediction a row");
        match truth {
            Truth::Classes(classes) => self.of_classes(classes, predictions, width),
            Truth::Numbers(numbers) => self.of_numbers(numbers, predictions),
        }
    }

    /// The value as a loss, so that smaller is better.
    #[must_use]
    pub fn loss(self, truth: Truth<'_>, predictions: &[f64], width: usize) -> f64 {
        let value = self.value(truth, predictions, width);
        if self.is_a_loss() { value } else { -value }
    }

    fn of_classes(self, classes: &[usize], predictions: &[f64], width: usize) -> f64 {
        let rows = || predictions.chunks(width).zip(classes.iter().copied());
        let count = classes.len().max(1) as f64;
        match self {
            Self::LogLoss => {
                let losses = rows().map(|(row, class)| {
                    let sum: f64 = row.iter().map(|p| p.max(LEAST)).sum();
                    -(row[class].max(LEAST) / sum).ln()
                });
                losses.sum::<f64>() / count
            }
            Self::Accuracy => {
                let right = rows().filter(|(row, class)| best(row) == *class).count();
                right as f64 / count
            }
            Self::BalancedAccuracy => {
                let counts = Counts::of(classes, predictions, width);
                counts.mean(|true_, _, actual| (actual > 0.0).then(|| true_ / actual))
            }
            Self::F1 => {
                let counts = Counts::of(classes, predictions, width);
                counts.mean(|true_, said, actual| {
                    (said + actual > 0.0).then(|| 2.0 * true_ / (said + actual))
                })
            }
            Self::Auc => {
                let ones = if width == 2 { 1..2 } else { 0..width };
                let areas: Vec<f64> = ones
                    .filter_map(|one| {
                        let scores: Vec<(f64, bool)> = rows()
                            .map(|(row, class)| (row[one], class == one))
                            .collect();
                        area(scores)
                    })
                    .collect();
                areas.iter().sum::<f64>() / areas.len().max(1) as f64
            }
            Self::Rmse | Self::Mae | Self::R2 | Self::Rmsle => {
                unreachable!("is for numbers, and classes were given")
            }
        }
    }

    fn of_numbers(self, numbers: &[f64], predictions: &[f64]) -> f64 {
        let pairs = || numbers.iter().copied().zip(predictions.iter().copied());
        let count = numbers.len().max(1) as f64;
        let squares = || {
            pairs()
                .map(|(truth, said)| (truth - said).powi(2))
                .sum::<f64>()
        };
        match self {
            Self::Rmse => (squares() / count).sqrt(),
            Self::Mae => {
                pairs()
                    .map(|(truth, said)| (truth - said).abs())
                    .sum::<f64>()
                    / count
            }
            Self::R2 => {
                let mean = numbers.iter().sum::<f64>() / count;
                let all: f64 = numbers.iter().map(|number| (number - mean).powi(2)).sum();
                if all > 0.0 {
                    1.0 - squares() / all
                } else {
                    0.0
                }
            }
            Self::Rmsle => {
                let log = |number: f64| number.max(0.0).ln_1p();
                let squares = pairs().map(|(truth, said)| (log(truth) - log(said)).powi(2));
                (squares.sum::<f64>() / count).sqrt()
            }
            Self::LogLoss | Self::Accuracy | Self::BalancedAccuracy | Self::Auc | Self::F1 => {
                unreachable!("is for classes, and numbers were given")
            }
        }
    }
}

impl std::str::FromStr for Metric {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let same = |metric: &Self| metric.as_str() == text.replace('-', "_");
        Self::ALL.into_iter().find(same).ok_or_else(|| {
            let all: Vec<&str> = Self::ALL.iter().map(|metric| metric.as_str()).collect();
            format!("there is no metric `{text}`; there are {}", all.join(", "))
        })
    }
}

/// The most probable; of equals the first.
pub(crate) fn best(row: &[f64]) -> usize {
    let mut best = 0;
    for (place, probability) in row.iter().enumerate() {
        if *probability > row[best] {
            best = place;
        }
    }
    best
}

/// Rows of each class: found, said and there.
struct Counts {
    found: Vec<f64>,
    said: Vec<f64>,
    there: Vec<f64>,
}

impl Counts {
    fn of(classes: &[usize], predictions: &[f64], width: usize) -> Self {
        let none = || vec![0.0; width];
        let (mut found, mut said, mut there) = (none(), none(), none());
        for (row, class) in predictions.chunks(width).zip(classes) {
            let chosen = best(row);
            said[chosen] += 1.0;
            there[*class] += 1.0;
            if chosen == *class {
                found[chosen] += 1.0;
            }
        }
        Self { found, said, there }
    }

    /// Mean over the classes that have a value.
    fn mean(&self, value: impl Fn(f64, f64, f64) -> Option<f64>) -> f64 {
        let values: Vec<f64> = (0..self.found.len())
            .filter_map(|class| value(self.found[class], self.said[class], self.there[class]))
            .collect();
        values.iter().sum::<f64>() / values.len().max(1) as f64
    }
}

/// Area under the receiver's curve: how often a row that is one has the higher score than one that
/// is not; a tie counts half (Mann and Whitney's statistic). `None` if there are no rows of a side.
fn area(mut scores: Vec<(f64, bool)>) -> Option<f64> {
    scores.sort_by(|a, b| a.0.total_cmp(&b.0));
    let ones = scores.iter().filter(|(_, one)| *one).count() as f64;
    let others = scores.len() as f64 - ones;
    if ones == 0.0 || others == 0.0 {
        return None;
    }
    let (mut ranks, mut before) = (0.0, 0.0);
    for tied in scores.chunk_by(|a, b| a.0 == b.0) {
        let rank = before + (tied.len() as f64 + 1.0) / 2.0;
        ranks += rank * tied.iter().filter(|(_, one)| *one).count() as f64;
        before += tied.len() as f64;
    }
    Some((ranks - ones * (ones + 1.0) / 2.0) / (ones * others))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, wanted: f64) {
        assert!((found - wanted).abs() < 1e-9, "{found} is not {wanted}");
    }

    /// The values are worked out by hand.
    #[test]
    fn metrics_of_classes() {
        let classes = [0, 1, 1, 0, 1];
        let sure = [0.2, 0.9, 0.4, 0.4, 0.6];
        let both: Vec<f64> = sure.iter().flat_map(|p| [1.0 - p, *p]).collect();
        let value = |metric: Metric| metric.value(Truth::Classes(&classes), &both, 2);
        let losses = [0.8_f64, 0.9, 0.4, 0.6, 0.6].map(|p| -p.ln());
        close(value(Metric::LogLoss), losses.iter().sum::<f64>() / 5.0);
        close(value(Metric::Accuracy), 0.8);
        close(value(Metric::BalancedAccuracy), 5.0 / 6.0);
        close(value(Metric::Auc), 5.5 / 6.0);
        close(value(Metric::F1), 0.8);
    }

    #[test]
    fn metrics_of_numbers() {
        let truth = [3.0, -0.5, 2.0, 7.0];
        let said = [2.5, 0.0, 2.0, 8.0];
        let value = |metric: Metric| metric.value(Truth::Numbers(&truth), &said, 1);
        close(value(Metric::Rmse), 0.375_f64.sqrt());
        close(value(Metric::Mae), 0.5);
        close(value(Metric::R2), 0.948_608_137_044_967_9);
        let value = Metric::Rmsle.value(Truth::Numbers(&[3.0, 5.0]), &[2.5, 5.0], 1);
        close(value, (4.0_f64 / 3.5).ln() / 2.0_f64.sqrt());
    }

    #[test]
    fn a_class_that_is_not_there_counts_nowhere() {
        let value =
            |metric: Metric| metric.value(Truth::Classes(&[0, 0]), &[0.9, 0.1, 0.2, 0.8], 2);
        close(value(Metric::BalancedAccuracy), 0.5);
        close(value(Metric::Auc), 0.0);
    }

    #[test]
    fn names_are_read_back() {
        for metric in Metric::ALL {
            assert_eq!(metric.as_str().parse(), Ok(metric));
        }
        assert_eq!("log-loss".parse(), Ok(Metric::LogLoss));
        assert!("loss".parse::<Metric>().unwrap_err().contains("log_loss"));
    }
}
