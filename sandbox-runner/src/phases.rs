//! The phases of an attempt, one after the other, and probes beside the first.

use std::path::Path;

use gauntlet_tasks::ScoreError;
use gauntlet_worker_protocol::{Event, Limits, Meters, Outcome, Phase, Snapshots};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tokio::sync::mpsc;

use crate::attempt::{Attempt, Cause, Findings, Trouble, predict_limits, read, train_limits};
use crate::lanes::{Lanes, Ready};
use crate::probing::{self, Probing, Taken};
use crate::report::{self, Against, Stage};

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
        findings: &mut Findings,
        listen: &mut impl FnMut(Stage, Event),
    ) -> Result<Option<Against>, Trouble> {
        let scratch = tempfile::Builder::new()
            .prefix("attempt-")
            .tempdir_in(self.scratch)
            .map_err(|error| Trouble::File("make a folder", error))?;
        let method = match Ready::prepare(self.lanes, self.attempt).await? {
            Ok(ready) => ready,
            Err((cause, against)) => {
                findings.cause = Some(cause);
                return Ok(Some(against));
            }
        };
        let Some(probing) = self.probing.filter(|_| method.has_snapshots()) else {
            return phases(&method, &scratch, self.attempt, None, findings, listen).await;
        };
        let (sender, taken) = mpsc::unbounded_channel();
        let snapshots = Snapshotter {
            asked: probing.snapshots(scratch.path()),
            sender,
        };
        let snapshots = Some(snapshots);
        let phases = phases(&method, &scratch, self.attempt, snapshots, findings, listen);
        let probes = probing::watch(&method, scratch.path(), self.attempt, probing, taken);
        let (against, probed) = tokio::join!(phases, probes);
        let against = against?;
        probed.map(|()| against)
    }
}

async fn phases(
    method: &Ready<'_>,
    scratch: &TempDir,
    attempt: &Attempt,
    snapshots: Option<Snapshotter>,
    findings: &mut Findings,
    listen: &mut impl FnMut(Stage, Event),
) -> Result<Option<Against>, Trouble> {
    let model = scratch.path().join("model.safetensors");
    let predictions = scratch.path().join("predictions.safetensors");

    let phase = Phase::Train {
        train: attempt.train.clone(),
        base: attempt.base.clone(),
        model: model.clone(),
    };
    let limits = train_limits(&attempt.budget);
    let (outcome, meters) = train(method, phase, limits, snapshots.as_ref(), listen).await?;
    findings.train = meters;
    findings.cause = cause(&outcome, Stage::Train);
    findings.detail = report::remark(&outcome);
    if let Some(against) = report::judge(outcome, Stage::Train).map_err(Trouble::Worker)? {
        return Ok(Some(against));
    }
    if let Some(snapshots) = snapshots {
        // Nobody listens any more if the target has been reached.
        let _ = snapshots.sender.send(Taken {
            model: model.clone(),
            sixteenths: 16,
            work: meters.work,
        });
    }

    let phase = Phase::Predict {
        inputs: attempt.hidden_inputs.clone(),
        model: model.clone(),
        predictions: predictions.clone(),
    };
    let limits = predict_limits(&attempt.budget);
    let (outcome, meters) = method
        .execute(phase, limits, Stage::Predict, listen)
        .await?;
    findings.predict = meters;
    findings.cause = cause(&outcome, Stage::Predict);
    if let Some(against) = report::judge(outcome, Stage::Predict).map_err(Trouble::Worker)? {
        return Ok(Some(against));
    }

    let predictions = read(&predictions)?;
    let ahead = looks_ahead(method, scratch.path(), attempt, &predictions, findings).await?;
    if let Some(against) = ahead {
        return Ok(Some(against));
    }
    match gauntlet_tasks::score(&attempt.task.kind, &attempt.hidden_labels, &predictions) {
        Ok(score) => {
            findings.score = Some(score.value);
            // After a remark on how training ended, where there is one.
            let said = findings.detail.take().into_iter();
            let lines: Vec<String> = said.chain(secondary(&score.secondary)).collect();
            findings.detail = (!lines.is_empty()).then(|| lines.join("; "));
            findings.secondary = score.secondary;
        }
        Err(ScoreError::Predictions(fault)) => {
            let against = report::judge_predictions(&fault);
            findings.cause = Some(Cause::Predictions(fault.to_string()));
            return Ok(Some(against));
        }
        Err(error @ ScoreError::Labels(_)) => return Err(Trouble::Score(error.to_string())),
    }
    findings.model = Some(read(&model)?);
    findings.predictions = Some(hex::encode(Sha256::digest(&predictions)));
    Ok(None)
}

/// Trains, and hands checkpoints on as they come.
async fn train(
    method: &Ready<'_>,
    phase: Phase,
    limits: Limits,
    snapshots: Option<&Snapshotter>,
    listen: &mut impl FnMut(Stage, Event),
) -> Result<(Outcome, Meters), Trouble> {
    let Some(Snapshotter { asked, sender }) = snapshots else {
        return method.execute(phase, limits, Stage::Train, listen).await;
    };
    let mut hear = |stage, event| match event {
        Event::Snapshot { sixteenths, work } => {
            let _ = sender.send(Taken {
                model: asked.folder.join(Snapshots::file(sixteenths)),
                sixteenths,
                work,
            });
        }
        event => listen(stage, event),
    };
    let asked = Some(asked.clone());
    method
        .execute_with(phase, limits, asked, Stage::Train, &mut hear)
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
    predictions: &[u8],
    findings: &mut Findings,
) -> Result<Option<Against>, Trouble> {
    let hidden = read(&attempt.hidden_inputs)?;
    // Fresh randomness: what follows from the task or the seed might be guessed.
    let secret = rand::random();
    let probe = gauntlet_tasks::probe(&attempt.task.kind, &hidden, &secret)
        .map_err(|fault| Trouble::Score(fault.to_string()))?;
    let Some(probe) = probe else {
        return Ok(None);
    };
    let inputs = scratch.join("probe.safetensors");
    std::fs::write(&inputs, probe.file())
        .map_err(|error| Trouble::File("write the probe", error))?;
    let probed = scratch.join("probed.safetensors");
    let phase = Phase::Predict {
        inputs,
        model: scratch.join("model.safetensors"),
        predictions: probed.clone(),
    };
    // What it reports this time nobody hears: progress has been told once.
    let (outcome, _) = method
        .execute(
            phase,
            predict_limits(&attempt.budget),
            Stage::Predict,
            &mut |_, _| {},
        )
        .await?;
    findings.cause = cause(&outcome, Stage::Predict);
    if let Some(against) = report::judge(outcome, Stage::Predict).map_err(Trouble::Worker)? {
        return Ok(Some(against));
    }
    match probe.check(predictions, &read(&probed)?, method.agreement()) {
        Ok(()) => Ok(None),
        Err(ScoreError::Predictions(fault)) => {
            findings.cause = Some(Cause::Predictions(fault.to_string()));
            Ok(Some(report::judge_predictions(&fault)))
        }
        Err(error @ ScoreError::Labels(_)) => Err(Trouble::Score(error.to_string())),
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
