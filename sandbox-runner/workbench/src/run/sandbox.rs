//! A method in the sandbox of a tournament.

use std::path::PathBuf;

use gauntlet_domain::tournament::BlockSeed;
use gauntlet_runner::attempt::{self, Attempt, AttemptResult, Lanes, Method, Stage};
use gauntlet_wire::settings::Settings;
use gauntlet_worker_protocol::Event;

use super::error::RunError;
use super::task::LocalTask;
use crate::local::Local;

/// A method and a task laid out for the sandbox, to be executed once for each block.
#[derive(Debug)]
pub struct SandboxRun<'a> {
    local: &'a Local,
    attempt: Attempt,
}

impl<'a> SandboxRun<'a> {
    /// Writes the task's data where runs find it. `threads` are those of the tensor backend.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn prepare(
        local: &'a Local,
        method: Method,
        task: &LocalTask,
        threads: usize,
        settings: Settings,
    ) -> Result<Self, RunError> {
        let put = |name: &str, bytes: &[u8]| -> Result<PathBuf, RunError> {
            let path = local.scratch().join(name);
            std::fs::write(&path, bytes).map_err(RunError::file("write", &path))?;
            Ok(path)
        };
        let dataset = &task.dataset;
        let attempt = Attempt {
            method,
            run: "local".to_owned(),
            task: dataset.info.clone(),
            seed: 0,
            budget: task.budget(),
            batches: None,
            threads,
            settings,
            train: put("train.safetensors", &dataset.train)?,
            hidden_inputs: put("inputs.safetensors", &dataset.hidden_inputs)?,
            base: match &dataset.base {
                Some(base) => Some(put("base.safetensors", base)?),
                None => None,
            },
            hidden_labels: dataset.hidden_labels.clone(),
        };
        Ok(Self { local, attempt })
    }

    /// Trains, predicts and scores once. What the workers say meanwhile is handed to `listen`.
    ///
    /// # Errors
    /// If the platform fails; what the method does wrong is in the findings.
    pub async fn block(
        &mut self,
        seed: BlockSeed,
        listen: impl FnMut(Stage, Event),
    ) -> Result<AttemptResult, RunError> {
        self.attempt.seed = seed.0;
        let lanes = Lanes {
            sandbox: &self.local.sandbox,
            containers: self.local.containers.as_ref(),
        };
        attempt::perform(lanes, self.local.scratch(), &self.attempt, listen)
            .await
            .map_err(RunError::Platform)
    }
}
