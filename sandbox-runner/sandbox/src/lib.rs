//! Executes a method: compiles its module, starts a worker process for each phase
//! of a run, and watches it until nothing of it is left.
//!
//! The caller hands in a module and a [`Job`](gauntlet_worker_protocol::Job) and gets an
//! [`Outcome`](gauntlet_worker_protocol::Outcome) with [`Meters`](gauntlet_worker_protocol::Meters), or a
//! [`Fault`] if the platform failed. In between stand, from the inside out: the
//! worker's own checks of every operation, its system call filter, the
//! [isolation](launch) that is there before it starts (limits that the kernel keeps for us, no network, no files
//! but its own), a user id and a folder of its own, and a supervisor that kills its
//! process group when its wall time is over, when it says too much, or when the run is
//! called off.
//!
//! - [`Sandbox::compile`]: gate, then a killable compiler with a cache
//! - [`Sandbox::execute`]: one phase in one worker
//!
//! - [`Confined::hear`]: what another program of ours says of a stranger's file, under the same
//!   isolation
//!
//! Only Linux: process groups, `/proc`, `prlimit`.

mod cache;
mod capture;
mod compile;
mod compiling;
mod config;
mod confined;
mod device;
mod execute;
mod exit_status;
mod fault;
mod folders;
pub mod launch;
mod orphans;
mod output;
mod private_folder;
mod process;
mod sandbox;
mod snapshots;
mod users;

pub use compile::Compiled;
pub use config::{CompileLimits, Isolation, SandboxConfig};
pub use confined::{Confined, ConfinedLimits, End};
pub use device::Device;
pub use fault::{CompileError, Fault};
pub use sandbox::Sandbox;
