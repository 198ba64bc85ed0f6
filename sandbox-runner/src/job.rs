//! Executes one attempt: fetch, compile, train, predict, score.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use gauntlet_job::{Event, Job, Limits, Meters, Outcome, Phase};
use gauntlet_protocol::{Assignment, Budget, Report, Verdict};
use gauntlet_sandbox::{Fault, Sandbox};
use gauntlet_tasks::ScoreError;
use gauntlet_wire::TaskInfo;
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::blobs::{BlobError, Blobs};
use crate::client::{Client, ClientError, retry};
use crate::curve::Curve;
use crate::report::{self, Against, Stage};

/// How long to try to hand in the model.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);
/// Share of an attempt's progress that is training.
const TRAINING: f64 = 0.9;

/// What attempts are executed with.
#[derive(Debug)]
pub(crate) struct Workplace {
    pub(crate) client: Client,
    pub(crate) sandbox: Sandbox,
    pub(crate) blobs: Blobs,
    /// Models and predictions on their way from one sandbox to the next.
    pub(crate) scratch: PathBuf,
    /// Threads of the tensor backend.
    pub(crate) threads: usize,
}

/// The platform failed, and why: the attempt ends as a fault, not as a result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    #[error(transparent)]
    Sandbox(#[from] Fault),
    #[error(transparent)]
    Blob(#[from] BlobError),
    #[error("failed to hand in the model: {0}")]
    Model(ClientError),
    #[error("the assignment cannot be understood: {0}")]
    Assignment(String),
    #[error("failed to {0}: {1}")]
    File(&'static str, std::io::Error),
    #[error("failed to score: {0}")]
    Score(String),
    #[error("{0}")]
    Worker(String),
}

/// What has come of an attempt so far.
#[derive(Default)]
struct Findings {
    train: Meters,
    predict: Meters,
    score: Option<f64>,
    model: Option<String>,
    predictions: Option<String>,
}

/// Executes an attempt. Dropping the future kills what runs.
pub(crate) async fn perform(
    place: &Workplace,
    assignment: &Assignment,
    curve: &Mutex<Curve>,
) -> Result<Report, Trouble> {
    let mut findings = Findings::default();
    let against = attempt(place, assignment, curve, &mut findings).await?;
    let (verdict, detail) = match against {
        None => (Verdict::Completed, None),
        Some((verdict, detail)) => (verdict, Some(detail)),
    };
    Ok(Report {
        verdict,
        score: findings.score,
        model: findings.model,
        predictions: findings.predictions,
        detail,
        train: report::meters(&findings.train),
        predict: report::meters(&findings.predict),
        curve: curve.lock().unwrap_or_else(PoisonError::into_inner).whole(),
    })
}

async fn attempt(
    place: &Workplace,
    assignment: &Assignment,
    curve: &Mutex<Curve>,
    findings: &mut Findings,
) -> Result<Option<Against>, Trouble> {
    let task: TaskInfo = serde_json::from_value(assignment.task.info.clone())
        .map_err(|error| Trouble::Assignment(format!("the task: {error}")))?;
    let seed = seed(&assignment.seed)?;
    let blob = |digest| place.blobs.get(&place.client, digest);
    let (_, wasm) = blob(&assignment.module).await?;
    let (train, _) = blob(&assignment.task.train).await?;
    let (inputs, _) = blob(&assignment.task.hidden_inputs).await?;
    let (_, labels) = blob(&assignment.task.hidden_labels).await?;
    let scratch = tempfile::Builder::new()
        .prefix("attempt-")
        .tempdir_in(&place.scratch)
        .map_err(|error| Trouble::File("make a folder", error))?;

    let module = match place.sandbox.compile(&wasm).await {
        Ok(compiled) => compiled.path,
        Err(error) => {
            return report::judge_module(error)
                .map(Some)
                .map_err(Trouble::Worker);
        }
    };
    let model = scratch.path().join("model.safetensors");
    let predictions = scratch.path().join("predictions.safetensors");
    let job = |phase, limits| Job {
        phase,
        module: module.clone(),
        task: task.clone(),
        seed,
        limits,
        threads: place.threads,
    };

    let phase = Phase::Train {
        train,
        model: model.clone(),
    };
    let training = job(phase, train_limits(&assignment.budget));
    let (outcome, meters) = execute(place, training, Stage::Train, curve).await?;
    findings.train = meters;
    if let Some(against) = report::judge(outcome, Stage::Train).map_err(Trouble::Worker)? {
        return Ok(Some(against));
    }

    let phase = Phase::Predict {
        inputs,
        model: model.clone(),
        predictions: predictions.clone(),
    };
    let prediction = job(phase, predict_limits(&assignment.budget));
    let (outcome, meters) = execute(place, prediction, Stage::Predict, curve).await?;
    findings.predict = meters;
    if let Some(against) = report::judge(outcome, Stage::Predict).map_err(Trouble::Worker)? {
        return Ok(Some(against));
    }

    let predictions = read(&predictions)?;
    match gauntlet_tasks::score(&task.kind, &labels, &predictions) {
        Ok(score) => findings.score = Some(score.value),
        Err(ScoreError::Predictions(fault)) => {
            return Ok(Some(report::judge_predictions(&fault)));
        }
        Err(error @ ScoreError::Labels(_)) => return Err(Trouble::Score(error.to_string())),
    }
    let model = read(&model)?;
    let digest = hex::encode(Sha256::digest(&model));
    retry(PATIENCE, || place.client.put_blob(&digest, model.clone()))
        .await
        .map_err(Trouble::Model)?;
    findings.model = Some(digest);
    findings.predictions = Some(hex::encode(Sha256::digest(&predictions)));
    Ok(None)
}

/// Executes one phase and takes in what it reports.
async fn execute(
    place: &Workplace,
    job: Job,
    stage: Stage,
    curve: &Mutex<Curve>,
) -> Result<(Outcome, Meters), Trouble> {
    let (sender, mut receiver) = mpsc::channel(256);
    let listen = async {
        while let Some(event) = receiver.recv().await {
            let mut curve = curve.lock().unwrap_or_else(PoisonError::into_inner);
            match (event, stage) {
                (
                    Event::Metric {
                        step, name, value, ..
                    },
                    Stage::Train,
                ) => {
                    curve.push(step, &name, value);
                }
                (Event::Progress { used }, Stage::Train) => {
                    curve.progress = used.clamp(0.0, 1.0) * TRAINING;
                }
                (Event::Progress { used }, Stage::Predict) => {
                    curve.progress = TRAINING + used.clamp(0.0, 1.0) * (1.0 - TRAINING);
                }
                (Event::Log { line }, Stage::Train) => tracing::debug!(line, "the method says"),
                // What a method reports while it sees hidden inputs goes nowhere.
                _ => {}
            }
        }
    };
    let execution = place.sandbox.execute(job, sender, CancellationToken::new());
    let (result, ()) = tokio::join!(execution, listen);
    Ok(result?)
}

fn train_limits(budget: &Budget) -> Limits {
    Limits {
        work: budget.work,
        batches: None,
        wall_ms: u64::from(budget.wall_seconds) * 1000,
        tensor_bytes: budget.tensor_bytes,
        guest_bytes: budget.guest_bytes,
        output_bytes: budget.output_bytes,
    }
}

fn predict_limits(budget: &Budget) -> Limits {
    let work = u128::from(budget.work) * u128::from(budget.predict_share_percent) / 100;
    Limits {
        work: u64::try_from(work).unwrap_or(u64::MAX),
        ..train_limits(budget)
    }
}

fn seed(text: &str) -> Result<u64, Trouble> {
    let digits = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    u64::from_str_radix(text, 16)
        .ok()
        .filter(|_| digits)
        .ok_or_else(|| Trouble::Assignment(format!("{text:?} is no seed of 16 hex digits")))
}

fn read(path: &Path) -> Result<Vec<u8>, Trouble> {
    std::fs::read(path).map_err(|error| Trouble::File("read a sandbox's output", error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_sixteen_hex_digits() {
        assert_eq!(seed("00000000000000ff").unwrap(), 255);
        assert_eq!(seed("ffffffffffffffff").unwrap(), u64::MAX);
        for wrong in [
            "",
            "ff",
            "+0000000000000ff",
            "00000000000000fg",
            "000000000000000ff",
        ] {
            assert!(seed(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn prediction_gets_its_share_of_the_work() {
        let budget = Budget {
            work: u64::MAX,
            predict_share_percent: 50,
            wall_seconds: 3,
            tensor_bytes: 4,
            guest_bytes: 5,
            output_bytes: 6,
        };
        assert_eq!(predict_limits(&budget).work, u64::MAX / 2);
        assert_eq!(predict_limits(&budget).wall_ms, 3_000);
        assert_eq!(train_limits(&budget).work, u64::MAX);
    }
}
