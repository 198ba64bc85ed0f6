//! Real numbers; marked by the root of the mean squared error.
//!
//! Targets are written in standard deviations from the mean, both of the train rows
//! alone. So several targets weigh the same, a score of 1 is what the train part's mean
//! scores (about), and no statistic of the hidden rows gets out.

use safetensors::tensor::{Dtype, TensorView};

use super::kind::Kind;
use crate::error::LabelsFault;
use crate::metric::{Direction, Metric, Score};
use crate::rows::Labels;
use crate::tensor::Tensor;

pub(super) struct Regression {
    pub(super) targets: usize,
}

impl Kind for Regression {
    fn metric(&self) -> Metric {
        Metric {
            name: "rmse",
            unit: Some("sd of the train part"),
            better: Direction::Lower,
            best: 0.0,
            miss: 1.0,
        }
    }

    fn outputs(&self) -> usize {
        self.targets
    }

    fn encode(&self, labels: &Labels, train: &[usize], order: &[usize]) -> Tensor {
        let Labels::Values { values, width } = labels else {
            panic!("the definition has checked that the labels are numbers");
        };
        let scales: Vec<(f64, f64)> = (0..*width)
            .map(|target| mean_and_deviation(train.iter().map(|&row| values[row * width + target])))
            .collect();
        let encode = |&row: &usize| {
            let numbers = values[row * width..][..*width].iter().zip(&scales);
            numbers.map(|(value, (mean, deviation))| ((value - mean) / deviation) as f32)
        };
        Tensor {
            dtype: Dtype::F32,
            shape: vec![order.len(), *width],
            bytes: order
                .iter()
                .flat_map(encode)
                .flat_map(f32::to_le_bytes)
                .collect(),
        }
    }

    fn lines(&self, labels: &TensorView<'_>) -> Result<usize, LabelsFault> {
        let rows = match *labels.shape() {
            [rows, targets]
                if rows > 0 && targets == self.targets && labels.dtype() == Dtype::F32 =>
            {
                rows
            }
            ref shape => {
                return Err(LabelsFault::Layout(format!(
                    "{} {shape:?}, F32 [rows, {}] is wanted",
                    labels.dtype(),
                    self.targets
                )));
            }
        };
        match values(labels).position(|value| !value.is_finite()) {
            Some(place) => Err(LabelsFault::Layout(format!(
                "a number that is not finite in row {}",
                place / self.targets
            ))),
            None => Ok(rows),
        }
    }

    /// The root of the mean over all rows and targets. `r2` is the share of the hidden
    /// labels' variance that is explained: 1 - squared errors / squared deviations from
    /// the mean of the hidden labels, over all targets together.
    fn mark(&self, labels: &TensorView<'_>, predictions: &[f32]) -> Score {
        let labels: Vec<f64> = values(labels).map(f64::from).collect();
        let errors: f64 = labels
            .iter()
            .zip(predictions)
            .map(|(label, prediction)| (label - f64::from(*prediction)).powi(2))
            .sum();
        let deviations: f64 = (0..self.targets)
            .map(|target| {
                let column = || labels.iter().skip(target).step_by(self.targets);
                let mean = column().sum::<f64>() / column().count() as f64;
                column().map(|label| (label - mean).powi(2)).sum::<f64>()
            })
            .sum();
        let score = Score::new("rmse", (errors / labels.len() as f64).sqrt());
        if deviations > 0.0 {
            score.and("r2", 1.0 - errors / deviations)
        } else {
            score
        }
    }
}

fn values<'a>(labels: &TensorView<'a>) -> impl Iterator<Item = f32> + 'a {
    let (values, _) = labels.data().as_chunks::<4>();
    values.iter().map(|bytes| f32::from_le_bytes(*bytes))
}

/// Mean and population standard deviation; a constant has deviation 1, so that dividing
/// by it changes nothing.
pub(crate) fn mean_and_deviation(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let count = values.clone().count().max(1) as f64;
    let mean = values.clone().sum::<f64>() / count;
    let variance = values.map(|value| (value - mean).powi(2)).sum::<f64>() / count;
    let deviation = variance.sqrt();
    // Rounding alone must not be blown up to a signal.
    if deviation > mean.abs() * 1e-12 && deviation.is_normal() {
        (mean, deviation)
    } else {
        (mean, 1.0)
    }
}
