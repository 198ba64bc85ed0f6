//! Executes one leased attempt: fetch, perform, hand in.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use gauntlet_container::Containers;
use gauntlet_protocol::{Assignment, FaultCause, Lane, Meters, Report, Verdict};
use gauntlet_sandbox::Sandbox;
use gauntlet_wire::TaskInfo;
use gauntlet_wire::settings::Settings;
use gauntlet_worker_protocol::Event;
use sha2::{Digest, Sha256};

use crate::attempt::{self, Attempt, Lanes, Method, PlatformError, Stage};
use crate::blobs::{BlobError, Blobs};
use crate::client::{Client, ClientError, retry};
use crate::curve::Curve;
use crate::off_reactor::off_reactor;
use crate::probing::{self, Probing};
use crate::report;

/// How long to try to hand in the model.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);
/// Share of an attempt's progress that is training.
const TRAINING: f64 = 0.9;

/// What a runner executes attempts with.
#[derive(Debug)]
pub(crate) struct RunnerContext {
    pub(crate) client: Client,
    pub(crate) sandbox: Sandbox,
    /// Executes images, if there is an engine.
    pub(crate) containers: Option<Containers>,
    pub(crate) blobs: Blobs,
    /// Models and predictions on their way from one sandbox to the next.
    pub(crate) scratch: PathBuf,
    /// Threads of the tensor backend.
    pub(crate) threads: usize,
}

