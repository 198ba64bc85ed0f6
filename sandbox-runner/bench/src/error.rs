//! Why a comparison could not be made.

use std::path::PathBuf;

/// Why a comparison could not be made.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// A file that is needed is not there.
    #[error("{0} is not there; `make everything` builds the programs and the example methods")]
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
