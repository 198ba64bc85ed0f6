//! What can go wrong that is not the method's doing.

use std::io;
use std::path::PathBuf;

use gauntlet_image::Refusal;
use gauntlet_intake::IntakeError;

/// The engine or the machine failed. Never a verdict: the run is tried again.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// Nobody answers.
    #[error(
        "no container engine answers at {socket}: {reason}; scripts/setup --containers starts one"
    )]
    NoEngine {
        /// The socket.
        socket: PathBuf,
        /// Why.
        reason: String,
    },
    /// The engine cannot do what is asked of it.
    #[error("the container engine cannot {0}")]
    Unfit(String),
    /// The engine refused a call.
    #[error("failed to {0}: {1}")]
    Engine(&'static str, String),
    /// The engine did not answer in time.
    #[error("the container engine took more than {1} s to {0}")]
    Slow(&'static str, u64),
    /// A file or folder of ours could not be used.
    #[error("failed to {action} {path}: {source}")]
    File {
        /// What was tried, such as `read`.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// The engine holds another image than was given to it.
    #[error("the engine's image is not the one that was loaded: {0}")]
    OtherImage(String),
    /// What reads images came to no good end at this one, which the orchestrator's has read.
    #[error("the image is not read: {0}")]
    Reading(String),
    /// What reads images cannot be started, or cannot read or write.
    #[error("failed to have an image read: {0}")]
    Intake(String),
    /// What must be taken in is not.
    #[error("not even an image that is known to be good is loaded here: {0}")]
    KnownGood(String),
}

impl Fault {
    pub(crate) fn file(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File {
            action,
            path,
            source,
        }
    }

    pub(crate) fn engine(action: &'static str) -> impl FnOnce(bollard::errors::Error) -> Self {
        move |error| Self::Engine(action, gauntlet_text::error_chain(&error))
    }
}

/// Why an archive did not become an image.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The image is refused: its author's to mend.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The platform failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<IntakeError> for LoadError {
    fn from(error: IntakeError) -> Self {
        match error {
            IntakeError::Image(refusal) => Self::Refused(refusal),
            IntakeError::TooExpensive { .. } | IntakeError::Crashed { .. } => {
                Self::Fault(Fault::Reading(error.to_string()))
            }
            IntakeError::Module(_) | IntakeError::Fault(_) | IntakeError::NoProgram => {
                Self::Fault(Fault::Intake(gauntlet_text::error_chain(&error)))
            }
        }
    }
}
