//! What executes images: the engine, and the folders and labels that are this runner's.

use std::sync::Arc;

use gauntlet_intake::Intake;
use tokio::sync::Mutex;

use crate::config::ContainerConfig;
use crate::engine::Engine;
use crate::fault::Fault;
use crate::folder::Folders;
use crate::labels::Labels;
use crate::reap::reap;

/// Loads images and executes phases. Share it by `Arc`.
#[derive(Debug)]
pub struct Containers {
    pub(crate) engine: Engine,
    pub(crate) config: ContainerConfig,
    pub(crate) folders: Folders,
    pub(crate) intake: Intake,
    pub(crate) labels: Labels,
    /// Images are loaded one at a time.
    pub(crate) loading: Arc<Mutex<()>>,
}

impl Containers {
    /// Connects to the engine and removes what a killed runner of the same folder left.
    ///
    /// # Errors
    /// If there is no engine, it lacks something that is asked of it, what reads images is
    /// missing, or a folder fails.
    pub async fn open(config: ContainerConfig) -> Result<Self, Fault> {
        let engine = Engine::connect(&config.socket).await?;
        engine.check(&config)?;
        let intake = Intake::new(config.intake.clone(), config.isolation);
        intake
            .check()
            .map_err(|error| Fault::Intake(gauntlet_text::error_chain(&error)))?;
        let in_memory = config.output_in_memory && engine.shares_our_mounts();
        let folders = Folders::open(&config.runs, in_memory)?;
        let labels = Labels::of(folders.path());
        reap(&engine, &labels).await?;
        Ok(Self {
            engine,
            config,
            folders,
            intake,
            labels,
            loading: Arc::default(),
        })
    }

    /// Whether an output folder is a file system of its own, with a size and without
    /// execution; else it is a plain folder that is watched.
    #[must_use]
    pub fn output_in_memory(&self) -> bool {
        self.folders.in_memory()
    }

    /// What executes containers, for the hardware class: under another runtime, or with
    /// another kind of output folder, a method that misbehaves may end in another way.
    #[must_use]
    pub fn description(&self) -> String {
        let engine = self.engine.description(self.config.runtime.as_deref());
        let output = if self.output_in_memory() {
            "in memory"
        } else {
            "watched"
        };
        format!("{engine}; output {output}")
    }
}
