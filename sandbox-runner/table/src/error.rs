//! What is wrong with data, in parts that a machine can read.

use std::fmt;
use std::path::PathBuf;

/// Data that cannot be used. Always for the person who brings them to mend.
#[derive(Debug, serde::Serialize, thiserror::Error)]
pub struct DataError {
    /// The file or folder, as the person named it.
    pub path: PathBuf,
    /// Line, from 1 as an editor counts; row of a format that has no lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Name of the column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// What is wrong.
    pub problem: String,
    /// The limit that is exceeded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cure: Option<String>,
}

impl DataError {
    /// Something about the file as a whole.
    pub fn new(path: impl Into<PathBuf>, problem: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            line: None,
            column: None,
            problem: problem.into(),
            limit: None,
            cure: None,
        }
    }

    /// At this line, from 1.
    #[must_use]
    pub fn at(mut self, line: u64) -> Self {
        self.line = Some(line);
        self
    }

    /// In this column.
    #[must_use]
    pub fn column(mut self, name: impl Into<String>) -> Self {
        self.column = Some(name.into());
        self
    }

    /// More than this.
    #[must_use]
    pub fn limit(mut self, limit: u64) -> Self {
        self.limit = Some(limit);
        self
    }

    /// What to do: a sentence that begins with a verb, without a full stop.
    #[must_use]
    pub fn cure(mut self, cure: impl Into<String>) -> Self {
        self.cure = Some(cure.into());
        self
    }
}

impl fmt::Display for DataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if let Some(column) = &self.column {
            write!(f, ", column `{column}`")?;
        }
        write!(f, ": {}", self.problem)?;
        match &self.cure {
            Some(cure) => write!(f, ". {cure}"),
            None => Ok(()),
        }
    }
}
