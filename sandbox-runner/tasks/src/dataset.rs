//! The files that a tournament uses.

use gauntlet_wire::{InputKind, TaskInfo};
use safetensors::tensor::Dtype;

use crate::kinds;
use crate::metric::Metric;
use crate::rows::{Rows, Values};
use crate::tensor::{Tensor, file};

/// A task made concrete by a secret: safetensors files and what a method is told.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// What a method is told.
    pub info: TaskInfo,
    /// What is measured.
    pub metric: Metric,
    /// The train part: `inputs` (F32 `[rows, ..row shape]`, or I64 or U8 `[rows, length]`) and
    /// `labels` (I64 `[rows]`, or F32 `[rows, targets]`); or `text` (U8 `[tokens]`).
    pub train: Vec<u8>,
    /// The hidden part's inputs: `inputs`, as in the train part.
    pub hidden_inputs: Vec<u8>,
    /// The hidden part's labels: `labels`, as in the train part (of a text U8
    /// `[rows, context]`). For the scorer, never for a sandbox.
    pub hidden_labels: Vec<u8>,
    /// Base weights that training may start from: F32 tensors.
    pub base: Option<Vec<u8>>,
}

impl Dataset {
    /// Rows `train` and `hidden` of `rows`, in these orders.
    pub(crate) fn assemble(
        info: TaskInfo,
        rows: &Rows,
        train: &[usize],
        hidden: &[usize],
        base: Option<Vec<u8>>,
    ) -> Self {
        let kind = kinds::of(&info.kind);
        let labels = |order| kind.encode(&rows.labels, train, order);
        Self {
            train: file(&[
                ("inputs", &inputs(rows, &info.inputs, train)),
                ("labels", &labels(train)),
            ]),
            hidden_inputs: file(&[("inputs", &inputs(rows, &info.inputs, hidden))]),
            hidden_labels: file(&[("labels", &labels(hidden))]),
            metric: kind.metric(),
            info,
            base,
        }
    }

    /// A text to train on, and hidden windows of it.
    pub(crate) fn of_text(
        info: TaskInfo,
        text: Vec<u8>,
        windows: &Rows,
        base: Option<Vec<u8>>,
    ) -> Self {
        let kind = kinds::of(&info.kind);
        let all: Vec<usize> = (0..windows.labels.rows()).collect();
        let text = Tensor {
            dtype: Dtype::U8,
            shape: vec![text.len()],
            bytes: text,
        };
        Self {
            train: file(&[("text", &text)]),
            hidden_inputs: file(&[("inputs", &inputs(windows, &info.inputs, &all))]),
            hidden_labels: file(&[("labels", &kind.encode(&windows.labels, &[], &all))]),
            metric: kind.metric(),
            info,
            base,
        }
    }
}

fn inputs(rows: &Rows, kind: &InputKind, order: &[usize]) -> Tensor {
    let mut shape = vec![order.len()];
    shape.extend(kind.row_shape());
    let dtype = match rows.inputs {
        Values::F32(_) => Dtype::F32,
        Values::I64(_) => Dtype::I64,
        Values::U8(_) => Dtype::U8,
    };
    Tensor {
        dtype,
        shape,
        bytes: rows.input_bytes(order),
    }
}
