//! Executes one phase of a method in a hardened container: the OCI lane.
//!
//! The caller hands in an archive and gets an [`Image`] that the engine knows by its
//! digest; then, for each phase, an [`Order`], and gets an
//! [`Outcome`](gauntlet_worker_protocol::Outcome) with [`Meters`](gauntlet_worker_protocol::Meters), or a [`Fault`]
//! if the platform failed: the same as from the WASM lane's sandbox.
//!
//! - [`Containers::open`]: finds the engine, removes what a killed runner left
//! - [`Containers::load`]: intake of an archive, rewritten and loaded
//! - [`Containers::execute`]: one phase in one container
//!
//! What a container is denied is in [`spec`] line by line; what goes in and out is the file
//! contract, `docs/OCI-CONTRACT.md`. The engine is started by whoever runs the machine.

mod cgroup;
mod collect;
mod config;
mod contract;
mod engine;
mod export;
mod fault;
mod folder;
mod images;
mod labels;
mod reap;
mod removal;
mod run;
mod said;
mod seccomp;
pub mod spec;
mod verdict;

use std::sync::Arc;

pub use config::{ContainerConfig, Gpus, Walls};
pub use engine::Engine;
pub use fault::{Fault, LoadError};
pub use images::Image;
pub use run::Order;

/// Loads images and executes phases. Share it by `Arc`.
#[derive(Debug)]
pub struct Containers {
    engine: Engine,
    config: ContainerConfig,
    folders: folder::Folders,
    labels: labels::Labels,
    loading: Arc<tokio::sync::Mutex<()>>,
}

impl Containers {
    /// Connects to the engine and removes what a killed runner of the same folder left.
    ///
    /// # Errors
    /// If there is no engine, it lacks something that is asked of it, or a folder fails.
    pub async fn open(config: ContainerConfig) -> Result<Self, Fault> {
        let engine = Engine::connect(&config.socket).await?;
        engine.check(&config)?;
        let in_memory = config.output_in_memory && engine.shares_our_mounts();
        let folders = folder::Folders::open(&config.runs, in_memory)?;
        let labels = labels::Labels::of(folders.path());
        let opened = Self {
            engine,
            config,
            folders,
            labels,
            loading: Arc::default(),
        };
        opened.reap().await?;
        Ok(opened)
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
