//! What happened in a sandbox, as a verdict.
//!
//! While it predicts, a method sees the hidden inputs. So nothing that it words itself
//! leaves that phase: no message, no metric, no log line, and no number that it can
//! choose. While it trains it sees only what its author may see anyway.

use gauntlet_image::Refusal;
use gauntlet_protocol::{Meters as WireMeters, Verdict};
use gauntlet_sandbox::CompileError;
use gauntlet_tasks::PredictionsFault;
use gauntlet_worker_protocol::{Meters, Outcome};

/// Characters of a message that an entrant gets to see.
const MESSAGE: usize = 400;

/// Which sandbox it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Sees the train part.
    Train,
    /// Sees the hidden inputs.
    Predict,
}

/// What a method did wrong: a verdict, with a line for its author.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MethodFailure {
    pub(crate) verdict: Verdict,
    pub(crate) detail: String,
}

impl MethodFailure {
    fn new(verdict: Verdict, detail: impl Into<String>) -> Self {
        Self {
            verdict,
            detail: detail.into(),
        }
    }
}

/// What an outcome says about the method: nothing, if the phase completed.
///
/// # Errors
/// The reason, if the platform failed.
pub(crate) fn judge(outcome: Outcome, stage: Stage) -> Result<Option<MethodFailure>, String> {
    let doing = match stage {
        Stage::Train => "training",
        Stage::Predict => "prediction",
    };
    // A worker that was taken over could word the limit as it likes.
    let name = |limit: String| match stage {
        Stage::Train => limit,
        Stage::Predict => limit_name(&limit).to_owned(),
    };
    Ok(match outcome {
        Outcome::Completed | Outcome::CutOff { .. } => None,
        Outcome::BudgetExceeded { limit } => Some(MethodFailure::new(
            Verdict::BudgetExceeded,
            format!("{doing} ran out of its budget ({})", name(limit)),
        )),
        Outcome::MemoryExceeded { limit, message } => {
            let mut told = format!("{doing} hit a memory limit ({})", name(limit));
            // The shapes in it are the method's choice.
            if let (Stage::Train, Some(message)) = (stage, message) {
                told.push_str(": ");
                told.push_str(&message);
            }
            Some(MethodFailure::new(Verdict::MemoryExceeded, one_line(&told)))
        }
        Outcome::MethodFailed { message } => Some(MethodFailure::new(
            Verdict::MethodFailed,
            match stage {
                Stage::Train => one_line(&message),
                Stage::Predict => "the method failed while it predicted; what it said is \
                                   withheld, since it had seen the hidden inputs"
                    .to_owned(),
            },
        )),
        Outcome::Infrastructure { message } => return Err(message),
    })
}

/// Names of the limits that there are.
const LIMITS: [&str; 7] = [
    "work", "batches", "wall", "tensors", "guest", "process", "output",
];

/// The limit's name, if it is one.
fn limit_name(limit: &str) -> &'static str {
    let known = LIMITS.into_iter().find(|known| *known == limit);
    known.unwrap_or("a limit that has no name")
}

/// What the author of a method is told about an outcome that is not held against it.
pub fn remark(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::CutOff { limit, step } => Some(format!(
            "training ran out of its budget ({limit}): scored on the checkpoint of step {step}"
        )),
        _ => None,
    }
}

/// A module that does not compile is its author's to mend, unless we failed.
///
/// # Errors
/// The reason, if the platform failed.
pub(crate) fn judge_module(error: CompileError) -> Result<MethodFailure, String> {
    match error {
        CompileError::Fault(fault) => Err(fault.to_string()),
        other => Ok(MethodFailure::new(
            Verdict::MethodFailed,
            one_line(&other.to_string()),
        )),
    }
}

/// An image that is refused is its author's to mend.
pub(crate) fn judge_image(refusal: &Refusal) -> MethodFailure {
    MethodFailure::new(Verdict::MethodFailed, one_line(&refusal.to_string()))
}

