//! What executes methods: the cache of compiled modules, the folders and the launcher.

use tokio::sync::Mutex;

use crate::cache::Cache;
use crate::compiling::{Fingerprint, InProgress};
use crate::config::{Isolation, SandboxConfig};
use crate::device::Device;
use crate::fault::Fault;
use crate::folders::Folders;
use crate::launch::{self, AvailableIsolation};
use crate::process::Launcher;

/// Compiles modules and executes jobs. Share it by `Arc`.
#[derive(Debug)]
pub struct Sandbox {
    pub(crate) config: SandboxConfig,
    pub(crate) cache: Cache,
    pub(crate) folders: Folders,
    pub(crate) launcher: Launcher,
    available: AvailableIsolation,
    pub(crate) in_progress: InProgress,
    pub(crate) fingerprint: Mutex<Option<Fingerprint>>,
}

impl Sandbox {
    /// What it executes on.
    #[must_use]
    pub fn device(&self) -> Device {
        self.config.device
    }

    /// What isolates workers here. Where some of it is not available, the rest and the
    /// worker's own filter remain.
    #[must_use]
    pub fn available_isolation(&self) -> AvailableIsolation {
        self.available
    }

    /// Opens cache and run folders, and sweeps what a killed process left in them.
    ///
    /// # Errors
    /// If a folder cannot be made or used, or there is no worker binary.
    pub fn new(config: SandboxConfig) -> Result<Self, Fault> {
        let cache = Cache::open(&config.cache, config.cache_bytes)?;
        let folders = Folders::open(&config.runs, &config.worker, config.isolation)?;
        let program = match &config.launcher {
            Some(program) => program.clone(),
            None => launch::find(&config.worker)?,
        };
        // A GPU's driver opens more than anybody could list.
        let restrict_files = config.device == Device::Cpu;
        let launcher = Launcher::new(program, config.layers, restrict_files);
        let available = launcher.available_isolation(folders.worker(), &folders.fresh()?)?;
        tracing::info!(
            own_user = matches!(config.isolation, Isolation::OwnUser { .. }),
            namespaces = available.namespaces,
            landlock = available.landlock,
            "isolation of workers"
        );
        let wanted = AvailableIsolation {
            namespaces: config.layers.network,
            landlock: config.layers.files && restrict_files,
        };
        if available != wanted {
            tracing::warn!(
                "this machine lacks a layer of isolation; docs/THREAT-MODEL.md says what is \
                 left and what is missing"
            );
        }
        Ok(Self {
            config,
            cache,
            folders,
            launcher,
            available,
            in_progress: InProgress::default(),
            fingerprint: Mutex::default(),
        })
    }
}
