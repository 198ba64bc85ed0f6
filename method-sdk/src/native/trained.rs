//! What a native training gives.

use std::time::Duration;

use burn::tensor::TensorData;

/// A trained model: every parameter by name.
pub type Parameters = Vec<(String, TensorData)>;

/// What a native training gives.
#[derive(Debug)]
pub struct Trained {
    /// The model.
    pub parameters: Parameters,
    /// Every reported number, in order.
    pub reports: Vec<Report>,
    /// Batches served.
    pub batches: u64,
    /// Step of the checkpoint that the model is, if the budget ran out before the method
    /// returned one.
    pub cut_off_at: Option<u64>,
}

/// One reported number.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The method's step.
    pub step: u64,
    /// Name of the metric.
    pub name: String,
    /// Its value.
    pub value: f64,
    /// Time since training began.
    pub at: Duration,
}
