//! Marking predictions.

use gauntlet_wire::TaskKind;
use safetensors::SafeTensors;
use safetensors::tensor::Dtype;

use crate::error::{LabelsFault, PredictionsFault, ScoreError};

/// Bytes that a predictions file may have beside its values.
pub const MAX_HEADER_BYTES: usize = 4096;

/// A mark; higher is better.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    /// What is measured: `accuracy`, the share of rows that are right.
    pub metric: &'static str,
    /// The value, 0 to 1.
    pub value: f64,
}

/// Marks `predictions` (safetensors: `predictions`, F32 `[rows, classes]`)
/// against `hidden_labels` (safetensors: `labels`, I64 `[rows]`).
///
/// The answer of a row is its largest value; of equal ones, the first.
///
/// # Errors
/// [`ScoreError::Predictions`] if the entrant's file is not such a tensor with
/// finite values; [`ScoreError::Labels`] if our own file is damaged.
pub fn score(
    kind: &TaskKind,
    hidden_labels: &[u8],
    predictions: &[u8],
) -> Result<Score, ScoreError> {
    let TaskKind::Classification { classes } = *kind else {
        return Err(LabelsFault::Layout(format!("labels of a {}", kind.as_str())).into());
    };
    let labels = read_labels(hidden_labels, classes)?;
    let values = read_predictions(predictions, labels.len(), classes)?;
    let right = values
        .chunks_exact(classes)
        .zip(&labels)
        .filter(|(row, label)| first_largest(row) == **label)
        .count();
    Ok(Score {
        metric: "accuracy",
        value: right as f64 / labels.len() as f64,
    })
}

fn first_largest(row: &[f32]) -> usize {
    let mut best = 0;
    for (class, value) in row.iter().enumerate() {
        if *value > row[best] {
            best = class;
        }
    }
    best
}

fn read_labels(file: &[u8], classes: usize) -> Result<Vec<usize>, LabelsFault> {
    let file = SafeTensors::deserialize(file)
        .map_err(|error| LabelsFault::Unreadable(error.to_string()))?;
    let names = file.names();
    let Ok(tensor) = file.tensor("labels") else {
        return Err(LabelsFault::Layout(format!("{names:?}")));
    };
    let rows = match *tensor.shape() {
        [rows] if rows > 0 && tensor.dtype() == Dtype::I64 && names.len() == 1 => rows,
        ref shape => {
            return Err(LabelsFault::Layout(format!(
                "{} {shape:?}, {names:?}",
                tensor.dtype()
            )));
        }
    };
    let (labels, _) = tensor.data().as_chunks::<8>();
    debug_assert_eq!(labels.len(), rows);
    let check = |(row, bytes): (usize, &[u8; 8])| {
        let label = i64::from_le_bytes(*bytes);
        usize::try_from(label)
            .ok()
            .filter(|label| *label < classes)
            .ok_or(LabelsFault::Range {
                row,
                label,
                classes,
            })
    };
    labels.iter().enumerate().map(check).collect()
}

fn read_predictions(
    file: &[u8],
    rows: usize,
    classes: usize,
) -> Result<Vec<f32>, PredictionsFault> {
    // Before anything is parsed: the only thing that costs us memory is the size.
    let limit = rows * classes * size_of::<f32>() + MAX_HEADER_BYTES;
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
    if tensor.shape() != [rows, classes] {
        let found = tensor.shape().to_vec();
        return Err(PredictionsFault::Shape {
            found,
            wanted: [rows, classes],
        });
    }
    let (values, _) = tensor.data().as_chunks::<4>();
    let check = |(place, bytes): (usize, &[u8; 4])| {
        let value = f32::from_le_bytes(*bytes);
        if value.is_finite() {
            return Ok(value);
        }
        let (row, class) = (place / classes, place % classes);
        Err(PredictionsFault::NotFinite {
            row,
            class,
            value: value.to_string(),
        })
    };
    values.iter().enumerate().map(check).collect()
}
