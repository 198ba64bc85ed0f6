//! Rows of a task on the device.

use burn::tensor::{Int, Tensor};
use gauntlet_wire::{InputKind, TaskInfo, TaskKind};

/// Inputs with their targets.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The inputs.
    pub inputs: Inputs,
    /// What is to be predicted for them.
    pub targets: Targets,
}

/// What is to be predicted, by the task's kind.
#[derive(Clone, Debug)]
pub enum Targets {
    /// Classification: the class of each row, `[rows]`.
    Classes(Tensor<1, Int>),
    /// Regression: `[rows, targets]`, in standard deviations from the train part's mean.
    Values(Tensor<2>),
    /// Language modelling: the token that follows each position, `[rows, context]`.
    Tokens(Tensor<2, Int>),
}

impl Batch {
    /// The batch on the device that tracks gradients, as Burn's own loaders serve training
    /// data: layers such as batch norm learn only from tensors of that device.
    pub(crate) fn autodiff(self) -> Self {
        let inputs = match self.inputs {
            Inputs::Dense { values, shape } => Inputs::Dense {
                values: values.autodiff(),
                shape,
            },
            Inputs::Tokens { tokens, vocabulary } => Inputs::Tokens {
                tokens: tokens.autodiff(),
                vocabulary,
            },
        };
        let targets = match self.targets {
            Targets::Classes(classes) => Targets::Classes(classes.autodiff()),
            Targets::Values(values) => Targets::Values(values.autodiff()),
            Targets::Tokens(tokens) => Targets::Tokens(tokens.autodiff()),
        };
        Self { inputs, targets }
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.inputs.rows()
    }

    /// The right class of each line of predictions: `[rows]` for classification, and
    /// for language modelling the next tokens of all windows one after another,
    /// `[rows * context]`. With predictions `[lines, outputs]` this is what
    /// cross-entropy takes.
    ///
    /// ```
    /// # use gauntlet_method::prelude::*;
    /// # fn example(batch: &Batch, task: &TaskInfo) {
    /// let one_hot: Tensor<2, Int> = batch.labels().one_hot(outputs(task));
    /// # let _ = one_hot;
    /// # }
    /// ```
    ///
    /// # Panics
    /// If the task is a regression; [`Self::values`] has its targets.
    #[must_use]
    pub fn labels(&self) -> Tensor<1, Int> {
        match &self.targets {
            Targets::Classes(classes) => classes.clone(),
            Targets::Tokens(tokens) => tokens.clone().flatten(0, 1),
            Targets::Values(_) => {
                panic!("this method needs classes, but the task is a regression")
            }
        }
    }

    /// The numbers to be predicted, `[rows, targets]`.
    ///
    /// # Panics
    /// If the task is no regression.
    #[must_use]
    pub fn values(&self) -> Tensor<2> {
        match &self.targets {
            Targets::Values(values) => values.clone(),
            Targets::Classes(_) => {
                panic!("this method needs numbers to predict, but the task is a classification")
            }
            Targets::Tokens(_) => {
                panic!("this method needs numbers to predict, but the task is language modelling")
            }
        }
    }

    /// The token that follows each position, `[rows, context]`.
    ///
    /// # Panics
    /// If the task is no language modelling.
    #[must_use]
    pub fn next_tokens(&self) -> Tensor<2, Int> {
        match &self.targets {
            Targets::Tokens(tokens) => tokens.clone(),
            Targets::Classes(_) | Targets::Values(_) => {
                panic!("this method needs text, but the task is not language modelling")
            }
        }
    }
}

/// Inputs of some rows, as the task has them.
#[derive(Clone, Debug)]
pub enum Inputs {
    /// Real numbers.
    Dense {
        /// `[rows, product of shape]`.
        values: Tensor<2>,
        /// Shape of one row.
        shape: Vec<usize>,
    },
    /// Integers that name things.
    Tokens {
        /// `[rows, length]`.
        tokens: Tensor<2, Int>,
        /// Number of different tokens.
        vocabulary: usize,
    },
}

