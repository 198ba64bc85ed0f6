//! A fixed sample of the train part, to score checkpoints on while a run trains.
//!
//! The entrant may see these rows and their labels anyway. They are the first 256 rows (all,
//! if there are fewer) in the order that [`BatchOrder`] gives for a seed of their own: the
//! first eight bytes, little-endian, of the train part's SHA-256. A text's rows are its
//! windows of phase 0. So the slice is the same in every run of a task, and anybody can
//! make it.

use gauntlet_wire::order::BatchOrder;
use gauntlet_wire::{TaskKind, windows};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use sha2::{Digest, Sha256};

use crate::error::LabelsFault;

/// Rows of a slice, where there are so many.
const ROWS: usize = 256;

/// Rows of the train part, in the files that prediction and scoring take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicSlice {
    /// `inputs`, as in the hidden part.
    pub inputs: Vec<u8>,
    /// `labels`, as in the hidden part.
    pub labels: Vec<u8>,
}

/// Cuts the slice out of a train part.
///
/// # Errors
/// If the train part is damaged.
pub fn public_slice(kind: &TaskKind, train: &[u8]) -> Result<PublicSlice, LabelsFault> {
    let file = SafeTensors::deserialize(train)
        .map_err(|error| LabelsFault::Unreadable(error.to_string()))?;
    let digest = Sha256::digest(train);
    let (seed, _) = digest.split_first_chunk().expect("a digest has 32 bytes");
    let order = |rows: usize| -> Result<Vec<usize>, LabelsFault> {
        if rows == 0 {
            return Err(LabelsFault::Layout("a train part without rows".to_owned()));
        }
        let mut order = BatchOrder::new(rows, u64::from_le_bytes(*seed));
        let rows = order.next_batch(ROWS).iter();
        Ok(rows.map(|row| *row as usize).collect())
    };
    let tensor = |name: &str| {
        file.tensor(name)
            .map_err(|_| LabelsFault::Layout(format!("a train part without `{name}`")))
    };
    if let TaskKind::LanguageModelling { context, .. } = *kind {
        let text = tensor("text")?;
        let order = order(windows::rows(text.data().len(), context))?;
        let (mut inputs, mut labels) = (Vec::new(), Vec::new());
        for row in &order {
            let (input, label) = windows::window(text.data(), *row, 0, context);
            inputs.extend_from_slice(input);
            labels.extend_from_slice(label);
        }
        let shape = vec![order.len(), context];
        return Ok(PublicSlice {
            inputs: write("inputs", Dtype::U8, shape.clone(), &inputs)?,
            labels: write("labels", Dtype::U8, shape, &labels)?,
        });
    }
    let (inputs, labels) = (tensor("inputs")?, tensor("labels")?);
    let rows = labels.shape().first().copied().unwrap_or_default();
    if inputs.shape().first() != Some(&rows) {
        return Err(LabelsFault::Layout(format!(
            "inputs {:?} and labels {:?}",
            inputs.shape(),
            labels.shape()
        )));
    }
    let order = order(rows)?;
    Ok(PublicSlice {
        inputs: gather("inputs", &inputs, &order)?,
        labels: gather("labels", &labels, &order)?,
    })
}

/// Some rows of a tensor, as a file.
fn gather(name: &str, tensor: &TensorView<'_>, order: &[usize]) -> Result<Vec<u8>, LabelsFault> {
    let mut shape = tensor.shape().to_vec();
    let width = tensor.data().len() / shape[0];
    shape[0] = order.len();
    let rows = order
        .iter()
        .map(|row| &tensor.data()[row * width..][..width]);
    write(
        name,
        tensor.dtype(),
        shape,
        &rows.collect::<Vec<_>>().concat(),
    )
}

fn write(
    name: &str,
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: &[u8],
) -> Result<Vec<u8>, LabelsFault> {
    let file = TensorView::new(dtype, shape, bytes)
        .and_then(|view| safetensors::serialize([(name, view)], None));
    file.map_err(|error| LabelsFault::Layout(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(file: &[u8], name: &str) -> Vec<u8> {
        let file = SafeTensors::deserialize(file).unwrap();
        file.tensor(name).unwrap().data().to_vec()
    }

    #[test]
    fn rows_keep_their_labels_and_the_same_task_gives_the_same_slice() {
        let inputs: Vec<u8> = (0..1000_u32)
            .flat_map(|row| (row as f32).to_le_bytes())
            .collect();
        let labels: Vec<u8> = (0..1000_i64).flat_map(i64::to_le_bytes).collect();
        let views = [
            (
                "inputs",
                TensorView::new(Dtype::F32, vec![1000, 1], &inputs).unwrap(),
            ),
            (
                "labels",
                TensorView::new(Dtype::I64, vec![1000], &labels).unwrap(),
            ),
        ];
        let train = safetensors::serialize(views, None).unwrap();
        let kind = TaskKind::Classification { classes: 1000 };
        let slice = public_slice(&kind, &train).unwrap();
        assert_eq!(slice, public_slice(&kind, &train).unwrap());
        let (inputs, labels) = (
            values(&slice.inputs, "inputs"),
            values(&slice.labels, "labels"),
        );
        let (inputs, labels) = (inputs.as_chunks::<4>().0, labels.as_chunks::<8>().0);
        assert_eq!((inputs.len(), labels.len()), (ROWS, ROWS));
        let rows: std::collections::BTreeSet<i64> = labels
            .iter()
            .map(|bytes| i64::from_le_bytes(*bytes))
            .collect();
        assert_eq!(rows.len(), ROWS, "each row once");
        for (input, label) in inputs.iter().zip(labels) {
            assert_eq!(
                f32::from_le_bytes(*input) as i64,
                i64::from_le_bytes(*label)
            );
        }
    }

    #[test]
    fn a_text_gives_windows_with_what_follows() {
        let text: Vec<u8> = (0..50).collect();
        let view = TensorView::new(Dtype::U8, vec![50], &text).unwrap();
        let train = safetensors::serialize([("text", view)], None).unwrap();
        let kind = TaskKind::LanguageModelling {
            vocabulary: 256,
            context: 4,
        };
        let slice = public_slice(&kind, &train).unwrap();
        let (inputs, labels) = (
            values(&slice.inputs, "inputs"),
            values(&slice.labels, "labels"),
        );
        assert_eq!(
            inputs.len(),
            windows::rows(50, 4) * 4,
            "all of them: there are few"
        );
        assert!(
            inputs
                .iter()
                .zip(&labels)
                .all(|(input, label)| input + 1 == *label)
        );
    }

    #[test]
    fn a_damaged_train_part_is_our_fault_and_no_panic() {
        let kind = TaskKind::Classification { classes: 2 };
        public_slice(&kind, b"no safetensors").unwrap_err();
        let view = TensorView::new(Dtype::I64, vec![0], &[]).unwrap();
        let train = safetensors::serialize([("labels", view)], None).unwrap();
        public_slice(&kind, &train).unwrap_err();
    }
}
