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
    /// Rows in the train part. A text has one for each `context` tokens; see [`crate::windows`].
    pub train_rows: usize,
    /// Base weights that training may start from, if the task carries some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<BaseInfo>,
}

/// The base weights of a fine-tuning task: a safetensors file that the task carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaseInfo {
    /// Every tensor of the file.
    pub parameters: Vec<BaseParameter>,
}

/// One tensor of the base weights.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaseParameter {
    /// Its name, such as `layers.0.weight`.
    pub name: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its dtype, as safetensors files name it: `F32`, `I64` and so on.
    pub dtype: String,
}

/// What is to be predicted. Predictions are always a float matrix
/// `[lines, outputs]`, a line for each thing that is predicted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum TaskKind {
    /// One of `classes` labels, `0..classes`. Targets are `[rows]` integers;
    /// predictions are scores `[rows, classes]`, the largest of a row is the answer.
    Classification {
        /// Number of labels.
        classes: usize,
    },
    /// `targets` real numbers. Targets are `[rows, targets]` floats in standard
    /// deviations from the mean of the train part, and so are predictions.
    Regression {
        /// Numbers to be predicted for each row.
        targets: usize,
    },
    /// The next token at each position of a window of text, from the tokens up to
    /// and with that position and nothing else. Targets are `[rows, context]`
    /// integers; predictions are log-scores `[rows * context, vocabulary]`, window
    /// after window, position after position; the scorer normalises them.
    LanguageModelling {
        /// Number of different tokens; 256 where tokens are bytes.
        vocabulary: usize,
        /// Tokens of a window.
        context: usize,
    },
}

impl TaskKind {
    /// Width of the predictions: classes, targets or vocabulary.
    #[must_use]
    pub const fn outputs(&self) -> usize {
        match *self {
            Self::Classification { classes } => classes,
            Self::Regression { targets } => targets,
            Self::LanguageModelling { vocabulary, .. } => vocabulary,
        }
    }

    /// Lines of predictions for each row of inputs: one, but for a language model one
    /// for each position of the window.
    #[must_use]
    pub const fn lines_per_row(&self) -> usize {
        match *self {
            Self::Classification { .. } | Self::Regression { .. } => 1,
            Self::LanguageModelling { context, .. } => context,
        }
    }

    /// The name used in `task.toml` and in JSON.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Classification { .. } => "classification",
            Self::Regression { .. } => "regression",
            Self::LanguageModelling { .. } => "language-modelling",
        }
    }
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
