//! The files that figures are read from and written to.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use thiserror::Error;

/// Name to number. A figure that could not be measured is absent, never zero.
pub(super) type Figures = BTreeMap<String, f64>;

/// Why the figures could not be gathered.
#[derive(Debug, Error)]
pub(crate) enum FiguresError {
    /// A file could not be read or written.
    #[error("failed to {doing} {}: {source}", .path.display())]
    File {
        /// The verb.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A report does not have the shape it should have.
    #[error("failed to understand {}: {source}", .path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// A demo without one of its tournaments.
    #[error("{} has no tournament on the task {task}", .path.display())]
    NoTournament {
        /// The report.
        path: PathBuf,
        /// The task.
        task: &'static str,
    },
    /// Two demos that say nothing about repetition.
    #[error("the demos have the seeds {0} and {1}; only demos of the same seed can be compared")]
    Seeds(u64, u64),
    /// Not a number where only numbers belong.
    #[error("{} names {name}, which is not a number", .path.display())]
    NoNumber {
        /// The report.
        path: PathBuf,
        /// The figure.
        name: String,
    },
}

pub(super) fn write(path: &Path, figures: &Figures) -> Result<(), FiguresError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|source| file("create", folder, source))?;
    }
    let text = serde_json::to_string_pretty(figures).map_err(|source| FiguresError::Json {
        path: path.to_path_buf(),
        source,
    })?;
    fs::write(path, text + "\n").map_err(|source| file("write", path, source))
}

pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Result<T, FiguresError> {
    let bytes = fs::read(path).map_err(|source| file("read", path, source))?;
    serde_json::from_slice(&bytes).map_err(|source| FiguresError::Json {
        path: path.to_path_buf(),
        source,
    })
}

pub(super) fn file(doing: &'static str, path: &Path, source: std::io::Error) -> FiguresError {
    FiguresError::File {
        doing,
        path: path.to_path_buf(),
        source,
    }
}

/// Counts and sizes here are far below 2^53.
#[expect(clippy::cast_precision_loss, reason = "exact below 2^53")]
pub(super) fn lossy(number: u64) -> f64 {
    number as f64
}
