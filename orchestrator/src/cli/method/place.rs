//! Where the sandbox of this machine has its worker and its folders.

use std::path::PathBuf;

use gauntlet_server::data_dir::DataDir;
use gauntlet_workbench::local::{self, Local};

use crate::failure::Failure;

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

impl Place {
    /// Sets the sandbox up. `fresh`: without the modules compiled before.
    pub(crate) fn sandbox(&self, fresh: bool) -> Result<Local, Failure> {
        let worker = local::worker(self.worker.as_deref())?;
        let data = DataDir::resolve(self.data.clone())?.nested("local");
        data.create()?;
        Ok(Local::open(worker, data.root(), fresh)?)
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
