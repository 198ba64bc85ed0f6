//! Settings of a sandbox. Every limit is required somewhere: none is "unlimited".

use std::path::PathBuf;
use std::time::Duration;

use gauntlet_gate::GateLimits;

use crate::device::Device;
use crate::launch::IsolationLayers;

/// Settings of a [`Sandbox`](crate::Sandbox).
#[derive(Clone, Debug)]
pub struct SandboxConfig {
    /// The worker binary.
    pub worker: PathBuf,
    /// The program that isolates workers; if not told, the one that is found beside the
    /// worker or this program.
    pub launcher: Option<PathBuf>,
    /// What isolates workers from outside: everything, but in tests.
    pub layers: IsolationLayers,
    /// What it executes on.
    pub device: Device,
    /// Folder of compiled modules. Made if missing, readable by nobody else.
    pub cache: PathBuf,
    /// Bytes of compiled modules that are kept.
    pub cache_bytes: u64,
    /// Folder in which every run gets a folder of its own. Made if missing.
    pub runs: PathBuf,
    /// Who the workers run as.
    pub isolation: Isolation,
    /// What a module must satisfy before it is compiled.
    pub gate: GateLimits,
    /// What compiling one module may cost.
    pub compile: CompileLimits,
    /// How long past its wall limit a worker may take to end by itself.
    pub wall_grace: Duration,
    /// How long a worker may take to exit after it said that it has finished.
    pub exit_grace: Duration,
    /// Memory of the worker process beyond what the run's limits grant: engine,
    /// compiled code, the backend's scratch buffers. More than the worker allows itself,
    /// so that its own, tighter limit is the one that counts; this one does not depend on it.
    pub process_bytes: u64,
    /// Bytes of one event line.
    pub event_bytes: usize,
    /// Bytes of all events of one phase.
    pub events_bytes: u64,
}

impl SandboxConfig {
    /// The usual settings for these places. As root, workers get user ids of their own.
    #[must_use]
    pub fn new(worker: PathBuf, cache: PathBuf, runs: PathBuf) -> Self {
        Self {
            worker,
            launcher: None,
            layers: IsolationLayers::all(),
            device: Device::Cpu,
            cache,
            cache_bytes: 4 << 30,
            runs,
            isolation: Isolation::usual(),
            gate: GateLimits::platform(),
            compile: CompileLimits::default(),
            wall_grace: Duration::from_secs(2),
            exit_grace: Duration::from_secs(5),
            process_bytes: 3 << 30,
            event_bytes: 64 << 10,
            events_bytes: 64 << 20,
        }
    }
}

/// Who the workers run as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// As ourselves: all an ordinary user can do.
    SameUser,
    /// As a user id of its own for each worker alive, from `first` on; the group id is
    /// the same number. Needs root. No account needs to exist, and none may: whatever runs
    /// under these ids is killed before and after a worker has one.
    OwnUser {
        /// First user id.
        first: u32,
        /// How many there are: as many workers can be alive at once.
        count: u32,
    },
}

impl Isolation {
    /// [`Self::OwnUser`] with ids 64200 to 64263 for root (Debian's policy leaves them to
    /// be allocated on demand), else [`Self::SameUser`].
    #[must_use]
    pub fn usual() -> Self {
        if nix::unistd::geteuid().is_root() {
            Self::OwnUser {
                first: 64_200,
                count: 64,
            }
        } else {
            Self::SameUser
        }
    }
}

/// What compiling one module may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompileLimits {
    /// Processor time. This is what decides: it does not depend on what else the machine does.
    pub cpu_seconds: u64,
    /// Wall time; a backstop.
    pub wall: Duration,
    /// Memory of the compiler process.
    pub memory_bytes: u64,
    /// Bytes of the compiled module.
    pub output_bytes: u64,
}

impl Default for CompileLimits {
    fn default() -> Self {
        Self {
            cpu_seconds: 60,
            wall: Duration::from_secs(300),
            memory_bytes: 2 << 30,
            output_bytes: 256 << 20,
        }
    }
}
