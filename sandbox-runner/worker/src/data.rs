//! Rows of a data part, in host memory.

use std::path::Path;

use burn_backend::{DType, TensorData};
use safetensors::{Dtype, SafeTensors};

/// A data part: inputs, and labels where it has them.
pub(crate) struct Rows {
    inputs: Column,
    labels: Option<Column>,
    rows: usize,
}

struct Column {
    bytes: Vec<u8>,
    dtype: DType,
    row_bytes: usize,
    width: usize,
}

impl Rows {
    /// Reads a safetensors file with `inputs` and, if `labelled`, `labels`. Integers
    /// become `int`, the device's default: tensors that a method makes on the device
    /// are of that dtype, and the backend does not mix them.
    pub(crate) fn load(path: &Path, labelled: bool, int: DType) -> Result<Self, String> {
        let bytes = std::fs::read(path).map_err(|error| format!("failed to read data: {error}"))?;
        let file = SafeTensors::deserialize(&bytes)
            .map_err(|error| format!("the data part is not safetensors: {error}"))?;
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
        Ok(Self {
            inputs,
            labels,
            rows,
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.rows
    }

    /// Inputs `[rows, width]` and labels `[rows]` of the named rows.
    pub(crate) fn batch(&self, rows: &[u32]) -> Result<(TensorData, TensorData), String> {
        let labels = self.labels.as_ref().ok_or("this part has no labels")?;
        Ok((self.inputs.take(rows, false), labels.take(rows, true)))
    }

    /// All inputs, `[rows, width]`.
    pub(crate) fn inputs(&self) -> TensorData {
        let shape = [self.rows, self.inputs.width];
        TensorData::from_bytes_vec(self.inputs.bytes.clone(), shape, self.inputs.dtype)
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
            other => return Err(format!("`{name}` is {other:?}, neither F32 nor I64")),
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
        };
        Ok((column, *rows))
    }

    fn take(&self, rows: &[u32], flat: bool) -> TensorData {
        let mut bytes = Vec::with_capacity(rows.len() * self.row_bytes);
        for &row in rows {
            let start = row as usize * self.row_bytes;
            bytes.extend_from_slice(&self.bytes[start..start + self.row_bytes]);
        }
        if flat {
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
