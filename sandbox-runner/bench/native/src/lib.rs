//! The example methods in this process, on a device of Burn's: what their trainings in the
//! sandbox are compared with. A crate of its own, because the CUDA worker's workspace
//! compares on a GPU with it and must not build the rest of the benchmark.

mod methods;
pub mod program;
mod training;

use std::path::{Path, PathBuf};

use gauntlet_tasks::{Dataset, TaskDefinition};

pub use methods::{METHODS, NativeMethod, Predict, Train, by_name};
pub use training::{NativeRun, train, train_on};

/// Why there is nothing to compare with.
#[derive(Debug, thiserror::Error)]
pub enum NativeError {
    /// A task is not there.
    #[error("{0} is not there")]
    NoTask(PathBuf),
    /// The method failed, or its data cannot be used.
    #[error("{0}")]
    Failed(String),
}

impl NativeError {
    /// Wraps an error that ends the training.
    pub(crate) fn failed(error: impl std::fmt::Display) -> Self {
        Self::Failed(error.to_string())
    }
}

/// The data that both sides train on: the task in `folder`, always split the same way.
///
/// # Errors
/// If the task cannot be read.
pub fn dataset(folder: &Path) -> Result<Dataset, NativeError> {
    if !folder.exists() {
        return Err(NativeError::NoTask(folder.to_owned()));
    }
    TaskDefinition::load(folder)
        .and_then(|definition| definition.materialise(&[7; 32]))
        .map_err(NativeError::failed)
}
