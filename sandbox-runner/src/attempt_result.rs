//! What comes of an attempt: a result, or an error of the platform's.

use std::path::Path;

use gauntlet_protocol::Verdict;
use gauntlet_sandbox::Fault;
use gauntlet_worker_protocol::{Meters, Outcome};
use sha2::{Digest, Sha256};

use crate::off_reactor::off_reactor;
use crate::report::Stage;

/// What came of an attempt.
#[derive(Clone, Debug)]
pub struct AttemptResult {
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

impl AttemptResult {
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
pub enum PlatformError {
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
    /// It failed while the method predicted. What the worker says of it then may be the
    /// method's words, which has the hidden inputs before it: they are the source, for this
    /// machine's log and for an author on data of their own, and not in the message.
    #[error(
        "the platform failed while the method predicted; how is withheld, since the method had \
         seen the hidden inputs, and is in the runner's log"
    )]
    Predicting(#[source] Box<PlatformError>),
}

/// Reads a file that a sandbox handed out.
pub(crate) async fn read(path: &Path) -> Result<Vec<u8>, PlatformError> {
    let read = tokio::fs::read(path).await;
    read.map_err(|error| PlatformError::File("read a sandbox's output", error))
}

/// What the platform computes with a method's output, off the threads that others wait for.
pub(crate) async fn compute<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, PlatformError> {
    let done = off_reactor(work).await;
    done.map_err(|error| PlatformError::Score(error.to_string()))
}
