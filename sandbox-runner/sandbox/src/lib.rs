//! Executes a method: compiles its module, starts a worker process for each phase
//! of a run, and watches it until nothing of it is left.
//!
//! The caller hands in a module and a [`Job`](gauntlet_worker_protocol::Job) and gets an
//! [`Outcome`](gauntlet_worker_protocol::Outcome) with [`Meters`](gauntlet_worker_protocol::Meters), or a
//! [`Fault`] if the platform failed. In between stand, from the inside out: the
//! worker's own checks of every operation, its system call filter, the [walls](launch)
//! that stand before it starts (limits that the kernel keeps for us, no network, no files
//! but its own), a user id and a folder of its own, and a supervisor that kills its
//! process group when its wall time is over, when it says too much, or when the run is
//! called off.
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
pub mod launch;
mod output;
mod process;
mod snapshots;
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
    launcher: process::Launcher,
    standing: launch::Standing,
    in_progress: compile::InProgress,
    fingerprint: tokio::sync::Mutex<Option<compile::Fingerprint>>,
}

impl Sandbox {
    /// What it executes on.
    #[must_use]
    pub fn device(&self) -> Device {
        self.config.device
    }

    /// The walls that could be put up around workers here. Where some are missing, the
    /// others and the worker's own filter remain.
    #[must_use]
    pub fn standing(&self) -> launch::Standing {
        self.standing
    }

    /// Opens cache and run folders, and sweeps what a killed process left in them.
    ///
    /// # Errors
    /// If a folder cannot be made or used, or there is no worker binary.
    pub fn new(config: SandboxConfig) -> Result<Self, Fault> {
        let cache = cache::Cache::open(&config.cache)?;
        let folders = folders::Folders::open(&config.runs, &config.worker, config.isolation)?;
        let program = match &config.launcher {
            Some(program) => program.clone(),
            None => launch::find(&config.worker)?,
        };
        // A GPU's driver opens more than anybody could list.
        let restrict_files = config.device == Device::Cpu;
        let launcher = process::Launcher::new(program, config.walls, restrict_files);
        let standing = launcher.standing(folders.worker(), &folders.fresh()?)?;
        tracing::info!(
            own_user = matches!(config.isolation, Isolation::OwnUser { .. }),
            namespaces = standing.namespaces,
            landlock = standing.landlock,
            "walls around workers"
        );
        let wanted = launch::Standing {
            namespaces: config.walls.network,
            landlock: config.walls.files && restrict_files,
        };
        if standing != wanted {
            tracing::warn!(
                "this machine does not let us put up every wall; docs/THREAT-MODEL.md says what \
                 is left and what is missing"
            );
        }
        Ok(Self {
            config,
            cache,
            folders,
            launcher,
            standing,
            in_progress: compile::InProgress::default(),
            fingerprint: tokio::sync::Mutex::default(),
        })
    }
}
