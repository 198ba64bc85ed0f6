//! Runs a method natively on the CPU backend: for development, with a debugger
//! if need be, and to compare with the sandbox. Batches, seeds and the device's
//! random numbers are the sandbox's, so the model is the same to the bit.

mod dataset;
mod host;
mod model;

use std::time::Duration;

use burn::tensor::{Device, TensorData};
use gauntlet_wire::TaskInfo;

pub use dataset::{Dataset, DatasetError};
pub use host::Host;

use crate::{Method, MethodError, Training, parameters};

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

/// Trains a method for a fixed number of batches: natively nothing is metered,
/// so the budget is what both sides can count.
///
/// The device's random stream is the process's own: one training at a time.
///
/// # Errors
/// The method's own.
pub fn train<M: Method>(
    task: &TaskInfo,
    train: &Dataset,
    seed: u64,
    batches: u64,
) -> Result<Trained, MethodError> {
    let method = M::default();
    let plain = Device::flex();
    plain.seed(seed);
    let device = plain.clone().autodiff();
    let model = method.build(task, &device);
    let host = Host::new(task, train.clone(), plain, seed, batches);
    let mut run = Training::new(task.clone(), seed, device, host);
    let model = method.train(&mut run, model)?;
    run.checkpoint(&model);
    Ok(run.into_host().finish())
}

/// Predicts natively with a trained model: `[lines, outputs]`, see [`Method::predict`].
///
/// # Errors
/// The method's own.
pub fn predict<M: Method>(
    task: &TaskInfo,
    parameters: Parameters,
    inputs: &Dataset,
    seed: u64,
) -> Result<TensorData, MethodError> {
    let method = M::default();
    let device = Device::flex();
    device.seed(seed);
    let model = method.build(task, &device);
    let model = parameters::restore(model, &mut model::Loader::new(parameters, &device));
    let inputs = inputs.all_inputs(task, &device);
    Ok(method.predict(&model, &inputs)?.into_data())
}