/// The platform failed, and why: the attempt ends as a fault, not as a result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AssignmentError {
    #[error(transparent)]
    Attempt(#[from] PlatformError),
    #[error(transparent)]
    Blob(#[from] BlobError),
    #[error("failed to hand in the model: {0}")]
    Model(ClientError),
    #[error("the assignment cannot be understood: {0}")]
    Assignment(String),
}

impl AssignmentError {
    /// What it says about this runner.
    pub(crate) fn fault_cause(&self) -> FaultCause {
        match self {
            Self::Blob(BlobError::Fetch { source, .. }) | Self::Model(source)
                if source.is_transient() =>
            {
                FaultCause::Unreachable
            }
            _ => FaultCause::Machine,
        }
    }
}

/// Digests of all that an attempt uses.
fn blobs_of(assignment: &Assignment) -> impl Iterator<Item = &str> {
    let task = &assignment.task;
    let always = [
        &assignment.artifact,
        &task.train,
        &task.hidden_inputs,
        &task.hidden_labels,
    ];
    always.into_iter().chain(&task.base).map(String::as_str)
}

/// Executes an attempt. Dropping the future kills what runs.
pub(crate) async fn perform(
    runner: &RunnerContext,
    assignment: &Assignment,
    curve: &Mutex<Curve>,
) -> Result<Report, AssignmentError> {
    let task: TaskInfo = serde_json::from_value(assignment.task.info.clone())
        .map_err(|error| AssignmentError::Assignment(format!("the task: {error}")))?;
    let seed = seed(&assignment.seed)?;
    let _held = runner.blobs.hold(blobs_of(assignment));
    let bytes = |digest| runner.blobs.get(&runner.client, digest);
    let file = |digest| runner.blobs.get_file(&runner.client, digest);
    let method = match assignment.lane {
        Lane::Wasm => Method::Module(bytes(&assignment.artifact).await?),
        Lane::Oci => Method::Image {
            archive: file(&assignment.artifact).await?,
            digest: assignment.artifact.clone(),
        },
    };
    let train = file(&assignment.task.train).await?;
    let base = match &assignment.task.base {
        Some(base) => Some(file(base).await?),
        None => None,
    };
    let hidden_inputs = file(&assignment.task.hidden_inputs).await?;
    let hidden_labels = bytes(&assignment.task.hidden_labels).await?;
    let attempt = Attempt {
        method,
        run: assignment.run.to_string(),
        task,
        seed,
        budget: assignment.budget,
        batches: None,
        threads: runner.threads,
        settings: Settings::new(),
        train,
        base,
        hidden_inputs,
        hidden_labels,
    };
    let on_event = |stage, event| {
        let mut curve = curve.lock().unwrap_or_else(PoisonError::into_inner);
        record(&mut curve, stage, event);
    };
    let lanes = Lanes {
        sandbox: &runner.sandbox,
        containers: runner.containers.as_ref(),
    };
    let on_score = |score| {
        let mut curve = curve.lock().unwrap_or_else(PoisonError::into_inner);
        curve.push_score(score);
    };
    let probing = assignment.probing.map(|asked| Probing {
        every: asked.every,
        target: asked.target,
        on_score: &on_score,
    });
    let probing = probing.as_ref();
    let mut result =
        attempt::perform_probed(lanes, &runner.scratch, &attempt, probing, on_event).await?;
    let digest = match result.model.take() {
        Some(model) => Some(hand_in(&runner.client, model).await?),
        None => None,
    };
    let curve = curve.lock().unwrap_or_else(PoisonError::into_inner);
    let target = assignment.probing.and_then(|asked| asked.target);
    let to_target = target.and_then(|target| {
        let better = gauntlet_tasks::metric(&attempt.task.kind).better;
        let reached = |score: f64| probing::reaches(better, score, target);
        // Who learned the public slice by heart has not reached it.
        result.score.filter(|score| reached(*score))?;
        let first = curve
            .scores
            .iter()
            .find(|checkpoint| reached(checkpoint.score))?;
        Some(first.work)
    });
    Ok(Report {
        verdict: result.verdict,
        score: result.score,
        model: digest,
        predictions: result.predictions,
        detail: result.detail,
        train: report::meters(&result.train),
        predict: report::meters(&result.predict),
        curve: curve.whole(),
        probes: curve.scores.clone(),
        to_target,
    })
}

/// Hands a model in; its digest.
async fn hand_in(client: &Client, model: Vec<u8>) -> Result<String, AssignmentError> {
    let (digest, model) = off_reactor(move || (hex::encode(Sha256::digest(&model)), model))
        .await
        .map_err(|error| PlatformError::File("hash a model", error))?;
    retry(PATIENCE, || client.put_blob(&digest, model.clone()))
        .await
        .map_err(AssignmentError::Model)?;
    Ok(digest)
}

/// What is reported of a run that was told to stop: what its last checkpoint scored.
/// Nothing of it has seen hidden data. None if no checkpoint was scored.
pub(crate) fn stopped(curve: &Mutex<Curve>, reason: &str) -> Option<Report> {
    let curve = curve.lock().unwrap_or_else(PoisonError::into_inner);
    let last = curve.scores.last()?;
    Some(Report {
        verdict: Verdict::Stopped,
        score: Some(last.score),
        model: None,
        predictions: None,
        detail: Some(report::one_line(reason)),
        // It was killed, so nobody read its meters; so much it had used at that checkpoint.
        train: Meters {
            work: last.work,
            ..Meters::default()
        },
        predict: Meters::default(),
        curve: curve.whole(),
        probes: curve.scores.clone(),
        to_target: None,
    })
}

/// Takes in what a worker reports, as far as it may leave this machine.
fn record(curve: &mut Curve, stage: Stage, event: Event) {
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
        // That it predicts, and not how far it is: it chooses how fast it uses its budget.
        (Event::Progress { .. }, Stage::Predict) => curve.progress = TRAINING,
        (Event::Log { line }, Stage::Train) => tracing::debug!(line, "the method says"),
        // What a method reports while it sees hidden inputs goes nowhere.
        _ => {}
    }
}

fn seed(text: &str) -> Result<u64, AssignmentError> {
    let digits = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    u64::from_str_radix(text, 16)
        .ok()
        .filter(|_| digits)
        .ok_or_else(|| AssignmentError::Assignment(format!("{text:?} is no seed of 16 hex digits")))
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
    fn what_a_method_reports_while_it_predicts_goes_nowhere() {
        let mut curve = Curve::default();
        let metric = || Event::Metric {
            step: 1,
            name: "label 3".to_owned(),
            value: Some(3.0),
            micros: 1,
        };
        record(&mut curve, Stage::Predict, metric());
        assert!(curve.whole().is_empty());
        for used in [0.1, 0.9] {
            record(&mut curve, Stage::Predict, Event::Progress { used });
            assert_eq!(curve.progress, TRAINING);
        }
        record(&mut curve, Stage::Train, metric());
        assert_eq!(curve.whole().len(), 1);
    }
}
