//! What can go wrong that is not the method's doing.

use std::io;
use std::path::PathBuf;

use gauntlet_gate::Rejection;

/// The sandbox or the machine failed. Never a verdict: the run is tried again.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The run was called off.
    #[error("the run was called off")]
    Cancelled,
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
    /// A worker could not be started.
    #[error("failed to start a worker with {path}: {source}")]
    Spawn {
        /// The program that starts workers.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// The program that isolates workers is missing.
    #[error(
        "{0} is not there, which starts workers; it belongs beside the worker, and \
         `scripts/build host` builds both"
    )]
    NoLauncher(PathBuf),
    /// The compiled module is not one that this sandbox made.
    #[error("{0} is not in the cache of compiled modules, or was changed there")]
    NotOurs(PathBuf),
    /// The worker broke its contract with the supervisor.
    #[error("the worker broke its contract: {0}")]
    Contract(String),
    /// The worker died, and nothing says that the method did it.
    #[error("the worker died: {0}")]
    Died(String),
    /// The worker itself reports a fault of the platform.
    #[error("the worker reports: {0}")]
    Reported(String),
    /// Every user id for workers is in use.
    #[error("all {0} user ids for workers are in use")]
    NoUser(u32),
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
}

/// Why a module was not compiled.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// The gate refuses it.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// The compiler refuses it. The method's fault.
    #[error("the module does not compile: {0}")]
    Invalid(String),
    /// Compiling it costs more than allowed. The method's fault.
    #[error("compiling the module takes more than {limit} {unit}")]
    TooExpensive {
        /// The limit.
        limit: u64,
        /// What it counts: `seconds of processor time`, `bytes of memory`, `bytes of code`.
        unit: &'static str,
    },
    /// The platform failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}
