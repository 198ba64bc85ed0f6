//! The sandbox of this machine, for methods that are tried without an orchestrator: the
//! one that runners use, with the same limits.

use std::path::{Path, PathBuf};

use gauntlet_container::{ContainerConfig, Containers, Engine};
use gauntlet_sandbox::{Sandbox, SandboxConfig};
use thiserror::Error;

const WORKER: &str = "gauntlet-worker";

/// A sandbox, and a folder for what goes from one phase to the next.
#[derive(Debug)]
pub struct Local {
    /// Executes modules.
    pub sandbox: Sandbox,
    /// Executes images; set up where one is to be run.
    pub containers: Option<Containers>,
    scratch: tempfile::TempDir,
}

/// Why there is no sandbox on this machine.
#[derive(Debug, Error)]
pub enum LocalError {
    /// The worker's program is not where it should be.
    #[error("the worker that executes methods is not there: {}", .path.display())]
    NoWorker {
        /// Where it should be.
        path: PathBuf,
    },
    /// This program's own place, beside which the worker is, cannot be found.
    #[error("failed to find this program's place: {0}")]
    OwnPlace(#[source] std::io::Error),
    /// No folder can be made for the runs.
    #[error("failed to make a folder in {}: {source}", .folder.display())]
    Scratch {
        /// The folder above it.
        folder: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The sandbox does not work here.
    #[error("failed to set up the sandbox: {0}")]
    Sandbox(#[source] gauntlet_sandbox::Fault),
    /// There is no container engine, or it does not fit.
    #[error(transparent)]
    Engine(#[from] gauntlet_container::Fault),
}

/// The worker's program: the one named, else `gauntlet-worker` beside this program.
///
/// # Errors
/// If it is not there.
pub fn worker(named: Option<&Path>) -> Result<PathBuf, LocalError> {
    let path = match named {
        Some(named) => named.to_path_buf(),
        None => {
            let own = std::env::current_exe().map_err(LocalError::OwnPlace)?;
            own.parent().unwrap_or(Path::new(".")).join(WORKER)
        }
    };
    if path.is_file() {
        Ok(path)
    } else {
        Err(LocalError::NoWorker { path })
    }
}

impl Local {
    /// Sets the sandbox up with this worker. Compiled modules and runs under way are kept in
    /// `folder`, which must be there; `fresh` leaves modules compiled before out of account.
    ///
    /// # Errors
    /// If a folder cannot be used.
    pub fn open(worker: PathBuf, folder: &Path, fresh: bool) -> Result<Self, LocalError> {
        let scratch = tempfile::Builder::new()
            .prefix("scratch-")
            .tempdir_in(folder)
            .map_err(|source| LocalError::Scratch {
                folder: folder.to_path_buf(),
                source,
            })?;
        let cache = if fresh { scratch.path() } else { folder }.join("cache");
        let config = SandboxConfig::new(worker, cache, folder.join("runs"));
        let sandbox = Sandbox::new(config).map_err(LocalError::Sandbox)?;
        Ok(Self {
            sandbox,
            containers: None,
            scratch,
        })
    }

    /// Sets containers up too, with the engine at `socket` or the usual one.
    ///
    /// # Errors
    /// If there is no engine, or it does not fit.
    pub async fn with_containers(mut self, socket: Option<PathBuf>) -> Result<Self, LocalError> {
        let socket = socket.unwrap_or_else(Engine::usual_socket);
        let config = ContainerConfig::new(socket, self.scratch.path().join("containers"));
        self.containers = Some(Containers::open(config).await?);
        Ok(self)
    }

    /// Files of runs; gone when this is dropped.
    #[must_use]
    pub fn scratch(&self) -> &Path {
        self.scratch.path()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_that_is_not_there_is_named() {
        let error = worker(Some(Path::new("/nowhere/gauntlet-worker"))).unwrap_err();
        assert!(
            error.to_string().contains("/nowhere/gauntlet-worker"),
            "{error}"
        );
    }
}
