//! Settings. Every limit is required somewhere: none is "unlimited".

use std::path::PathBuf;
use std::time::Duration;

use gauntlet_sandbox::Isolation;

/// Settings of [`Containers`](crate::Containers).
#[derive(Clone, Debug)]
pub struct ContainerConfig {
    /// The engine's socket.
    pub socket: PathBuf,
    /// Folder in which every phase gets a folder of its own. Made if missing, closed to
    /// others. The engine must see it under the same path.
    pub runs: PathBuf,
    /// Runtime of the engine that executes containers, such as `runsc`; its default if none.
    pub runtime: Option<String>,
    /// GPUs a container gets.
    pub gpus: Gpus,
    /// Processors a container may run on, such as `0-3`; all if none.
    pub cpus: Option<String>,
    /// The program that reads images, if it is not the one beside this program.
    pub intake: Option<PathBuf>,
    /// Who that program runs as.
    pub isolation: Isolation,
    /// Bytes of images that stay in the engine for the next attempt.
    pub kept_image_bytes: u64,
    /// Memory beyond what the run's limits grant: interpreter, libraries, `/tmp`.
    pub memory_bytes: u64,
    /// Size of `/tmp`, which counts as memory.
    pub tmp_bytes: u64,
    /// Size of `/dev/shm`, which counts as memory.
    pub shm_bytes: u64,
    /// Processes and threads.
    pub processes: i64,
    /// Open files of a process.
    pub open_files: i64,
    /// Whether output folders lie in memory, where they are limited exactly, if this
    /// process may mount. Else they are plain folders that are watched: for models that
    /// are too large for memory.
    pub output_in_memory: bool,
    /// Files in the output folder.
    pub output_files: u64,
    /// How long past its wall limit a phase may take to end by itself.
    pub wall_grace: Duration,
    /// Bytes of one line of output.
    pub line_bytes: usize,
    /// Bytes of all output of one phase.
    pub output_bytes: u64,
    /// What isolates a container.
    pub layers: IsolationLayers,
}

/// What isolates a container beside its limits. All of it, always: no program lets
/// anybody choose. Tests take one away at a time, to show the guest that gets its way then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IsolationLayers {
    /// Our own filter of system calls.
    pub filter: bool,
    /// A name space of its own for processes.
    pub processes: bool,
    /// An unprivileged user without capabilities.
    pub privileges: bool,
    /// The data cannot be written to.
    pub read_only_data: bool,
    /// Nothing in `/tmp` can be executed.
    pub no_exec: bool,
    /// A network of its own, with nothing in it.
    pub network: bool,
    /// The image's own files cannot be written to.
    pub read_only_root: bool,
}

impl Default for IsolationLayers {
    fn default() -> Self {
        Self {
            filter: true,
            processes: true,
            privileges: true,
            read_only_data: true,
            no_exec: true,
            network: true,
            read_only_root: true,
        }
    }
}

impl ContainerConfig {
    /// The usual settings for this engine and this folder.
    #[must_use]
    pub fn new(socket: PathBuf, runs: PathBuf) -> Self {
        Self {
            socket,
            runs,
            runtime: None,
            gpus: Gpus::None,
            cpus: None,
            intake: None,
            isolation: Isolation::usual(),
            kept_image_bytes: 64 << 30,
            memory_bytes: 1 << 30,
            tmp_bytes: 256 << 20,
            shm_bytes: 256 << 20,
            processes: 512,
            open_files: 4096,
            output_in_memory: true,
            output_files: 64,
            wall_grace: Duration::from_secs(2),
            line_bytes: 64 << 10,
            output_bytes: 64 << 20,
            layers: IsolationLayers::default(),
        }
    }
}

/// GPUs a container gets. One run has whole GPUs to itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Gpus {
    /// None: there is no GPU device in the container.
    #[default]
    None,
    /// Devices by their CDI names, such as `nvidia.com/gpu=GPU-…`. Needs an engine that
    /// knows CDI (API 1.44 or later).
    Cdi(Vec<String>),
    /// NVIDIA GPUs by UUID, through the engine's device requests.
    Nvidia(Vec<String>),
}
