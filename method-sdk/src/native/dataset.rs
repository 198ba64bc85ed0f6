//! A data part in host memory.

use burn::tensor::{Device, Int, Tensor, TensorData};
use gauntlet_wire::{InputKind, TaskInfo};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};

use crate::{Batch, Inputs};

/// A data part: inputs, and labels if it has them.
#[derive(Clone, Debug)]
pub struct Dataset {
    inputs: Column,
    labels: Option<Column>,
}

#[derive(Clone, Debug)]
enum Column {
    Floats { values: Vec<f32>, width: usize },
    Integers { values: Vec<i64>, width: usize },
}

/// Why a data file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("failed to read the data part: {0}")]
pub struct DatasetError(String);

impl Dataset {
    /// Reads a safetensors file with `inputs` (`F32` or `I64`) and maybe `labels` (`I64`).
    ///
    /// # Errors
    /// If the file is not such a file.
    pub fn from_safetensors(bytes: &[u8]) -> Result<Self, DatasetError> {
        let file = SafeTensors::deserialize(bytes).map_err(|e| DatasetError(e.to_string()))?;
        let inputs = file
            .tensor("inputs")
            .map_err(|e| DatasetError(e.to_string()))?;
        let labels = file.tensor("labels").ok();
        Ok(Self {
            inputs: Column::new(&inputs)?,
            labels: labels.as_ref().map(Column::new).transpose()?,
        })
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        match &self.inputs {
            Column::Floats { values, width } => values.len() / (*width).max(1),
            Column::Integers { values, width } => values.len() / (*width).max(1),
        }
    }

    pub(super) fn batch(&self, task: &TaskInfo, rows: &[u32], device: &Device) -> Batch {
        let labels = self.labels.as_ref().expect("a train part has labels");
        let Column::Integers { .. } = labels else {
            panic!("labels are integers");
        };
        Batch {
            inputs: self.inputs(task, rows, device),
            labels: Tensor::<1, Int>::from_data(labels.rows(rows, true), device),
        }
    }

    pub(super) fn all_inputs(&self, task: &TaskInfo, device: &Device) -> Inputs {
        let rows: Vec<u32> = (0..self.rows() as u32).collect();
        self.inputs(task, &rows, device)
    }

    fn inputs(&self, task: &TaskInfo, rows: &[u32], device: &Device) -> Inputs {
        let data = self.inputs.rows(rows, false);
        match &task.inputs {
            InputKind::Dense { shape } => Inputs::Dense {
                values: Tensor::<2>::from_data(data, device),
                shape: shape.clone(),
            },
            InputKind::Tokens { vocabulary, .. } => Inputs::Tokens {
                tokens: Tensor::<2, Int>::from_data(data, device),
                vocabulary: *vocabulary,
            },
        }
    }
}

impl Column {
    fn new(view: &TensorView<'_>) -> Result<Self, DatasetError> {
        let width = view.shape().iter().skip(1).product();
        match view.dtype() {
            Dtype::F32 => Ok(Self::Floats {
                values: view
                    .data()
                    .as_chunks::<4>()
                    .0
                    .iter()
                    .map(|b| f32::from_le_bytes(*b))
                    .collect(),
                width,
            }),
            Dtype::I64 => Ok(Self::Integers {
                values: view
                    .data()
                    .as_chunks::<8>()
                    .0
                    .iter()
                    .map(|b| i64::from_le_bytes(*b))
                    .collect(),
                width,
            }),
            other => Err(DatasetError(format!(
                "dtype {other:?} is neither F32 nor I64"
            ))),
        }
    }

    fn rows(&self, rows: &[u32], flat: bool) -> TensorData {
        match self {
            Self::Floats { values, width } => gather(values, *width, rows, flat),
            Self::Integers { values, width } => gather(values, *width, rows, flat),
        }
    }
}

fn gather<T: burn::tensor::Element>(
    values: &[T],
    width: usize,
    rows: &[u32],
    flat: bool,
) -> TensorData {
    let mut taken = Vec::with_capacity(rows.len() * width);
    for &row in rows {
        let start = row as usize * width;
        taken.extend_from_slice(&values[start..start + width]);
    }
    if flat {
        TensorData::new(taken, [rows.len()])
    } else {
        TensorData::new(taken, [rows.len(), width])
    }
}
