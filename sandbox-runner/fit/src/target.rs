//! What is predicted, and how predictions for it are written.

use serde::{Deserialize, Serialize};

/// What is predicted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Target {
    /// One of these classes, in the order of the scores' columns.
    Classes {
        /// Their names, as the data have them.
        names: Vec<String>,
    },
    /// A number. Methods see it standardised: less `mean`, over `deviation`.
    Number {
        /// Mean of the rows that were fitted to.
        mean: f64,
        /// Their standard deviation, or 1 if it is 0.
        deviation: f64,
        /// The least of them: no prediction is below.
        least: f64,
        /// The greatest of them: no prediction is above.
        greatest: f64,
    },
}

impl Target {
    /// The target of rows with these numbers.
    #[must_use]
    pub fn of_numbers(numbers: &[f64]) -> Self {
        let count = numbers.len().max(1) as f64;
        let mean = numbers.iter().sum::<f64>() / count;
        let squares = numbers.iter().map(|number| (number - mean).powi(2));
        let deviation = (squares.sum::<f64>() / count).sqrt();
        let fold = |start, pick: fn(f64, f64) -> f64| numbers.iter().copied().fold(start, pick);
        Self::Number {
            mean,
            deviation: if deviation > 0.0 { deviation } else { 1.0 },
            least: fold(f64::INFINITY, f64::min),
            greatest: fold(f64::NEG_INFINITY, f64::max),
        }
    }

    /// Numbers of a prediction: a probability for each class, or the number.
    #[must_use]
    pub fn width(&self) -> usize {
        match self {
            Self::Classes { names } => names.len(),
            Self::Number { .. } => 1,
        }
    }

    /// Turns a method's outputs, row by row, into predictions: scores become probabilities
    /// (softmax), standardised numbers become numbers.
    #[must_use]
    pub fn predictions(&self, outputs: &[f32]) -> Vec<f64> {
        match self {
            Self::Classes { names } => outputs
                .chunks(names.len().max(1))
                .flat_map(softmax)
                .collect(),
            Self::Number {
                mean,
                deviation,
                least,
                greatest,
            } => outputs
                .iter()
                .map(|output| (f64::from(*output) * deviation + mean).clamp(*least, *greatest))
                .collect(),
        }
    }
}

fn softmax(scores: &[f32]) -> Vec<f64> {
    let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f64> = scores
        .iter()
        .map(|score| f64::from(score - most).exp())
        .collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_become_probabilities() {
        let target = Target::Classes {
            names: vec!["a".to_owned(), "b".to_owned()],
        };
        let found = target.predictions(&[0.0, 0.0, 1000.0, -1000.0]);
        assert_eq!(found, [0.5, 0.5, 1.0, 0.0]);
    }

    #[test]
    fn numbers_come_back_in_their_unit_and_within_what_was_seen() {
        let target = Target::of_numbers(&[10.0, 20.0, 30.0]);
        let found = target.predictions(&[0.0, 100.0, -100.0]);
        assert_eq!(found, [20.0, 30.0, 10.0]);
        let Target::Number { deviation, .. } = Target::of_numbers(&[3.0, 3.0]) else {
            panic!("numbers are numbers");
        };
        assert!((deviation - 1.0).abs() < f64::EPSILON);
    }
}
