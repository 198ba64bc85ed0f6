//! Scores a run's checkpoints on the public slice while it trains on.
//!
//! Each score is a prediction in a sandbox of its own, one at a time, beside the training,
//! which does not wait for it and cannot tell that it happens. What it sees is public: rows
//! of the train part (`gauntlet_tasks::public_slice`), never the hidden part.

use std::path::{Path, PathBuf};

use gauntlet_protocol::CheckpointScore;
use gauntlet_tasks::{Direction, PublicSlice, ScoreError};
use gauntlet_worker_protocol::{Phase, Snapshots};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::attempt_result::{PlatformError, compute, read};
use crate::attempt_spec::{Attempt, predict_limits};
use crate::lanes::Ready;
use crate::report::{self, Stage};

/// What is asked of a run's checkpoints.
pub struct Probing<'a> {
    /// A score at every so many sixteenths of the budget.
    pub every: u32,
    /// A score that is waited for. Then no checkpoint is left out until one reaches it;
    /// otherwise one that comes while the last is still being scored is.
    pub target: Option<f64>,
    /// Called with each score.
    pub on_score: &'a (dyn Fn(CheckpointScore) + Sync),
}

impl std::fmt::Debug for Probing<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Probing")
            .field("every", &self.every)
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}

impl Probing<'_> {
    pub(crate) fn snapshots(&self, folder: &Path) -> Snapshots {
        Snapshots {
            every: self.every,
            folder: folder.to_owned(),
        }
    }
}

/// A checkpoint to be scored.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) model: PathBuf,
    /// 16 is the finished model.
    pub(crate) sixteenths: u32,
    pub(crate) work: u64,
}

/// Scores checkpoints until no more come. What a method does wrong here is not held
/// against it: there is no score then.
///
/// # Errors
/// If the platform failed and a target was asked for: the answer would be wrong without the
/// score. Otherwise the run goes on without it.
pub(crate) async fn watch(
    method: &Ready<'_>,
    scratch: &Path,
    attempt: &Attempt,
    probing: &Probing<'_>,
    mut taken: UnboundedReceiver<Taken>,
) -> Result<(), PlatformError> {
    let train = read(&attempt.train).await?;
    let kind = attempt.task.kind.clone();
    let slice = compute(move || gauntlet_tasks::public_slice(&kind, &train))
        .await?
        .map_err(|fault| PlatformError::Score(fault.to_string()))?;
    let inputs = scratch.join("public.safetensors");
    tokio::fs::write(&inputs, &slice.inputs)
        .await
        .map_err(|error| PlatformError::File("write the public slice", error))?;
    let better = gauntlet_tasks::metric(&attempt.task.kind).better;

    let mut waiting = Vec::new();
    while let Some(next) = match waiting.pop() {
        Some(next) => Some(next),
        None => taken.recv().await,
    } {
        let scored = score(method, scratch, attempt, &inputs, &slice, &next).await;
        // The finished model is not ours to remove.
        if next.sixteenths < 16 {
            let _goes_with_its_folder = std::fs::remove_file(&next.model);
        }
        match scored {
            Ok(Some(score)) => {
                (probing.on_score)(CheckpointScore {
                    fraction: f64::from(next.sixteenths) / 16.0,
                    work: next.work,
                    score,
                });
                let target = probing.target;
                if target.is_some_and(|target| reaches(better, score, target)) {
                    return Ok(());
                }
            }
            Ok(None) => {}
            Err(error) if probing.target.is_some() => return Err(error),
            Err(error) => tracing::warn!(%error, run = attempt.run, "scoring a checkpoint failed"),
        }
        if probing.target.is_none() {
            // What came meanwhile is late; the finished model is worth it always.
            while let Ok(late) = taken.try_recv() {
                if late.sixteenths == 16 {
                    waiting.push(late);
                } else {
                    let _goes_with_its_folder = std::fs::remove_file(&late.model);
                }
            }
        }
    }
    Ok(())
}

/// Whether a score is as good as the target.
pub(crate) fn reaches(better: Direction, score: f64, target: f64) -> bool {
    match better {
        Direction::Higher => score >= target,
        Direction::Lower => score <= target,
    }
}

async fn score(
    method: &Ready<'_>,
    scratch: &Path,
    attempt: &Attempt,
    inputs: &Path,
    slice: &PublicSlice,
    taken: &Taken,
) -> Result<Option<f64>, PlatformError> {
    let predictions = scratch.join(format!("probed-{}.safetensors", taken.sixteenths));
    let phase = Phase::Predict {
        inputs: inputs.to_owned(),
        model: taken.model.clone(),
        predictions: predictions.clone(),
    };
    let limits = predict_limits(&attempt.budget);
    // What it reports goes nowhere: its author sees the scores.
    let (outcome, _) = method
        .execute(phase, limits, Stage::Predict, &mut |_, _| {})
        .await?;
    if report::judge(outcome, Stage::Predict)
        .map_err(PlatformError::Worker)?
        .is_some()
    {
        return Ok(None);
    }
    let predicted = read(&predictions).await?;
    let (kind, labels) = (attempt.task.kind.clone(), slice.labels.clone());
    let scored = compute(move || gauntlet_tasks::score(&kind, &labels, &predicted));
    match scored.await? {
        Ok(score) => Ok(Some(score.value)),
        Err(ScoreError::Predictions(_)) => Ok(None),
        Err(error @ ScoreError::Labels(_)) => Err(PlatformError::Score(error.to_string())),
    }
}
