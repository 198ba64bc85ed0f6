//! How a run ended, as far as its entrant is concerned.

use serde::{Deserialize, Serialize};

/// The end of a run. Faults of the platform are not verdicts.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
    utoipa::ToSchema,
)]
#[strum(serialize_all = "snake_case")]
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
    /// Stopped early, because it could no longer change who goes on. No fault of the
    /// entrant; nothing of it was scored on hidden data, and it counts as a miss.
    Stopped,
}

impl Verdict {
    /// The name used in the database, in JSON and for people.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// A verdict with its score: the accepted result of a method on a block.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Outcome {
    verdict: Verdict,
    score: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    probe: Option<f64>,
}

/// A verdict and a score that do not fit each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutcomeError {
    /// Completed or stopped, but without a score.
    #[error("a completed run has a score, a stopped one that of its last probe")]
    MissingScore,
    /// A score for something that did not complete.
    #[error("only a completed or a stopped run has a score")]
    UnexpectedScore,
    /// Not a finite number.
    #[error("a score is a finite number")]
    OutOfRange,
}

#[derive(Deserialize)]
struct Unchecked {
    verdict: Verdict,
    score: Option<f64>,
    #[serde(default)]
    probe: Option<f64>,
}

impl TryFrom<Unchecked> for Outcome {
    type Error = OutcomeError;

    fn try_from(unchecked: Unchecked) -> Result<Self, OutcomeError> {
        match (unchecked.verdict, unchecked.score, unchecked.probe) {
            (Verdict::Stopped, None, probe) => Self::new(Verdict::Stopped, probe),
            (Verdict::Stopped, Some(_), _) | (_, _, Some(_)) => Err(OutcomeError::UnexpectedScore),
            (verdict, score, None) => Self::new(verdict, score),
        }
    }
}

impl Outcome {
    /// Checks that a completed run has a score, a finite number, and a stopped one the score
    /// of its last probe; nothing else has one.
    pub fn new(verdict: Verdict, score: Option<f64>) -> Result<Self, OutcomeError> {
        let scored = matches!(verdict, Verdict::Completed | Verdict::Stopped);
        let score = match (scored, score) {
            (true, None) => return Err(OutcomeError::MissingScore),
            (true, Some(score)) if !score.is_finite() => return Err(OutcomeError::OutOfRange),
            (false, Some(_)) => return Err(OutcomeError::UnexpectedScore),
            (_, score) => score.map(|score| score + 0.0), // -0.0 becomes 0.0: one spelling per value
        };
        let completed = verdict == Verdict::Completed;
        Ok(Self {
            verdict,
            score: score.filter(|_| completed),
            probe: score.filter(|_| !completed),
        })
    }

    /// How it ended.
    pub const fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// The score, if it completed.
    pub const fn score(&self) -> Option<f64> {
        self.score
    }

    /// The score on the public slice of the last probe, if it was stopped early.
    pub const fn probe(&self) -> Option<f64> {
        self.probe
    }

    /// Whether the entrant is at fault.
    pub const fn is_fault(&self) -> bool {
        !matches!(self.verdict, Verdict::Completed | Verdict::Stopped)
    }
}

#[cfg(test)]
mod tests {
    use strum::VariantArray as _;

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
    fn a_stopped_run_has_a_probe_and_no_score() {
        let stopped = Outcome::new(Verdict::Stopped, Some(0.25)).unwrap();
        assert_eq!((stopped.score(), stopped.probe()), (None, Some(0.25)));
        assert!(!stopped.is_fault());
        let text = r#"{"verdict":"stopped","score":null,"probe":0.25}"#;
        assert_eq!(serde_json::to_string(&stopped).unwrap(), text);
        assert_eq!(serde_json::from_str::<Outcome>(text).unwrap(), stopped);
        for wrong in [
            r#"{"verdict":"stopped","score":0.25}"#,
            r#"{"verdict":"stopped","score":null}"#,
            r#"{"verdict":"method_failed","score":null,"probe":0.25}"#,
        ] {
            assert!(serde_json::from_str::<Outcome>(wrong).is_err(), "{wrong}");
        }
        // What was recorded before there were probes reads and writes as it did.
        let text = r#"{"verdict":"completed","score":0.5}"#;
        let old: Outcome = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&old).unwrap(), text);
    }

    #[test]
    fn the_names_are_those_of_the_record() {
        let names = Verdict::VARIANTS.iter().map(|one| one.as_str());
        assert!(names.eq([
            "completed",
            "budget_exceeded",
            "memory_exceeded",
            "method_failed",
            "invalid_predictions",
            "stopped",
        ]));
        for one in Verdict::VARIANTS {
            assert_eq!(one.as_str().parse(), Ok(*one));
            assert_eq!(one.to_string(), one.as_str());
            assert_eq!(serde_json::to_value(one).unwrap(), one.as_str());
        }
    }
}
