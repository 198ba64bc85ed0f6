//! Executes a method: compiles its module, starts a worker process for each phase
//! of a run, and watches it until nothing of it is left.
//!
//! The caller hands in a module and a [`Job`](gauntlet_job::Job) and gets an
//! [`Outcome`](gauntlet_job::Outcome) with [`Meters`](gauntlet_job::Meters), or a
//! [`Fault`] if the platform failed. In between stand, from the inside out: the
//! worker's own checks of every operation, its system call filter, the limits
//! that the kernel keeps for us (memory, file size, no core files), a user id and
//! a folder of its own, and a supervisor that kills its process group when its
//! wall time is over, when it says too much, or when the run is called off.
//!
//! - [`Sandbox::compile`]: gate, then a killable compiler with a cache
//! - [`Sandbox::execute`]: one phase in one worker
//!
//! Only Linux: process groups, `/proc`, `prlimit`.

mod cache;
mod capture;
mod compile;
mod config;
mod death;
mod device;
mod execute;
mod fault;
mod folders;
mod output;
mod process;
mod stray;
mod users;

pub use compile::Compiled;
pub use config::{CompileLimits, Isolation, SandboxConfig};
pub use device::Device;
pub use fault::{CompileError, Fault};

/// Compiles modules and executes jobs. Share it by `Arc`.
#[derive(Debug)]
pub struct Sandbox {
    config: SandboxConfig,
    cache: cache::Cache,
    folders: folders::Folders,
    in_progress: compile::InProgress,
    fingerprint: tokio::sync::Mutex<Option<compile::Fingerprint>>,
}

impl Sandbox {
    /// Opens cache and run folders, and sweeps what a killed process left in them.
    ///
    /// # Errors
    /// If a folder cannot be made or used, or there is no worker binary.
    pub fn new(config: SandboxConfig) -> Result<Self, Fault> {
        let cache = cache::Cache::open(&config.cache)?;
        let folders = folders::Folders::open(&config.runs, &config.worker, config.isolation)?;
        Ok(Self {
            config,
            cache,
            folders,
            in_progress: compile::InProgress::default(),
            fingerprint: tokio::sync::Mutex::default(),
        })
    }
}
