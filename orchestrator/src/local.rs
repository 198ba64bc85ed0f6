//! The sandbox of this machine, for methods that are tried without an orchestrator: the
//! one that runners use, with the same limits.

use std::path::{Path, PathBuf};

use gauntlet_container::{ContainerConfig, Containers, Engine};
use gauntlet_sandbox::{Sandbox, SandboxConfig};
use gauntlet_server::data_dir::DataDir;

use crate::failure::Failure;

const WORKER: &str = "gauntlet-worker";

/// Where the worker and the folders are.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Place {
    /// The worker binary [default: gauntlet-worker beside this program].
    #[arg(long, value_name = "FILE", env = "GAUNTLET_WORKER")]
    worker: Option<PathBuf>,
    /// Folder for compiled modules and runs under way [default: local in Gauntlet's data folder].
    #[arg(long, value_name = "DIR", env = "GAUNTLET_DATA")]
    data: Option<PathBuf>,
}

/// A sandbox, and a folder for what goes from one phase to the next.
#[derive(Debug)]
pub(crate) struct Local {
    pub(crate) sandbox: Sandbox,
    /// Executes images; set up where one is to be run.
    pub(crate) containers: Option<Containers>,
    scratch: tempfile::TempDir,
}

impl Local {
    /// Sets containers up too, with the engine at `socket` or the usual one.
    ///
    /// # Errors
    /// If there is no engine, or it does not fit.
    pub(crate) async fn with_containers(
        mut self,
        socket: Option<PathBuf>,
    ) -> Result<Self, Failure> {
        let socket = socket.unwrap_or_else(Engine::usual_socket);
        let config = ContainerConfig::new(socket, self.scratch.path().join("containers"));
        let containers = Containers::open(config).await.map_err(|error| {
            Failure::input(error.to_string())
                .field("--engine")
                .help("an image needs a container engine: `scripts/setup --containers` starts one")
        })?;
        self.containers = Some(containers);
        Ok(self)
    }

    /// Files of runs; gone when this is dropped.
    pub(crate) fn scratch(&self) -> &Path {
        self.scratch.path()
    }
}

impl Place {
    /// Sets the sandbox up. `fresh`: without the modules compiled before.
    ///
    /// # Errors
    /// If there is no worker, or a folder cannot be used.
    pub(crate) fn sandbox(&self, fresh: bool) -> Result<Local, Failure> {
        let worker = self.worker()?;
        let data = DataDir::resolve(self.data.clone())?.nested("local");
        data.create()?;
        let scratch = tempfile::Builder::new()
            .prefix("scratch-")
            .tempdir_in(data.root())
            .map_err(|error| Failure::file("make a folder in", data.root(), error))?;
        let cache = if fresh {
            scratch.path().join("cache")
        } else {
            data.cache()
        };
        let sandbox = Sandbox::new(SandboxConfig::new(worker, cache, data.runs()))
            .map_err(|error| Failure::ours("set up the sandbox", error))?;
        Ok(Local {
            sandbox,
            containers: None,
            scratch,
        })
    }

    fn worker(&self) -> Result<PathBuf, Failure> {
        let own = std::env::current_exe()
            .map_err(|error| Failure::ours("find this program's place", error))?;
        let beside = own.parent().unwrap_or(Path::new(".")).join(WORKER);
        let path = self.worker.clone().unwrap_or(beside);
        if path.is_file() {
            return Ok(path);
        }
        Err(Failure::input(format!(
            "the worker that executes methods is not there: {}",
            path.display()
        ))
        .field("--worker")
        .help(
            "it belongs beside `gauntlet`; in the source tree, `scripts/build host` builds both, \
             elsewhere name it with --worker FILE or GAUNTLET_WORKER",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_that_is_not_there_is_explained() {
        let place = Place {
            worker: Some("/nowhere/gauntlet-worker".into()),
            data: None,
        };
        let failure = place.sandbox(false).unwrap_err();
        assert_eq!(failure.field.as_deref(), Some("--worker"));
        assert!(failure.help.unwrap().contains("scripts/build"));
    }
}
