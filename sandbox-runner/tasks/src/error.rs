//! What can be wrong with a task (the organiser's) and with predictions (the entrant's).

use std::io;
use std::path::{Path, PathBuf};

use gauntlet_table::DataError;

/// A task that cannot be used. Always the organiser's to mend.
#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    /// A file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Something was said about the data that does not fit them.
    #[error("{option} {problem}")]
    Option {
        /// What was said, as `gauntlet task create` has it.
        option: &'static str,
        /// What is wrong and what would be right.
        problem: String,
    },
    /// `task.toml` is not TOML, or has unknown, missing or ill-typed keys.
    #[error("{} is not a task definition: {message}", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// The parser's message, which names the key and shows its line.
        message: String,
    },
    /// A key has a value that makes no sense.
    #[error("task.toml: `{field}` {problem}")]
    Field {
        /// Path of the key, such as `budget.work`.
        field: &'static str,
        /// What is wrong and what would be right.
        problem: String,
    },
    /// The data file is not the one that the definition names.
    #[error("{} has SHA-256 {found}, but `data.sha256` in task.toml says {expected}", path.display())]
    Digest {
        /// The data file.
        path: PathBuf,
        /// Lower-case hex.
        expected: String,
        /// Lower-case hex.
        found: String,
    },
    /// The data file has the right digest but does not fit the definition.
    #[error("{}, line {line}: {problem}", path.display())]
    Data {
        /// The data file.
        path: PathBuf,
        /// Line, from 1.
        line: u64,
        /// What is wrong.
        problem: String,
    },
    /// A value of a table cannot be used.
    #[error("{}, row {line}, column `{column}`: {problem}", path.display())]
    Cell {
        /// The data file.
        path: PathBuf,
        /// Line of a text file, or row of another, from 1.
        line: u64,
        /// Name of the column.
        column: String,
        /// What is wrong.
        problem: String,
    },
    /// A data file as a whole cannot be used.
    #[error("{} {problem}", path.display())]
    Table {
        /// The data file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A table cannot be read.
    #[error("{}{}{error}", path.display(), if error.line.is_some() || error.column.is_some() { ", " } else { " " })]
    Brought {
        /// The data file.
        path: PathBuf,
        /// Where, why and what helps.
        error: Box<DataError>,
    },
}

impl TaskError {
    /// Speaks of `original` where it would speak of a file in `folder`, which is a copy of that.
    #[must_use]
    pub fn about(mut self, original: &Path, folder: &Path) -> Self {
        match &mut self {
            Self::Read { path, .. }
            | Self::Digest { path, .. }
            | Self::Data { path, .. }
            | Self::Cell { path, .. }
            | Self::Table { path, .. }
            | Self::Brought { path, .. }
                if path.starts_with(folder) =>
            {
                original.clone_into(path);
            }
            _ => {}
        }
        self
    }
}

/// Why a score could not be given.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScoreError {
    /// The entrant's fault.
    #[error("the predictions cannot be scored: {0}")]
    Predictions(#[from] PredictionsFault),
    /// Ours: says nothing about the entrant.
    #[error("the hidden labels are damaged: {0}")]
    Labels(#[from] LabelsFault),
}

/// What is wrong with predictions.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PredictionsFault {
    /// The file is larger than predictions of the right shape can be.
    #[error("{found} bytes, at most {limit} are needed")]
    Oversized {
        /// Bytes of the file.
        found: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// Not a safetensors file.
    #[error("not a safetensors file: {0}")]
    Unreadable(String),
    /// There must be one tensor, `predictions`.
    #[error("one tensor named `predictions` is wanted, found {found:?}")]
    Tensors {
        /// Names of the tensors found, at most eight of them.
        found: Vec<String>,
    },
    /// The tensor is not F32.
    #[error("dtype is {found}, F32 is wanted")]
    Dtype {
        /// The dtype found.
        found: String,
    },
    /// The tensor is not `[lines, outputs]`.
    #[error("shape is {found:?}, {wanted:?} is wanted")]
    Shape {
        /// The shape found.
        found: Vec<usize>,
        /// The shape wanted.
        wanted: [usize; 2],
    },
    /// A value is NaN or infinite.
    #[error("row {row}, column {class} is {value}, finite numbers are wanted")]
    NotFinite {
        /// Row, from 0.
        row: usize,
        /// Column (a class, a target, a token), from 0.
        class: usize,
        /// `NaN`, `inf` or `-inf`.
        value: String,
    },
    /// A language model's prediction changes with tokens that come after its position.
    #[error(
        "looks ahead: in window {window} the prediction at position {position} changes \
         when later tokens are replaced"
    )]
    LooksAhead {
        /// Window, from 0.
        window: usize,
        /// Position in it, from 0.
        position: usize,
    },
}

/// What is wrong with the hidden labels.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum LabelsFault {
    /// Not a safetensors file.
    #[error("not a safetensors file: {0}")]
    Unreadable(String),
    /// There must be one tensor, `labels`, in the form of the task's kind, with at least one row.
    #[error("one tensor `labels` in the form of the task's kind is wanted, found {0}")]
    Layout(String),
    /// A label is not a class of the task.
    #[error("row {row} has label {label}, the task has {classes} classes")]
    Range {
        /// Row, from 0.
        row: usize,
        /// The label.
        label: i64,
        /// Number of classes.
        classes: usize,
    },
}
