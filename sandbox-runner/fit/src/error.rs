//! Why there is no model, or no prediction.

use std::path::{Path, PathBuf};

use gauntlet_table::DataError;

/// Why there is no model, or no prediction.
#[derive(Debug, thiserror::Error)]
pub enum FitError {
    /// Something is wrong with a person's file.
    #[error("{}: {source}", path.display())]
    Data {
        /// The file, as the person called it.
        path: PathBuf,
        /// What is wrong with it, and where.
        source: Box<DataError>,
    },
    /// A file of ours cannot be read or written.
    #[error("failed to {doing} {}: {source}", path.display())]
    File {
        /// The verb.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A model's folder is damaged, or another release's.
    #[error("{} holds no model that this release can use: {problem}", path.display())]
    Model {
        /// The folder.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// There is no method to try.
    #[error("there is no method to try")]
    NoMethods,
    /// No method made a model that can be used.
    #[error("no method made a model{}", within(failures))]
    NoModel {
        /// Of each method that failed, its name and why.
        failures: Vec<(String, String)>,
    },
    /// A method that made a model once does not predict with it.
    #[error("the method {method} does not predict: {problem}")]
    Predict {
        /// Its name.
        method: String,
        /// What happened.
        problem: String,
    },
    /// The sandbox failed.
    #[error("the sandbox failed: {0}")]
    Sandbox(String),
}

impl FitError {
    /// For `map_err`: what was being done with which file.
    pub(crate) fn file(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File {
            doing,
            path,
            source,
        }
    }

    /// For `map_err`: which file of a person's.
    pub(crate) fn data(path: &Path) -> impl Fn(DataError) -> Self {
        let path = path.to_owned();
        move |source| Self::Data {
            path: path.clone(),
            source: Box::new(source),
        }
    }
}

fn within(failures: &[(String, String)]) -> String {
    if failures.is_empty() {
        return " within the budget; give more with --budget".to_owned();
    }
    let each = failures
        .iter()
        .map(|(name, why)| format!("\n  {name}: {why}"));
    each.collect()
}
