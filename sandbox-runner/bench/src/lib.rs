//! Runs a method natively and in the sandbox on the same data, seed and number
//! of batches: the models must be equal to the bit, and the step times tell what
//! the sandbox costs.

pub mod checking;
pub mod exactness;
mod lane;
mod methods;
mod native;
mod steps;

use std::path::PathBuf;

pub use lane::{Lane, LaneRun};
pub use methods::{METHODS, NativeMethod, Predict, Train, by_name};
pub use native::{NativeRun, train};
pub use steps::{mean_step, median, step_times};

/// Why a comparison could not be made.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// A file that is needed is not there.
    #[error("{0} is not there; `make methods` builds the programs and the example methods")]
    Missing(PathBuf),
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
