//! Why there is nothing to compare with.

use std::path::PathBuf;

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
