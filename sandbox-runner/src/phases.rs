//! The phases of an attempt, one after the other, and the scoring of checkpoints beside the first.

use std::path::Path;
use std::sync::Arc;

use gauntlet_tasks::ScoreError;
use gauntlet_worker_protocol::{Event, Limits, Meters, Outcome, Phase, Snapshots};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tokio::sync::mpsc;

use crate::attempt_result::{AttemptResult, Cause, PlatformError, compute, read};
use crate::attempt_spec::{Attempt, predict_limits, train_limits};
use crate::lanes::{Lanes, Ready};
use crate::probing::{self, Probing, Taken};
use crate::report::{self, MethodFailure, Stage};

/// An attempt, and where it is executed.
pub(crate) struct Steps<'a, 'b> {
    pub(crate) lanes: Lanes<'a>,
    pub(crate) scratch: &'b Path,
    pub(crate) attempt: &'a Attempt,
    pub(crate) probing: Option<&'b Probing<'b>>,
}

/// Where checkpoints are handed on to be scored.
struct Snapshotter {
    asked: Snapshots,
    sender: mpsc::UnboundedSender<Taken>,
}

impl Steps<'_, '_> {
    pub(crate) async fn take(
        &self,
        result: &mut AttemptResult,
        on_event: &mut impl FnMut(Stage, Event),
    ) -> Result<Option<MethodFailure>, PlatformError> {
        let scratch = tempfile::Builder::new()
            .prefix("attempt-")
            .tempdir_in(self.scratch)
            .map_err(|error| PlatformError::File("make a folder", error))?;
        let method = match Ready::prepare(self.lanes, self.attempt).await? {
            Ok(ready) => ready,
            Err((cause, failure)) => {
                result.cause = Some(cause);
                return Ok(Some(failure));
            }
        };
        let Some(probing) = self.probing.filter(|_| method.has_snapshots()) else {
            return phases(&method, &scratch, self.attempt, None, result, on_event).await;
        };
        let (sender, taken) = mpsc::unbounded_channel();
        let snapshots = Snapshotter {
            asked: probing.snapshots(scratch.path()),
            sender,
        };
        let snapshots = Some(snapshots);
        let phases = phases(&method, &scratch, self.attempt, snapshots, result, on_event);
        let scores = probing::watch(&method, scratch.path(), self.attempt, probing, taken);
        let (failure, scored) = tokio::join!(phases, scores);
        let failure = failure?;
        scored.map(|()| failure)
    }
}

async fn phases(
    method: &Ready<'_>,
    scratch: &TempDir,
    attempt: &Attempt,
    snapshots: Option<Snapshotter>,
    result: &mut AttemptResult,
    on_event: &mut impl FnMut(Stage, Event),
) -> Result<Option<MethodFailure>, PlatformError> {
    let model = scratch.path().join("model.safetensors");
    let phase = Phase::Train {
        train: attempt.train.clone(),
        base: attempt.base.clone(),
        model: model.clone(),
    };
    let limits = train_limits(&attempt.budget);
    let (outcome, meters) = train(method, phase, limits, snapshots.as_ref(), on_event).await?;
    result.train = meters;
    result.cause = cause(&outcome, Stage::Train);
    result.detail = report::remark(&outcome);
    if let Some(failure) = report::judge(outcome, Stage::Train).map_err(PlatformError::Worker)? {
        return Ok(Some(failure));
    }
    if let Some(snapshots) = snapshots {
        // Nobody listens any more if the target has been reached.
        let _ = snapshots.sender.send(Taken {
            model: model.clone(),
            sixteenths: 16,
            work: meters.work,
        });
    }

    predict_and_score(method, scratch, attempt, result, on_event)
        .await
        .map_err(|error| PlatformError::Predicting(Box::new(error)))
}