impl Inputs {
    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        match self {
            Self::Dense { values, .. } => values.dims()[0],
            Self::Tokens { tokens, .. } => tokens.dims()[0],
        }
    }

    /// Every task as real numbers, `[rows, features(task)]`: dense inputs as they
    /// are, tokens one-hot, one after another.
    ///
    /// ```
    /// # use gauntlet_method::prelude::*;
    /// # fn example(task: &TaskInfo, inputs: &Inputs) {
    /// assert_eq!(inputs.features().dims(), [inputs.rows(), features(task)]);
    /// # }
    /// ```
    #[must_use]
    pub fn features(&self) -> Tensor<2> {
        match self {
            Self::Dense { values, .. } => values.clone(),
            Self::Tokens { tokens, vocabulary } => {
                let [rows, length] = tokens.dims();
                let each = tokens.clone().reshape([rows, length, 1]);
                let all = Tensor::<1, Int>::arange(0..*vocabulary as i64, &tokens.device());
                let all = all.reshape([1, 1, *vocabulary]);
                each.expand([rows, length, *vocabulary])
                    .equal(all.expand([rows, length, *vocabulary]))
                    .float()
                    .reshape([rows, length * vocabulary])
            }
        }
    }

    /// Every task as images `[rows, channels, height, width]`: dense inputs of
    /// three dimensions as they are, of fewer with ones in front, tokens one-hot
    /// with a line for each token.
    ///
    /// ```
    /// # use gauntlet_method::prelude::*;
    /// # fn example(inputs: &Inputs) {
    /// let [rows, _channels, _height, _width] = inputs.images().dims();
    /// assert_eq!(rows, inputs.rows());
    /// # }
    /// ```
    #[must_use]
    pub fn images(&self) -> Tensor<4> {
        let [channels, height, width] = match self {
            Self::Dense { shape, .. } => image_shape(shape),
            Self::Tokens { tokens, vocabulary } => [1, tokens.dims()[1], *vocabulary],
        };
        self.features()
            .reshape([self.rows(), channels, height, width])
    }

    /// The tokens, `[rows, length]`, if the task has tokens.
    ///
    /// ```
    /// # use gauntlet_method::prelude::*;
    /// # fn example(inputs: &Inputs) -> Result<Tensor<2, Int>, MethodError> {
    /// inputs.tokens().ok_or_else(|| MethodError::unsupported("this method needs tokens"))
    /// # }
    /// ```
    #[must_use]
    pub fn tokens(&self) -> Option<Tensor<2, Int>> {
        match self {
            Self::Tokens { tokens, .. } => Some(tokens.clone()),
            Self::Dense { .. } => None,
        }
    }
}

fn image_shape(shape: &[usize]) -> [usize; 3] {
    match *shape {
        [width] => [1, 1, width],
        [height, width] => [1, height, width],
        [channels, ref rest @ .., width] => [channels, rest.iter().product(), width],
        [] => [1, 1, 1],
    }
}

/// Width of [`Inputs::features`].
///
/// ```
/// use gauntlet_method::{InputKind, TaskInfo, TaskKind, features};
///
/// let digits = TaskInfo {
///     name: "digits".into(),
///     kind: TaskKind::Classification { classes: 10 },
///     inputs: InputKind::Dense { shape: vec![1, 8, 8] },
///     train_rows: 1000,
///     base: None,
/// };
/// assert_eq!(features(&digits), 64);
/// ```
#[must_use]
pub fn features(task: &TaskInfo) -> usize {
    match &task.inputs {
        InputKind::Dense { shape } => shape.iter().product(),
        InputKind::Tokens { length, vocabulary } => length * vocabulary,
    }
}

/// Width of the predictions: the number of classes, of targets, or the vocabulary.
///
/// ```
/// use gauntlet_method::{InputKind, TaskInfo, TaskKind, outputs};
///
/// let digits = TaskInfo {
///     name: "digits".into(),
///     kind: TaskKind::Classification { classes: 10 },
///     inputs: InputKind::Dense { shape: vec![1, 8, 8] },
///     train_rows: 1000,
///     base: None,
/// };
/// assert_eq!(outputs(&digits), 10);
/// ```
#[must_use]
pub fn outputs(task: &TaskInfo) -> usize {
    task.kind.outputs()
}

/// Number of classes: of a classification, or the vocabulary of language modelling.
///
/// ```
/// use gauntlet_method::{InputKind, TaskInfo, TaskKind, classes};
///
/// let digits = TaskInfo {
///     name: "digits".into(),
///     kind: TaskKind::Classification { classes: 10 },
///     inputs: InputKind::Dense { shape: vec![1, 8, 8] },
///     train_rows: 1000,
///     base: None,
/// };
/// assert_eq!(classes(&digits), 10);
/// ```
///
/// # Panics
/// If the task is a regression; [`outputs`] works for every kind.
#[must_use]
pub fn classes(task: &TaskInfo) -> usize {
    match task.kind {
        TaskKind::Classification { classes } => classes,
        TaskKind::LanguageModelling { vocabulary, .. } => vocabulary,
        TaskKind::Regression { .. } => {
            panic!("this method needs classes, but the task is a regression")
        }
    }
}
