//! What a method is told about its task.

use serde::{Deserialize, Serialize};

/// What a method is told about its task: enough to build a model, nothing of the hidden part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskInfo {
    /// Name of the task, such as `digits`.
    pub name: String,
    /// What is to be predicted.
    pub kind: TaskKind,
    /// What one row of input looks like.
    pub inputs: InputKind,
    /// Rows in the train part.
    pub train_rows: usize,
}

/// What is to be predicted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum TaskKind {
    /// One of `classes` labels, `0..classes`; predictions are scores `[rows, classes]`,
    /// the largest of a row is the answer.
    Classification {
        /// Number of labels.
        classes: usize,
    },
}

/// What one row of input looks like.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum InputKind {
    /// `shape` floats, such as `[1, 8, 8]` for a grey image (channels, height, width).
    Dense {
        /// Shape of one row.
        shape: Vec<usize>,
    },
    /// `length` integers in `0..vocabulary`.
    Tokens {
        /// Tokens in a row.
        length: usize,
        /// Number of different tokens.
        vocabulary: usize,
    },
}

impl InputKind {
    /// Shape of one row of inputs as a tensor.
    #[must_use]
    pub fn row_shape(&self) -> Vec<usize> {
        match self {
            Self::Dense { shape } => shape.clone(),
            Self::Tokens { length, .. } => vec![*length],
        }
    }
}
