//! A data part in host memory.

use std::collections::HashMap;

use burn::tensor::{Device, Tensor, TensorData};
use gauntlet_wire::{InputKind, TaskInfo, TaskKind, windows};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};

use crate::data::{Batch, Inputs, Targets};

/// A data part: inputs, and targets if it has them; or a text.
#[derive(Clone, Debug)]
pub struct Dataset {
    rows: Rows,
    base: HashMap<String, TensorData>,
}

#[derive(Clone, Debug)]
enum Rows {
    Table {
        inputs: Column,
        labels: Option<Column>,
    },
    Text(Vec<u8>),
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
    /// Reads a safetensors file with `inputs` (`F32`, `I64` or `U8`) and maybe `labels`
    /// (`I64` classes, `F32` values, `U8` tokens), or with a `text` (`U8`).
    ///
    /// # Errors
    /// If the file is not such a file.
    pub fn from_safetensors(bytes: &[u8]) -> Result<Self, DatasetError> {
        let file = SafeTensors::deserialize(bytes).map_err(|e| DatasetError(e.to_string()))?;
        let rows = if let Ok(text) = file.tensor("text") {
            Rows::Text(text.data().to_vec())
        } else {
            let inputs = file
                .tensor("inputs")
                .map_err(|e| DatasetError(e.to_string()))?;
            let labels = file.tensor("labels").ok();
            Rows::Table {
                inputs: Column::new(&inputs)?,
                labels: labels.as_ref().map(Column::new).transpose()?,
            }
        };
        Ok(Self {
            rows,
            base: HashMap::new(),
        })
    }

    /// Adds the task's base weights, a safetensors file of `F32` tensors.
    ///
    /// # Errors
    /// If the file is not such a file.
    pub fn with_base(mut self, bytes: &[u8]) -> Result<Self, DatasetError> {
        let file = SafeTensors::deserialize(bytes).map_err(|e| DatasetError(e.to_string()))?;
        for (name, view) in file.iter() {
            let Column::Floats { values, .. } = Column::new(&view)? else {
                return Err(DatasetError(format!("base weight `{name}` is not F32")));
            };
            let data = TensorData::new(values, view.shape().to_vec());
            self.base.insert(name.to_owned(), data);
        }
        Ok(self)
    }

    /// Whether it can be trained on: rows with labels, or a text.
    #[must_use]
    pub fn is_labelled(&self) -> bool {
        match &self.rows {
            Rows::Table { labels, .. } => labels.is_some(),
            Rows::Text(_) => true,
        }
    }

    /// Number of rows of a table; a text has none of its own, see [`Self::train_rows`].
    #[must_use]
    pub fn rows(&self) -> usize {
        match &self.rows {
            Rows::Table { inputs, .. } => inputs.count(),
            Rows::Text(_) => 0,
        }
    }

    /// Number of rows that a task's train part has.
    #[must_use]
    pub fn train_rows(&self, task: &TaskInfo) -> usize {
        match (&self.rows, &task.kind) {
            (Rows::Text(text), TaskKind::LanguageModelling { context, .. }) => {
                windows::rows(text.len(), *context)
            }
            _ => self.rows(),
        }
    }

    pub(super) fn base<const D: usize>(&self, name: &str, device: &Device) -> Tensor<D> {
        let data = self
            .base
            .get(name)
            .unwrap_or_else(|| panic!("the base weights have no tensor `{name}`"));
        Tensor::from_data(data.clone(), device)
    }

    pub(super) fn batch(
        &self,
        task: &TaskInfo,
        rows: &[u32],
        phase: usize,
        device: &Device,
    ) -> Batch {
        match (&self.rows, &task.kind) {
            (
                Rows::Text(text),
                TaskKind::LanguageModelling {
                    context,
                    vocabulary,
                },
            ) => {
                let (mut inputs, mut targets) = (Vec::new(), Vec::new());
                for &row in rows {
                    let (these, next) = windows::window(text, row as usize, phase, *context);
                    inputs.extend(these.iter().map(|&token| i64::from(token)));
                    targets.extend(next.iter().map(|&token| i64::from(token)));
                }
                let tensor = |values| {
                    Tensor::from_data(TensorData::new(values, [rows.len(), *context]), device)
                };
                Batch {
                    inputs: Inputs::Tokens {
                        tokens: tensor(inputs),
                        vocabulary: *vocabulary,
                    },
                    targets: Targets::Tokens(tensor(targets)),
                }
            }
            (Rows::Table { inputs, labels }, kind) => {
                let labels = labels.as_ref().expect("a train part has labels");
                let flat = matches!(kind, TaskKind::Classification { .. });
                let data = labels.rows(rows, flat);
                Batch {
                    inputs: to_device(inputs, task, rows, device),
                    targets: match kind {
                        TaskKind::Classification { .. } => {
                            Targets::Classes(Tensor::from_data(data, device))
                        }
                        TaskKind::Regression { .. } => {
                            Targets::Values(Tensor::from_data(data, device))
                        }
                        TaskKind::LanguageModelling { .. } => {
                            Targets::Tokens(Tensor::from_data(data, device))
                        }
                    },
                }
            }
            (Rows::Text(_), _) => panic!("a text is for language modelling only"),
        }
    }

    pub(super) fn all_inputs(&self, task: &TaskInfo, device: &Device) -> Inputs {
        let Rows::Table { inputs, .. } = &self.rows else {
            panic!("hidden inputs are rows");
        };
        let rows: Vec<u32> = (0..inputs.count() as u32).collect();
        to_device(inputs, task, &rows, device)
    }
}

fn to_device(column: &Column, task: &TaskInfo, rows: &[u32], device: &Device) -> Inputs {
    let data = column.rows(rows, false);
    match &task.inputs {
        InputKind::Dense { shape } => Inputs::Dense {
            values: Tensor::from_data(data, device),
            shape: shape.clone(),
        },
        InputKind::Tokens { vocabulary, .. } => Inputs::Tokens {
            tokens: Tensor::from_data(data, device),
            vocabulary: *vocabulary,
        },
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
            Dtype::U8 => Ok(Self::Integers {
                values: view.data().iter().map(|&byte| i64::from(byte)).collect(),
                width,
            }),
            other => Err(DatasetError(format!(
                "dtype {other:?} is none of F32, I64 and U8"
            ))),
        }
    }

    fn count(&self) -> usize {
        match self {
            Self::Floats { values, width } => values.len() / (*width).max(1),
            Self::Integers { values, width } => values.len() / (*width).max(1),
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
