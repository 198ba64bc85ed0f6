//! What an attempt does, wherever it is executed: compile, train, predict, score.
//!
//! A runner does this for a tournament, and `gauntlet method run` does it for a miner
//! at home: the same code, so that what passes in one place passes in the other.

use std::path::{Path, PathBuf};

use gauntlet_protocol::{Budget, Verdict};
use gauntlet_sandbox::Fault;
use gauntlet_wire::TaskInfo;
use gauntlet_wire::settings::Settings;
use gauntlet_worker_protocol::{Event, Limits, Meters, Outcome};
use sha2::{Digest, Sha256};

use crate::phases::Steps;
use crate::probing::Probing;

pub use crate::lanes::{Lanes, Method};

pub use crate::report::{Stage, remark};

/// What is executed, on what, within which limits.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The method, as it was handed in.
    pub method: Method,
    /// Name of the run, for logs and for the labels of containers.
    pub run: String,
    /// What the method is told.
    pub task: TaskInfo,
    /// Seed of the block.
    pub seed: u64,
    /// What it may use.
    pub budget: Budget,
    /// Training batches, where a number of them is wanted that is the same in every lane.
    pub batches: Option<u64>,
    /// Threads of the tensor backend, or processors of a container.
    pub threads: usize,
    /// Values for the method's hyper-parameters, checked against what it declares.
    pub settings: Settings,
    /// The train part: a safetensors file.
    pub train: PathBuf,
    /// The task's base weights (safetensors), if it carries some.
    pub base: Option<PathBuf>,
    /// The hidden inputs: a safetensors file.
    pub hidden_inputs: PathBuf,
    /// The hidden labels (safetensors), for the scorer alone.
    pub hidden_labels: Vec<u8>,
}

/// What came of an attempt.
#[derive(Clone, Debug)]
pub struct Findings {
    /// How it ended, as far as the method is concerned.
    pub verdict: Verdict,
    /// One line for its author.
    pub detail: Option<String>,
    /// The whole reason, if it did not complete. What a method says while it predicts, it
    /// says with the hidden inputs before it: for an author on data of their own, never for
    /// a report.
    pub cause: Option<Cause>,
    /// The score in the task's metric, if it completed.
    pub score: Option<f64>,
    /// Other measures of the predictions, such as `r2`, if it completed.
    pub secondary: Vec<(&'static str, f64)>,
    /// The model (safetensors), if it completed.
    pub model: Option<Vec<u8>>,
    /// SHA-256 of the predictions file in hex, if it completed.
    pub predictions: Option<String>,
    /// What training used.
    pub train: Meters,
    /// What prediction used.
    pub predict: Meters,
}

impl Findings {
    /// SHA-256 of the model in hex.
    #[must_use]
    pub fn model_digest(&self) -> Option<String> {
        let model = self.model.as_ref()?;
        Some(hex::encode(Sha256::digest(model)))
    }
}

/// Why a method did not complete, unabridged.
#[derive(Clone, Debug)]
pub enum Cause {
    /// It does not enter, or does not compile.
    Module(String),
    /// A phase ended otherwise than it should.
    Phase(Stage, Outcome),
    /// Its predictions cannot be scored.
    Predictions(String),
}

/// The platform failed, and why: no verdict follows from it.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// The sandbox failed.
    #[error(transparent)]
    Sandbox(#[from] Fault),
    /// The container engine failed.
    #[error(transparent)]
    Containers(#[from] gauntlet_container::Fault),
    /// An image came to where there is no container engine.
    #[error("this runner has no container engine")]
    NoEngine,
    /// A file of ours could not be used.
    #[error("failed to {0}: {1}")]
    File(&'static str, std::io::Error),
    /// Our own data cannot be scored against.
    #[error("failed to score: {0}")]
    Score(String),
    /// The worker reports a fault of the platform.
    #[error("{0}")]
    Worker(String),
}

/// Executes an attempt, with `scratch` for the files that go from one sandbox to the
/// next. Every event of the workers is handed to `listen` with the phase it belongs to;
/// those of [`Stage::Predict`] come from a method that sees the hidden inputs.
/// Dropping the future kills what runs.
///
/// # Errors
/// If the platform failed; what the method did wrong is a verdict.
pub async fn perform<'a>(
    lanes: impl Into<Lanes<'a>>,
    scratch: &Path,
    attempt: &'a Attempt,
    listen: impl FnMut(Stage, Event),
) -> Result<Findings, Trouble> {
    perform_probed(lanes, scratch, attempt, None, listen).await
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
    mut listen: impl FnMut(Stage, Event),
) -> Result<Findings, Trouble> {
    let mut findings = Findings {
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
    let against = steps.take(&mut findings, &mut listen).await?;
    if let Some((verdict, detail)) = against {
        findings.verdict = verdict;
        findings.detail = Some(detail);
    }
    Ok(findings)
}

/// What training may use.
#[must_use]
pub fn train_limits(budget: &Budget) -> Limits {
    Limits {
        work: budget.work,
        batches: None,
        wall_ms: u64::from(budget.wall_seconds) * 1000,
        tensor_bytes: budget.tensor_bytes,
        guest_bytes: budget.guest_bytes,
        output_bytes: budget.output_bytes,
    }
}

/// What prediction may use.
#[must_use]
pub fn predict_limits(budget: &Budget) -> Limits {
    let work = u128::from(budget.work) * u128::from(budget.predict_share_percent) / 100;
    Limits {
        work: u64::try_from(work).unwrap_or(u64::MAX),
        ..train_limits(budget)
    }
}

pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Trouble> {
    std::fs::read(path).map_err(|error| Trouble::File("read a sandbox's output", error))
}

#[cfg(test)]
mod tests {
    use super::*;

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
