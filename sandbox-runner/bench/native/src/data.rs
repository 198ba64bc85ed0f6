//! The data that both sides train on.

use std::path::Path;

use gauntlet_tasks::{Dataset, TaskDefinition};

use crate::error::NativeError;

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
