//! Runs a method natively, on the CPU backend if nothing else is said: for development,
//! with a debugger if need be, and to compare with the sandbox. Batches, seeds and the
//! device's random numbers are the sandbox's, so on the CPU the model is the same to the bit.

mod collect;
mod dataset;
pub(crate) mod host;
mod model;
pub mod model_file;
pub mod sample;
mod trained;

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;
use std::time::Instant;

use burn::tensor::{Device, TensorData};
use gauntlet_wire::TaskInfo;

pub use dataset::{Dataset, DatasetError};
pub use trained::{Parameters, Report, Trained};

use host::{Budget, Host, Listener, OutOfBudget};

use crate::error::MethodError;
use crate::method::Method;
use crate::parameters;
use crate::training::Training;
use gauntlet_wire::settings::Settings;

/// Trains a method for at most a number of batches: natively nothing is metered,
/// so the budget is what both sides can count. A method that asks for one batch more is
/// cut off, as in the sandbox: its model is then the one it last checked in.
///
/// The device's random stream is the process's own: one training at a time.
///
/// # Errors
/// The method's own; or that it was cut off before its first checkpoint.
pub fn train<M: Method>(
    task: &TaskInfo,
    train: &Dataset,
    seed: u64,
    batches: u64,
) -> Result<Trained, MethodError> {
    train_on::<M>(&Device::flex(), task, train, seed, batches)
}

/// The same on any device of Burn's.
///
/// # Errors
/// As [`train`].
pub fn train_on<M: Method>(
    device: &Device,
    task: &TaskInfo,
    train: &Dataset,
    seed: u64,
    batches: u64,
) -> Result<Trained, MethodError> {
    let heard = Rc::new(RefCell::new(collect::Heard::default()));
    let budget = Budget {
        batches: Some(batches),
        wall: None,
    };
    let listener = Box::new(collect::Collector(Rc::clone(&heard)));
    let trained = catch_unwind(AssertUnwindSafe(|| {
        let spec = TrainingSpec {
            device,
            task,
            seed,
            budget,
            settings: &Settings::new(),
        };
        train_with::<M>(&spec, train, Instant::now(), listener)
    }));
    let (batches, cut_off_at) = match trained {
        Ok(batches) => (batches?, None),
        Err(panic) => match panic.downcast::<OutOfBudget>() {
            Ok(over) => match over.kept {
                Some(step) => (over.batches, Some(step)),
                None => {
                    return Err(MethodError::new(format!(
                        "the budget ran out ({}) before the first checkpoint",
                        over.limit
                    )));
                }
            },
            Err(panic) => resume_unwind(panic),
        },
    };
    let heard = std::mem::take(&mut *heard.borrow_mut());
    Ok(Trained {
        parameters: heard.model,
        reports: heard.reports,
        batches,
        cut_off_at,
    })
}

/// What is to be trained for, where and how long.
pub(crate) struct TrainingSpec<'a> {
    pub(crate) device: &'a Device,
    pub(crate) task: &'a TaskInfo,
    pub(crate) seed: u64,
    pub(crate) budget: Budget,
    pub(crate) settings: &'a Settings,
}

/// Trains a method to its end and returns the number of batches served.
pub(crate) fn train_with<M: Method>(
    spec: &TrainingSpec<'_>,
    train: &Dataset,
    began: Instant,
    listener: Box<dyn Listener>,
) -> Result<u64, MethodError> {
    let method = M::configure(spec.settings)?;
    let plain = spec.device.clone();
    plain.seed(spec.seed);
    let device = plain.clone().autodiff();
    let model = method.build(spec.task, &device);
    let (task, seed) = (spec.task.clone(), spec.seed);
    let host = Host::new(
        &task,
        train.clone(),
        plain,
        seed,
        spec.budget,
        began,
        listener,
    );
    let mut run = Training::new(task, seed, device, host);
    let result = method.train(&mut run, model);
    if let Ok(model) = &result {
        run.checkpoint(model);
    }
    let mut host = run.into_host();
    host.settle();
    result.map(|_| host.batches())
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
    predict_with::<M>(task, parameters, inputs, seed, &Settings::new())
}

/// The same with values for the method's hyper-parameters.
pub(crate) fn predict_with<M: Method>(
    task: &TaskInfo,
    parameters: Parameters,
    inputs: &Dataset,
    seed: u64,
    settings: &Settings,
) -> Result<TensorData, MethodError> {
    let method = M::configure(settings)?;
    let device = Device::flex();
    device.seed(seed);
    let model = method.build(task, &device);
    let model = parameters::restore(model, &mut model::Loader::new(parameters, &device));
    let inputs = inputs.all_inputs(task, &device);
    Ok(method.predict(&model, &inputs)?.into_data())
}
