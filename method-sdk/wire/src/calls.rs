//! Structured calls from a method to the host, and their replies, as JSON.

use serde::{Deserialize, Serialize};

use crate::settings::Settings;
use crate::task::TaskInfo;

/// A structured call. Tensor ids are chosen by the guest and must be new.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "call", rename_all = "snake_case")]
pub enum Call {
    /// What is the task, what is the device like? Reply: [`Hello`].
    Hello,
    /// Put the next training batch on the device. Reply: [`BatchReply`].
    /// Only while training.
    NextBatch {
        /// Rows wanted; the last batch of an epoch may be shorter.
        size: usize,
        /// Id for the inputs `[rows, ..row shape]`.
        inputs: u64,
        /// Id for the targets, in the shape of the task's kind ([`crate::TaskKind`]).
        labels: u64,
    },
    /// Put the whole train part on the device, in file order (a text in phase 0).
    /// Reply: [`BatchReply`]. Only while training.
    TrainSet {
        /// Id for the inputs.
        inputs: u64,
        /// Id for the targets.
        labels: u64,
    },
    /// Bind a tensor of the task's base weights to a new id. Reply: `null`. Only while training.
    LoadBase {
        /// Name of the tensor, one of `TaskInfo::base`.
        name: String,
        /// Id for it.
        tensor: u64,
    },
    /// How much of the budget is used? Reply: [`ProgressReply`].
    Progress,
    /// Report a number. Reply: `null`.
    Report {
        /// The method's own step count.
        step: u64,
        /// Name of the metric; `loss` is what pages plot first.
        name: String,
        /// Its value; `None` stands for a number that is not finite.
        value: Option<f64>,
    },
    /// Report the single element of a float tensor, which the host reads when it
    /// likes, so that the guest need not wait. Reply: `null`.
    ReportTensor {
        /// The method's own step count.
        step: u64,
        /// Name of the metric.
        name: String,
        /// Id of a float tensor with one element.
        tensor: u64,
    },
    /// What is left of the budget? Reply: [`BudgetReply`].
    Budget,
    /// Check the model in: the host reads the tensors and keeps them, in place of the ones
    /// it kept before. What it keeps at the end is the model. With a measure, only if it is
    /// better than what is kept by the same measure; a model that was checked in without
    /// one, or by one of another direction, gives way. Reply: [`CheckpointReply`].
    /// Only while training.
    Checkpoint {
        /// Every parameter of the model.
        parameters: Vec<Parameter>,
        /// The method's own step count.
        #[serde(default)]
        step: u64,
        /// How good it is, by the method's own measure.
        #[serde(default)]
        measured: Option<Measured>,
    },
    /// Names and shapes of the model's parameters: while predicting the trained model's,
    /// while training those of the checkpoint that is kept, none if there is none.
    /// Reply: [`ModelReply`].
    Model,
    /// Bind a parameter of the same model to a new id. Reply: `null`.
    LoadParameter {
        /// Name of the parameter.
        name: String,
        /// Id for it.
        tensor: u64,
    },
    /// Put the hidden inputs on the device. Reply: [`BatchReply`]. Only while predicting.
    HiddenInputs {
        /// Id for the inputs.
        inputs: u64,
    },
    /// Hand in the predictions, `[lines, outputs]`. Reply: `null`. Only while predicting.
    Predictions {
        /// Id of a float tensor.
        tensor: u64,
    },
}

/// How good a checkpoint is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The value; `None` stands for a number that is not finite, which is the worst.
    pub value: Option<f64>,
    /// Which values are better.
    pub better: Direction,
}

/// Which values are better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Smaller ones.
    Lower,
    /// Larger ones.
    Higher,
}

/// Whether a checkpoint replaces the one that is kept: always, unless both are measured
/// in the same direction and the kept one is at least as good.
///
/// ```
/// use gauntlet_wire::calls::{Direction, Measured, replaces};
/// let loss = |value| Some(Measured { value, better: Direction::Lower });
/// assert!(replaces(loss(Some(0.1)), loss(Some(0.2))));
/// assert!(!replaces(loss(Some(0.2)), loss(Some(0.2))));
/// assert!(!replaces(loss(None), loss(Some(0.2))), "not a number is worst");
/// assert!(replaces(None, loss(Some(0.2))), "the last one, whatever it is worth");
/// ```
#[must_use]
pub fn replaces(new: Option<Measured>, kept: Option<Measured>) -> bool {
    match (new, kept) {
        (Some(new), Some(kept)) if new.better == kept.better => match (new.value, kept.value) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(new_value), Some(kept_value)) => match new.better {
                Direction::Lower => new_value < kept_value,
                Direction::Higher => new_value > kept_value,
            },
        },
        _ => true,
    }
}

/// Reply to [`Call::Checkpoint`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckpointReply {
    /// Whether it is the one that is kept now.
    pub kept: bool,
}

/// Reply to [`Call::Budget`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BudgetReply {
    /// Used share, 0 to 1.
    pub used: f64,
    /// Metered work used.
    pub work_used: u64,
    /// Metered work allowed.
    pub work_limit: u64,
    /// Training batches left, where their number is limited.
    pub batches_left: Option<u64>,
}

/// A named tensor of a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameter {
    /// Path of the parameter in the module, such as `layers.0.weight`.
    pub name: String,
    /// Its tensor id.
    pub tensor: u64,
}

/// Reply to [`Call::Hello`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hello {
    /// The task.
    pub task: TaskInfo,
    /// Seed of the run.
    pub seed: u64,
    /// The device's default dtypes; the guest must not guess them, since a GPU's differ from a CPU's.
    pub defaults: DeviceDefaults,
    /// Values given to the method's hyper-parameters, checked against what it declares.
    #[serde(default)]
    pub settings: Settings,
}

/// Default dtypes of the host's device, as Burn's serde names them (`F32`, `I64`, `Native`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceDefaults {
    /// Default float dtype.
    pub float: String,
    /// Default int dtype.
    pub int: String,
    /// How booleans are stored.
    pub bool: String,
}

/// Reply to the calls that put data on the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchReply {
    /// Rows put there.
    pub rows: usize,
}

/// Reply to [`Call::Progress`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProgressReply {
    /// Used share of the budget, 0 at the start, 1 when nothing is left.
    pub used: f64,
}

/// Reply to [`Call::Model`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelReply {
    /// Every parameter of the model.
    pub parameters: Vec<ParameterInfo>,
}

/// Name, shape and dtype of one parameter of a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParameterInfo {
    /// Path of the parameter in the module.
    pub name: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its dtype, in Burn's own serde form.
    pub dtype: serde_json::Value,
}
