//! The files that a tournament uses.

use gauntlet_wire::{InputKind, TaskInfo};
use safetensors::tensor::{Dtype, TensorView};

use crate::rows::{Rows, Values};

/// A task made concrete by a secret: safetensors files and what a method is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dataset {
    /// What a method is told.
    pub info: TaskInfo,
    /// The train part: `inputs` (F32 `[rows, ..row shape]` or I64 `[rows, length]`), `labels` (I64 `[rows]`).
    pub train: Vec<u8>,
    /// The hidden part's inputs: `inputs`, as in the train part.
    pub hidden_inputs: Vec<u8>,
    /// The hidden part's labels: `labels` (I64 `[rows]`). For the scorer, never for a sandbox.
    pub hidden_labels: Vec<u8>,
}

impl Dataset {
    /// Rows `train` and `hidden` of `rows`, in these orders.
    pub(crate) fn assemble(info: TaskInfo, rows: &Rows, train: &[usize], hidden: &[usize]) -> Self {
        Self {
            train: file(&[
                ("inputs", &inputs(rows, &info.inputs, train)),
                ("labels", &labels(rows, train)),
            ]),
            hidden_inputs: file(&[("inputs", &inputs(rows, &info.inputs, hidden))]),
            hidden_labels: file(&[("labels", &labels(rows, hidden))]),
            info,
        }
    }
}

struct Tensor {
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

fn inputs(rows: &Rows, kind: &InputKind, order: &[usize]) -> Tensor {
    let mut shape = vec![order.len()];
    shape.extend(kind.row_shape());
    let dtype = match rows.inputs {
        Values::F32(_) => Dtype::F32,
        Values::I64(_) => Dtype::I64,
    };
    Tensor {
        dtype,
        shape,
        bytes: rows.input_bytes(order),
    }
}

fn labels(rows: &Rows, order: &[usize]) -> Tensor {
    Tensor {
        dtype: Dtype::I64,
        shape: vec![order.len()],
        bytes: rows.label_bytes(order),
    }
}

fn file(tensors: &[(&str, &Tensor)]) -> Vec<u8> {
    let views = tensors.iter().map(|(name, tensor)| {
        let view = TensorView::new(tensor.dtype, tensor.shape.clone(), &tensor.bytes)
            .expect("the bytes were gathered for this shape");
        (*name, view)
    });
    safetensors::serialize(views, None).expect("names and shapes of our own can be serialised")
}
