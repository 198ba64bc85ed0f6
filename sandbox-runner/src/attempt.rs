//! What an attempt does, wherever it is executed: compile, train, predict, score.
//!
//! A runner does this for a tournament, and `gauntlet method run` does it for a miner
//! at home: the same code, so that what passes in one place passes in the other.

use std::path::Path;

use gauntlet_protocol::Verdict;
use gauntlet_worker_protocol::{Event, Meters};

use crate::phases::Steps;
use crate::probing::Probing;

pub use crate::attempt_result::{AttemptResult, Cause, PlatformError};
pub use crate::attempt_spec::{Attempt, Method, predict_limits, train_limits};
pub use crate::lanes::Lanes;
pub use crate::report::{Stage, remark};

/// Executes an attempt, with `scratch` for the files that go from one sandbox to the
/// next. Every event of the workers is handed to `on_event` with the phase it belongs to;
/// those of [`Stage::Predict`] come from a method that sees the hidden inputs.
/// Dropping the future kills what runs.
///
/// # Errors
/// If the platform failed; what the method did wrong is a verdict.
pub async fn perform<'a>(
    lanes: impl Into<Lanes<'a>>,
    scratch: &Path,
    attempt: &'a Attempt,
    on_event: impl FnMut(Stage, Event),
) -> Result<AttemptResult, PlatformError> {
    perform_probed(lanes, scratch, attempt, None, on_event).await
}

/// The same, with checkpoints scored on the public slice meanwhile, if that is asked for. An
/// image's are not.
///
/// # Errors
/// If the platform failed.
pub async fn perform_probed<'a>(
    lanes: impl Into<Lanes<'a>>,
    scratch: &Path,
    attempt: &'a Attempt,
    probing: Option<&Probing<'_>>,
    mut on_event: impl FnMut(Stage, Event),
) -> Result<AttemptResult, PlatformError> {
    let mut result = AttemptResult {
        verdict: Verdict::Completed,
        detail: None,
        cause: None,
        score: None,
        secondary: Vec::new(),
        model: None,
        predictions: None,
        train: Meters::default(),
        predict: Meters::default(),
    };
    let steps = Steps {
        lanes: lanes.into(),
        scratch,
        attempt,
        probing,
    };
    let failure = steps.take(&mut result, &mut on_event).await?;
    if let Some(failure) = failure {
        result.verdict = failure.verdict;
        result.detail = Some(failure.detail);
    }
    Ok(result)
}
