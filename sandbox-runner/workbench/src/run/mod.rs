//! Trains and scores a method on this machine: as a tournament would, by the runner's own
//! code in the runner's own sandbox, or as an ordinary program; with a task from a folder
//! instead of a server.

mod error;
mod native;
mod program;
mod sandbox;
mod seeds;
mod task;

pub use error::RunError;
pub use native::{NativeBlock, execute, lay_out_training};
pub use program::{NativeCrate, Program};
pub use sandbox::SandboxRun;
pub use seeds::Seed;
pub use task::{LocalTask, Split};