/// What is wrong with predictions, without a number that the method chose.
pub(crate) fn judge_predictions(fault: &PredictionsFault) -> MethodFailure {
    let detail = match fault {
        PredictionsFault::Oversized { .. } => "the predictions file is too large",
        PredictionsFault::Unreadable(_) => "the predictions are not a safetensors file",
        PredictionsFault::Tensors { .. } => "the predictions must be one tensor",
        PredictionsFault::Dtype { .. } => "the predictions must be 32-bit floats",
        PredictionsFault::Shape { .. } => {
            "the predictions have the wrong shape: one line for each thing to predict and one \
             column for each class, target or token are needed"
        }
        PredictionsFault::NotFinite { .. } => "the predictions hold NaN or infinite values",
        PredictionsFault::LooksAhead { .. } => {
            "the method looks ahead: predictions for a position change when later bytes of the \
             text are replaced, so they depend on what they are to predict"
        }
    };
    MethodFailure::new(Verdict::InvalidPredictions, detail)
}

/// Meter readings for the wire.
pub(crate) fn meters(meters: &Meters) -> WireMeters {
    WireMeters {
        work: meters.work,
        flops: meters.flops,
        bytes_moved: meters.bytes_moved,
        operations: meters.operations,
        batches: meters.batches,
        peak_tensor_bytes: meters.peak_tensor_bytes,
        wall_micros: meters.wall_micros,
    }
}

/// A message as one line of bounded length with nothing in it that cannot be seen.
pub(crate) fn one_line(message: &str) -> String {
    gauntlet_text::one_line(message.trim(), MESSAGE)
        .trim()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_has_its_verdict() {
        let limit = || "work".to_owned();
        let message = || "boom\u{1b}[2J\nat row 7".to_owned();
        let table = [
            (Outcome::Completed, None),
            (
                Outcome::CutOff {
                    limit: limit(),
                    step: 7,
                },
                None,
            ),
            (
                Outcome::BudgetExceeded { limit: limit() },
                Some(Verdict::BudgetExceeded),
            ),
            (
                Outcome::MemoryExceeded {
                    limit: limit(),
                    message: None,
                },
                Some(Verdict::MemoryExceeded),
            ),
            (
                Outcome::MethodFailed { message: message() },
                Some(Verdict::MethodFailed),
            ),
        ];
        for (outcome, expected) in table {
            for stage in [Stage::Train, Stage::Predict] {
                let verdict = judge(outcome.clone(), stage)
                    .unwrap()
                    .map(|failure| failure.verdict);
                assert_eq!(verdict, expected, "{outcome:?} {stage:?}");
            }
        }
        let infrastructure = Outcome::Infrastructure { message: message() };
        judge(infrastructure, Stage::Train).unwrap_err();
    }

    #[test]
    fn a_training_that_was_cut_off_is_scored_and_its_author_told() {
        let outcome = Outcome::CutOff {
            limit: "work".to_owned(),
            step: 120,
        };
        let told = remark(&outcome).unwrap();
        assert!(told.contains("work") && told.contains("step 120"), "{told}");
        assert_eq!(remark(&Outcome::Completed), None);
    }

    #[test]
    fn what_a_method_says_while_it_predicts_stays_here() {
        let said = |stage| {
            let outcome = Outcome::MethodFailed {
                message: "label 3\u{1b}\n".to_owned(),
            };
            judge(outcome, stage).unwrap().unwrap().detail
        };
        assert_eq!(said(Stage::Train), "label 3");
        assert!(!said(Stage::Predict).contains("label 3"));
        let asked = |stage| {
            let outcome = Outcome::MemoryExceeded {
                limit: "tensors".to_owned(),
                message: Some("Add asks for 3 tensor bytes".to_owned()),
            };
            judge(outcome, stage).unwrap().unwrap().detail
        };
        assert!(asked(Stage::Train).ends_with("(tensors): Add asks for 3 tensor bytes"));
        assert!(!asked(Stage::Predict).contains("asks"));
        let outcome = Outcome::BudgetExceeded {
            limit: "label 3".to_owned(),
        };
        let failure = judge(outcome, Stage::Predict).unwrap().unwrap();
        assert!(!failure.detail.contains("label 3"), "{}", failure.detail);
        let fault = PredictionsFault::Shape {
            found: vec![123_456_789],
            wanted: [1, 2],
        };
        assert!(!judge_predictions(&fault).detail.contains("123456789"));
    }
}
