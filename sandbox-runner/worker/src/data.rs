//! Rows of a data part, in host memory.

use std::path::Path;

use burn_backend::{DType, TensorData};
use gauntlet_wire::{TaskKind, windows};
use safetensors::{Dtype, SafeTensors};

/// A data part: inputs, and targets where it has them.
pub(crate) struct Rows {
    source: Source,
    rows: usize,
}

enum Source {
    Table {
        inputs: Column,
        labels: Option<Column>,
    },
    /// A text stays one byte a token; its windows are cut when they are served.
    Text {
        text: Vec<u8>,
        context: usize,
        int: DType,
    },
}

struct Column {
    bytes: Vec<u8>,
    dtype: DType,
    row_bytes: usize,
    width: usize,
    /// `[rows]` rather than `[rows, width]`.
    flat: bool,
}

impl Rows {
    /// Reads a safetensors file with `inputs` and, if `labelled`, `labels`, or with a
    /// `text`. Integers become `int`, the device's default: tensors that a method makes
    /// on the device are of that dtype, and the backend does not mix them.
    pub(crate) fn load(
        path: &Path,
        labelled: bool,
        kind: &TaskKind,
        int: DType,
    ) -> Result<Self, String> {
        let bytes = std::fs::read(path).map_err(|error| format!("failed to read data: {error}"))?;
        let file = SafeTensors::deserialize(&bytes)
            .map_err(|error| format!("the data part is not safetensors: {error}"))?;
        if let (Ok(view), TaskKind::LanguageModelling { context, .. }) = (file.tensor("text"), kind)
        {
            if view.dtype() != Dtype::U8 {
                return Err(format!("`text` is {:?}, not U8", view.dtype()));
            }
            let text = view.data().to_vec();
            let rows = windows::rows(text.len(), *context);
            let context = *context;
            let source = Source::Text { text, context, int };
            return Ok(Self { source, rows });
        }
        let (inputs, rows) = Column::load(&file, "inputs", int)?;
        let labels = if labelled {
            let (labels, label_rows) = Column::load(&file, "labels", int)?;
            if label_rows != rows {
                return Err(format!("{rows} rows of inputs, but {label_rows} labels"));
            }
            Some(labels)
        } else {
            None
        };
        let source = Source::Table { inputs, labels };
        Ok(Self { source, rows })
    }

    pub(crate) fn len(&self) -> usize {
        self.rows
    }

    /// Inputs `[rows, width]` and targets (`[rows]`, or `[rows, width]`) of the named
    /// rows. Only a text has phases.
    pub(crate) fn batch(
        &self,
        rows: &[u32],
        phase: usize,
    ) -> Result<(TensorData, TensorData), String> {
        match &self.source {
            Source::Table { inputs, labels } => {
                let labels = labels.as_ref().ok_or("this part has no labels")?;
                Ok((inputs.take(rows), labels.take(rows)))
            }
            Source::Text { text, context, int } => {
                let (mut inputs, mut targets) = (Vec::new(), Vec::new());
                for &row in rows {
                    let (these, next) = windows::window(text, row as usize, phase, *context);
                    widen(these, *int, &mut inputs)?;
                    widen(next, *int, &mut targets)?;
                }
                let shape = [rows.len(), *context];
                Ok((
                    TensorData::from_bytes_vec(inputs, shape, *int),
                    TensorData::from_bytes_vec(targets, shape, *int),
                ))
            }
        }
    }

    /// Where the windows of an epoch begin; 0 for a table.
    pub(crate) fn phase(&self, seed: u64, epoch: u64) -> usize {
        match &self.source {
            Source::Table { .. } => 0,
            Source::Text { context, .. } => windows::phase(seed, epoch, *context),
        }
    }

    /// All inputs, `[rows, width]`.
    pub(crate) fn inputs(&self) -> Result<TensorData, String> {
        match &self.source {
            Source::Table { inputs, .. } => {
                let shape = [self.rows, inputs.width];
                let bytes = inputs.bytes.clone();
                Ok(TensorData::from_bytes_vec(bytes, shape, inputs.dtype))
            }
            Source::Text { .. } => Err("hidden inputs are rows, not a text".to_owned()),
        }
    }
}

impl Column {
    fn load(file: &SafeTensors<'_>, name: &str, int: DType) -> Result<(Self, usize), String> {
        let view = file
            .tensor(name)
            .map_err(|error| format!("`{name}`: {error}"))?;
        let (bytes, dtype) = match view.dtype() {
            Dtype::F32 => (view.data().to_vec(), DType::F32),
            Dtype::I64 => (
                integers(view.data(), int).map_err(|e| format!("`{name}`: {e}"))?,
                int,
            ),
            Dtype::U8 => {
                let mut wide = Vec::new();
                widen(view.data(), int, &mut wide).map_err(|e| format!("`{name}`: {e}"))?;
                (wide, int)
            }
            other => return Err(format!("`{name}` is {other:?}, none of F32, I64 and U8")),
        };
        let [rows, rest @ ..] = view.shape() else {
            return Err(format!("`{name}` has no dimensions"));
        };
        let width: usize = rest.iter().product();
        let column = Self {
            bytes,
            dtype,
            row_bytes: width * dtype.size(),
            width,
            flat: rest.is_empty(),
        };
        Ok((column, *rows))
    }

    fn take(&self, rows: &[u32]) -> TensorData {
        let mut bytes = Vec::with_capacity(rows.len() * self.row_bytes);
        for &row in rows {
            let start = row as usize * self.row_bytes;
            bytes.extend_from_slice(&self.bytes[start..start + self.row_bytes]);
        }
        if self.flat {
            TensorData::from_bytes_vec(bytes, [rows.len()], self.dtype)
        } else {
            TensorData::from_bytes_vec(bytes, [rows.len(), self.width], self.dtype)
        }
    }
}

/// Little-endian `I64` as `int`.
fn integers(bytes: &[u8], int: DType) -> Result<Vec<u8>, String> {
    match int {
        DType::I64 => Ok(bytes.to_vec()),
        DType::I32 => {
            let (values, _) = bytes.as_chunks::<8>();
            let mut narrow = Vec::with_capacity(values.len() * 4);
            for value in values {
                let value = i64::from_le_bytes(*value);
                let value = i32::try_from(value).map_err(|_| format!("{value} is not an i32"))?;
                narrow.extend_from_slice(&value.to_le_bytes());
            }
            Ok(narrow)
        }
        other => Err(format!(
            "integers of the device are {other:?}, neither I64 nor I32"
        )),
    }
}

/// Bytes as integers of dtype `int`.
fn widen(bytes: &[u8], int: DType, into: &mut Vec<u8>) -> Result<(), String> {
    into.reserve(bytes.len() * int.size());
    match int {
        DType::I64 => {
            into.extend(bytes.iter().flat_map(|&byte| i64::from(byte).to_le_bytes()));
        }
        DType::I32 => {
            into.extend(bytes.iter().flat_map(|&byte| i32::from(byte).to_le_bytes()));
        }
        other => {
            return Err(format!(
                "integers of the device are {other:?}, neither I64 nor I32"
            ));
        }
    }
    Ok(())
}
