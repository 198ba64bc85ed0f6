//! How a run ended, as far as its entrant is concerned.

use serde::{Deserialize, Serialize};

/// The end of a run. Faults of the platform are not verdicts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Trained, predicted, scored.
    Completed,
    /// Ran out of work or wall time.
    BudgetExceeded,
    /// Asked for more memory than allowed.
    MemoryExceeded,
    /// Panicked, trapped, gave up or broke the interface.
    MethodFailed,
    /// Predictions that cannot be scored.
    InvalidPredictions,
}

impl Verdict {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Completed,
        Self::BudgetExceeded,
        Self::MemoryExceeded,
        Self::MethodFailed,
        Self::InvalidPredictions,
    ];

    /// The name used in the database, in JSON and for people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::BudgetExceeded => "budget_exceeded",
            Self::MemoryExceeded => "memory_exceeded",
            Self::MethodFailed => "method_failed",
            Self::InvalidPredictions => "invalid_predictions",
        }
    }

    /// The verdict of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|verdict| verdict.as_str() == name)
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A verdict with its score: the accepted result of a method on a block.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Outcome {
    verdict: Verdict,
    score: Option<f64>,
}

/// A verdict and a score that do not fit each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutcomeError {
    /// Completed, but without a score.
    #[error("a completed run has a score")]
    MissingScore,
    /// A score for something that did not complete.
    #[error("only a completed run has a score")]
    UnexpectedScore,
    /// Not a finite number.
    #[error("a score is a finite number")]
    OutOfRange,
}

#[derive(Deserialize)]
struct Unchecked {
    verdict: Verdict,
    score: Option<f64>,
}

impl TryFrom<Unchecked> for Outcome {
    type Error = OutcomeError;

    fn try_from(unchecked: Unchecked) -> Result<Self, OutcomeError> {
        Self::new(unchecked.verdict, unchecked.score)
    }
}

impl Outcome {
    /// Checks that a completed run, and only that, has a score, a finite number.
    pub fn new(verdict: Verdict, score: Option<f64>) -> Result<Self, OutcomeError> {
        match (verdict, score) {
            (Verdict::Completed, None) => Err(OutcomeError::MissingScore),
            (Verdict::Completed, Some(score)) if !score.is_finite() => {
                Err(OutcomeError::OutOfRange)
            }
            (Verdict::Completed, Some(score)) => Ok(Self {
                verdict,
                score: Some(score + 0.0), // -0.0 becomes 0.0: one spelling per value
            }),
            (_, Some(_)) => Err(OutcomeError::UnexpectedScore),
            (_, None) => Ok(Self {
                verdict,
                score: None,
            }),
        }
    }

    /// How it ended.
    pub const fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// The score, if it completed.
    pub const fn score(&self) -> Option<f64> {
        self.score
    }

    /// Whether the entrant is at fault.
    pub const fn is_fault(&self) -> bool {
        self.score.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::{Outcome, OutcomeError, Verdict};

    #[test]
    fn scores_belong_to_completed_runs() {
        let done = Outcome::new(Verdict::Completed, Some(2.5)).unwrap();
        assert_eq!(done.score(), Some(2.5));
        assert!(
            Outcome::new(Verdict::MethodFailed, None)
                .unwrap()
                .is_fault()
        );
        for (verdict, score, error) in [
            (Verdict::Completed, None, OutcomeError::MissingScore),
            (Verdict::Completed, Some(f64::NAN), OutcomeError::OutOfRange),
            (
                Verdict::Completed,
                Some(f64::INFINITY),
                OutcomeError::OutOfRange,
            ),
            (
                Verdict::BudgetExceeded,
                Some(0.5),
                OutcomeError::UnexpectedScore,
            ),
        ] {
            assert_eq!(Outcome::new(verdict, score), Err(error));
        }
        assert!(
            serde_json::from_str::<Outcome>(r#"{"verdict":"completed","score":null}"#).is_err()
        );
    }

    #[test]
    fn names_are_those_of_serde() {
        for verdict in Verdict::ALL {
            assert_eq!(Verdict::parse(verdict.as_str()), Some(verdict));
            assert_eq!(
                serde_json::to_string(&verdict).unwrap(),
                format!("\"{verdict}\"")
            );
        }
    }
}
