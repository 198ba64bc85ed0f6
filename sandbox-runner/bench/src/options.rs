//! Options that every comparison has.

use std::path::PathBuf;

// No documentation comment: clap would show it in place of the program's.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Print one JSON object instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
    /// Threads of the tensor backend, on both sides.
    #[arg(long, default_value_t = 1)]
    pub(crate) threads: usize,
    /// Rounds of native and sandboxed, in turn; the median round counts.
    #[arg(long, default_value_t = 5)]
    pub(crate) rounds: usize,
    /// Compare only this method.
    #[arg(long)]
    pub(crate) only: Option<String>,
    /// Folder of the example methods' modules.
    #[arg(long, default_value = "examples/methods/target/gauntlet")]
    pub(crate) methods: PathBuf,
    /// Folder of the example tasks.
    #[arg(long, default_value = "examples/tasks")]
    pub(crate) tasks: PathBuf,
    /// The worker; found beside this program if not given.
    #[arg(long)]
    pub(crate) worker: Option<PathBuf>,
}
