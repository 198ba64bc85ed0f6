//! Reads what a method predicted, trusting nothing of it.

use safetensors::SafeTensors;
use safetensors::tensor::Dtype;

use crate::error::PredictionsFault;

/// Bytes that a predictions file may have beside its values.
pub const MAX_HEADER_BYTES: usize = 4096;

/// The values of a predictions file, after every check.
pub(crate) fn read_predictions(
    file: &[u8],
    lines: usize,
    outputs: usize,
) -> Result<Vec<f32>, PredictionsFault> {
    // Before anything is parsed: the only thing that costs us memory is the size.
    let limit = lines * outputs * size_of::<f32>() + MAX_HEADER_BYTES;
    if file.len() > limit {
        return Err(PredictionsFault::Oversized {
            found: file.len(),
            limit,
        });
    }
    let file = SafeTensors::deserialize(file)
        .map_err(|error| PredictionsFault::Unreadable(error.to_string()))?;
    let tensor = match (file.len(), file.tensor("predictions")) {
        (1, Ok(tensor)) => tensor,
        _ => {
            let mut found: Vec<String> = file.names().into_iter().map(str::to_owned).collect();
            found.sort_unstable();
            found.truncate(8);
            return Err(PredictionsFault::Tensors { found });
        }
    };
    if tensor.dtype() != Dtype::F32 {
        return Err(PredictionsFault::Dtype {
            found: tensor.dtype().to_string(),
        });
    }
    if tensor.shape() != [lines, outputs] {
        let found = tensor.shape().to_vec();
        return Err(PredictionsFault::Shape {
            found,
            wanted: [lines, outputs],
        });
    }
    let (values, _) = tensor.data().as_chunks::<4>();
    let check = |(place, bytes): (usize, &[u8; 4])| {
        let value = f32::from_le_bytes(*bytes);
        if value.is_finite() {
            return Ok(value);
        }
        let (row, class) = (place / outputs, place % outputs);
        Err(PredictionsFault::NotFinite {
            row,
            class,
            value: value.to_string(),
        })
    };
    values.iter().enumerate().map(check).collect()
}
