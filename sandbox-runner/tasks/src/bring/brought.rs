//! What is made of a person's data: a definition and a data file.

use std::fs;
use std::path::{Path, PathBuf};

use super::report::DataReport;
use crate::error::TaskError;

/// What came of it.
#[derive(Clone, Debug)]
pub struct Brought {
    /// The text of `task.toml`, which goes beside the data file.
    pub manifest: String,
    /// What is in the data.
    pub report: DataReport,
    pub(super) content: Content,
    /// Name of the data file.
    pub(super) file: String,
}

/// The data file of a task.
#[derive(Clone, Debug)]
pub(super) enum Content {
    /// A copy of this file.
    Copy(PathBuf),
    /// What was made of images.
    Made(Vec<u8>),
}

impl Brought {
    /// Writes the task into a folder that is there: `task.toml` and the data file.
    ///
    /// # Errors
    /// [`TaskError::Write`].
    pub fn write(&self, folder: &Path) -> Result<(), TaskError> {
        let put = |name: &str, write: &dyn Fn(&Path) -> std::io::Result<()>| {
            let path = folder.join(name);
            write(&path).map_err(|source| TaskError::Write { path, source })
        };
        put(&self.file, &|path| match &self.content {
            Content::Copy(from) => fs::copy(from, path).map(|_| ()),
            Content::Made(bytes) => fs::write(path, bytes),
        })?;
        put("task.toml", &|path| fs::write(path, &self.manifest))
    }
}