/// From here on the method has seen hidden inputs.
async fn predict_and_score(
    method: &Ready<'_>,
    scratch: &TempDir,
    attempt: &Attempt,
    result: &mut AttemptResult,
    on_event: &mut impl FnMut(Stage, Event),
) -> Result<Option<MethodFailure>, PlatformError> {
    let model = scratch.path().join("model.safetensors");
    let predictions = scratch.path().join("predictions.safetensors");
    let phase = Phase::Predict {
        inputs: attempt.hidden_inputs.clone(),
        model: model.clone(),
        predictions: predictions.clone(),
    };
    let limits = predict_limits(&attempt.budget);
    let (outcome, meters) = method
        .execute(phase, limits, Stage::Predict, on_event)
        .await?;
    // A worker that was taken over could say that nothing has happened yet.
    result.predict = Meters {
        wall_micros: meters.wall_micros.max(1),
        ..meters
    };
    result.cause = cause(&outcome, Stage::Predict);
    if let Some(failure) = report::judge(outcome, Stage::Predict).map_err(PlatformError::Worker)? {
        return Ok(Some(failure));
    }

    let predictions = Arc::new(read(&predictions).await?);
    let ahead = looks_ahead(method, scratch.path(), attempt, &predictions, result).await?;
    if let Some(failure) = ahead {
        return Ok(Some(failure));
    }
    let (kind, labels) = (attempt.task.kind.clone(), attempt.hidden_labels.clone());
    let scored = compute(move || {
        let digest = hex::encode(Sha256::digest(&*predictions));
        (gauntlet_tasks::score(&kind, &labels, &predictions), digest)
    });
    let (score, digest) = scored.await?;
    match score {
        Ok(score) => {
            result.score = Some(score.value);
            // After a remark on how training ended, where there is one.
            let remark = result.detail.take().into_iter();
            let lines: Vec<String> = remark.chain(secondary(&score.secondary)).collect();
            result.detail = (!lines.is_empty()).then(|| lines.join("; "));
            result.secondary = score.secondary;
        }
        Err(ScoreError::Predictions(fault)) => {
            let failure = report::judge_predictions(&fault);
            result.cause = Some(Cause::Predictions(fault.to_string()));
            return Ok(Some(failure));
        }
        Err(error @ ScoreError::Labels(_)) => return Err(PlatformError::Score(error.to_string())),
    }
    result.model = Some(read(&model).await?);
    result.predictions = Some(digest);
    Ok(None)
}

/// Trains, and hands checkpoints on as they come.
async fn train(
    method: &Ready<'_>,
    phase: Phase,
    limits: Limits,
    snapshots: Option<&Snapshotter>,
    on_event: &mut impl FnMut(Stage, Event),
) -> Result<(Outcome, Meters), PlatformError> {
    let Some(Snapshotter { asked, sender }) = snapshots else {
        return method.execute(phase, limits, Stage::Train, on_event).await;
    };
    let mut with_snapshots = |stage, event| match event {
        Event::Snapshot { sixteenths, work } => {
            let _ = sender.send(Taken {
                model: asked.folder.join(Snapshots::file(sixteenths)),
                sixteenths,
                work,
            });
        }
        event => on_event(stage, event),
    };
    let asked = Some(asked.clone());
    method
        .execute_with(phase, limits, asked, Stage::Train, &mut with_snapshots)
        .await
}

fn cause(outcome: &Outcome, stage: Stage) -> Option<Cause> {
    (*outcome != Outcome::Completed).then(|| Cause::Phase(stage, outcome.clone()))
}

/// Has a language model predict again, in a sandbox that knows nothing of the first, on
/// windows whose later bytes are replaced: what it predicted before them must stay.
async fn looks_ahead(
    method: &Ready<'_>,
    scratch: &Path,
    attempt: &Attempt,
    predictions: &Arc<Vec<u8>>,
    result: &mut AttemptResult,
) -> Result<Option<MethodFailure>, PlatformError> {
    let hidden = read(&attempt.hidden_inputs).await?;
    // Fresh randomness: what follows from the task or the seed might be guessed.
    let secret = rand::random();
    let kind = attempt.task.kind.clone();
    let check = compute(move || gauntlet_tasks::causality_check(&kind, &hidden, &secret))
        .await?
        .map_err(|fault| PlatformError::Score(fault.to_string()))?;
    let Some(check) = check else {
        return Ok(None);
    };
    let inputs = scratch.join("causality.safetensors");
    tokio::fs::write(&inputs, check.file())
        .await
        .map_err(|error| PlatformError::File("write the windows of the causality check", error))?;
    let again = scratch.join("again.safetensors");
    let phase = Phase::Predict {
        inputs,
        model: scratch.join("model.safetensors"),
        predictions: again.clone(),
    };
    // What it reports this time goes nowhere: progress has been reported once.
    let (outcome, _) = method
        .execute(
            phase,
            predict_limits(&attempt.budget),
            Stage::Predict,
            &mut |_, _| {},
        )
        .await?;
    result.cause = cause(&outcome, Stage::Predict);
    if let Some(failure) = report::judge(outcome, Stage::Predict).map_err(PlatformError::Worker)? {
        return Ok(Some(failure));
    }
    let again = read(&again).await?;
    let (predictions, agreement) = (Arc::clone(predictions), method.agreement());
    let compared = compute(move || check.compare(&predictions, &again, agreement));
    match compared.await? {
        Ok(()) => Ok(None),
        Err(ScoreError::Predictions(fault)) => {
            result.cause = Some(Cause::Predictions(fault.to_string()));
            Ok(Some(report::judge_predictions(&fault)))
        }
        Err(error @ ScoreError::Labels(_)) => Err(PlatformError::Score(error.to_string())),
    }
}

/// A line for the entrant: measures that decide nothing.
fn secondary(measures: &[(&str, f64)]) -> Option<String> {
    let measures: Vec<String> = measures
        .iter()
        .map(|(name, value)| format!("{name} {value:.4}"))
        .collect();
    (!measures.is_empty()).then(|| measures.join(", "))
}
