//! Marking predictions.

use gauntlet_wire::TaskKind;
use safetensors::SafeTensors;
use safetensors::tensor::Dtype;

use crate::error::{LabelsFault, PredictionsFault, ScoreError};
use crate::kinds;
use crate::metric::Metric;

/// Bytes that a predictions file may have beside its values.
pub const MAX_HEADER_BYTES: usize = 4096;

/// A mark. Which way is better the task's [`Metric`] says.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// What is measured, such as `accuracy`.
    pub metric: &'static str,
    /// The value.
    pub value: f64,
    /// Other measures of the same predictions, which decide nothing.
    pub secondary: Vec<(&'static str, f64)>,
}

impl Score {
    pub(crate) fn new(metric: &'static str, value: f64) -> Self {
        Self {
            metric,
            value,
            secondary: Vec::new(),
        }
    }

    pub(crate) fn and(mut self, name: &'static str, value: f64) -> Self {
        self.secondary.push((name, value));
        self
    }
}

/// What a kind of task measures.
#[must_use]
pub fn metric(kind: &TaskKind) -> Metric {
    kinds::of(kind).metric()
}

/// Marks `predictions` (safetensors: `predictions`, F32 `[lines, outputs]`) against
/// `hidden_labels` (safetensors: `labels`, as the kind writes them).
///
/// # Errors
/// [`ScoreError::Predictions`] if the entrant's file is not such a tensor with
/// finite values; [`ScoreError::Labels`] if our own file is damaged.
pub fn score(
    kind: &TaskKind,
    hidden_labels: &[u8],
    predictions: &[u8],
) -> Result<Score, ScoreError> {
    let kind = kinds::of(kind);
    let file = SafeTensors::deserialize(hidden_labels)
        .map_err(|error| LabelsFault::Unreadable(error.to_string()))?;
    let labels = match (file.len(), file.tensor("labels")) {
        (1, Ok(labels)) => labels,
        _ => return Err(LabelsFault::Layout(format!("tensors {:?}", file.names())).into()),
    };
    let lines = kind.lines(&labels)?;
    let predictions = read_predictions(predictions, lines, kind.outputs())?;
    Ok(kind.mark(&labels, &predictions))
}

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
