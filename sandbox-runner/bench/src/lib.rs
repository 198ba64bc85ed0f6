//! Runs a method natively and in the sandbox on the same data, seed and number
//! of batches: the models must be equal to the bit, and the step times tell what
//! the sandbox costs.

pub mod checking;
pub mod exactness;
mod lane;
mod steps;

use std::path::PathBuf;

pub use gauntlet_native::{METHODS, NativeMethod, NativeRun, Predict, Train, by_name, train};
pub use lane::{Lane, LaneRun};
pub use steps::{late_step, mean_step, median, step_times};

/// Why a comparison could not be made.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// A file that is needed is not there.
    #[error("{0} is not there; `make methods` builds the programs and the example methods")]
    Missing(PathBuf),
    /// There is nothing to compare with.
    #[error(transparent)]
    Native(#[from] gauntlet_native::NativeError),
    /// The sandbox failed, or the method did.
    #[error("{0}")]
    Failed(String),
}

impl BenchError {
    /// Wraps an error that ends the comparison.
    pub fn failed(error: impl std::fmt::Display) -> Self {
        Self::Failed(error.to_string())
    }
}
