//! One of several classes; marked by accuracy.

use safetensors::tensor::{Dtype, TensorView};

use super::kind::Kind;
use crate::error::LabelsFault;
use crate::metric::{Direction, Metric, Score};
use crate::rows::Labels;
use crate::tensor::Tensor;

pub(super) struct Classification {
    pub(super) classes: usize,
}

impl Kind for Classification {
    fn metric(&self) -> Metric {
        Metric {
            name: "accuracy",
            unit: None,
            better: Direction::Higher,
            best: 1.0,
            miss: 0.0,
        }
    }

    fn outputs(&self) -> usize {
        self.classes
    }

    fn encode(&self, labels: &Labels, _: &[usize], order: &[usize]) -> Tensor {
        let Labels::Classes(classes) = labels else {
            panic!("the definition has checked that the labels are classes");
        };
        Tensor {
            dtype: Dtype::I64,
            shape: vec![order.len()],
            bytes: order
                .iter()
                .flat_map(|&row| classes[row].to_le_bytes())
                .collect(),
        }
    }

    fn lines(&self, labels: &TensorView<'_>) -> Result<usize, LabelsFault> {
        let rows = match *labels.shape() {
            [rows] if rows > 0 && labels.dtype() == Dtype::I64 => rows,
            ref shape => {
                let found = format!("{} {shape:?}, I64 [rows] is wanted", labels.dtype());
                return Err(LabelsFault::Layout(found));
            }
        };
        for (row, label) in values(labels).enumerate() {
            if usize::try_from(label).is_ok_and(|label| label < self.classes) {
                continue;
            }
            return Err(LabelsFault::Range {
                row,
                label,
                classes: self.classes,
            });
        }
        Ok(rows)
    }

    /// The answer of a row is its largest value; of equal ones, the first.
    fn mark(&self, labels: &TensorView<'_>, predictions: &[f32]) -> Score {
        let rows = predictions.len() / self.classes;
        let right = predictions
            .chunks_exact(self.classes)
            .zip(values(labels))
            .filter(|(row, label)| first_largest(row) as i64 == *label)
            .count();
        Score::new("accuracy", right as f64 / rows as f64)
    }
}

fn values<'a>(labels: &TensorView<'a>) -> impl Iterator<Item = i64> + 'a {
    let (values, _) = labels.data().as_chunks::<8>();
    values.iter().map(|bytes| i64::from_le_bytes(*bytes))
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
