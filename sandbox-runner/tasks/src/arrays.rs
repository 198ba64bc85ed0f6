//! Rows as arrays: a safetensors file with `inputs` and `labels`.

use std::path::Path;

use gauntlet_wire::{InputKind, TaskKind};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};

use crate::error::TaskError;
use crate::rows::{Labels, Rows, Values};

/// Reads `inputs` (U8 or F32 `[rows, ..shape]`, multiplied by `scale`; of tokens I64) and
/// `labels` (I64 `[rows]`, or F32 `[rows, targets]`).
///
/// # Errors
/// [`TaskError`] with the row that does not fit.
pub(crate) fn read(
    bytes: &[u8],
    path: &Path,
    kind: &TaskKind,
    inputs: &InputKind,
    scale: f32,
) -> Result<Rows, TaskError> {
    let fault = |problem: String| TaskError::Table {
        path: path.to_owned(),
        problem,
    };
    let file = SafeTensors::deserialize(bytes)
        .map_err(|error| fault(format!("is not a safetensors file: {error}")))?;
    let tensor = |name: &str| {
        file.tensor(name)
            .map_err(|_| fault(format!("has no tensor `{name}`")))
    };
    let (input, label) = (tensor("inputs")?, tensor("labels")?);
    let [rows, shape @ ..] = input.shape() else {
        return Err(fault("`inputs` has no rows".to_owned()));
    };
    if shape != inputs.row_shape() {
        return Err(fault(format!(
            "has rows of shape {shape:?}, `inputs` in task.toml says {:?}",
            inputs.row_shape()
        )));
    }
    let width = shape.iter().product();
    let place = |index: usize| format!("row {} of `inputs`", index / width);
    let values = match (input.dtype(), inputs) {
        (Dtype::U8, InputKind::Dense { .. }) => {
            let scaled = input.data().iter().map(|&value| f32::from(value) * scale);
            Values::F32(scaled.collect())
        }
        (Dtype::F32, InputKind::Dense { .. }) => {
            let scaled: Vec<f32> = floats(&input).map(|value| value * scale).collect();
            if let Some(index) = scaled.iter().position(|value| !value.is_finite()) {
                return Err(fault(format!("{} is not finite", place(index))));
            }
            Values::F32(scaled)
        }
        (Dtype::I64, InputKind::Tokens { vocabulary, .. }) => {
            let tokens: Vec<i64> = integers(&input).collect();
            let known = |token: &i64| usize::try_from(*token).is_ok_and(|t| t < *vocabulary);
            if let Some(index) = tokens.iter().position(|token| !known(token)) {
                return Err(fault(format!("{} is no token", place(index))));
            }
            Values::I64(tokens)
        }
        (dtype, _) => {
            return Err(fault(format!(
                "has `inputs` of dtype {dtype}; U8 or F32 is wanted, for tokens I64"
            )));
        }
    };
    let labels = match *kind {
        TaskKind::Classification { classes } => {
            if label.dtype() != Dtype::I64 || label.shape() != [*rows] {
                return Err(fault(format!("`labels` must be I64 [{rows}]")));
            }
            let labels: Vec<i64> = integers(&label).collect();
            let known = |class: &i64| usize::try_from(*class).is_ok_and(|c| c < classes);
            if let Some(row) = labels.iter().position(|class| !known(class)) {
                let problem = format!(
                    "row {row} of `labels` is no class from 0 to {}",
                    classes - 1
                );
                return Err(fault(problem));
            }
            Labels::Classes(labels)
        }
        TaskKind::Regression { targets } => {
            if label.dtype() != Dtype::F32 || label.shape() != [*rows, targets] {
                return Err(fault(format!("`labels` must be F32 [{rows}, {targets}]")));
            }
            let values: Vec<f64> = floats(&label).map(f64::from).collect();
            if let Some(index) = values.iter().position(|value| !value.is_finite()) {
                return Err(fault(format!(
                    "row {} of `labels` is not finite",
                    index / targets
                )));
            }
            Labels::Values {
                values,
                width: targets,
            }
        }
        TaskKind::LanguageModelling { .. } => {
            return Err(fault(
                "holds rows, a language model needs a text".to_owned(),
            ));
        }
    };
    Ok(Rows {
        inputs: values,
        width,
        labels,
    })
}

fn floats<'a>(view: &TensorView<'a>) -> impl Iterator<Item = f32> + 'a {
    let (values, _) = view.data().as_chunks::<4>();
    values.iter().map(|bytes| f32::from_le_bytes(*bytes))
}

fn integers<'a>(view: &TensorView<'a>) -> impl Iterator<Item = i64> + 'a {
    let (values, _) = view.data().as_chunks::<8>();
    values.iter().map(|bytes| i64::from_le_bytes(*bytes))
}
