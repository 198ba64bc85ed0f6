//! A method in this process.

use gauntlet_method::burn::tensor::Device;
use gauntlet_method::native::{Dataset, Parameters};
use gauntlet_tasks::Dataset as TaskData;
use safetensors::tensor::{Dtype, TensorView, serialize};

use crate::error::NativeError;
use crate::methods::NativeMethod;

/// What a native training gave.
#[derive(Debug)]
pub struct NativeRun {
    /// The model, as the file that the sandbox would have written.
    pub model: Vec<u8>,
    /// The model, to predict with.
    pub parameters: Parameters,
    /// `(step, microseconds since training began)` of every report of the loss.
    pub losses: Vec<(u64, u64)>,
}

impl NativeRun {
    /// Numbers that the model has.
    #[must_use]
    pub fn numbers(&self) -> usize {
        let tensors = self.parameters.iter();
        tensors.map(|(_, data)| data.num_elements()).sum()
    }
}

/// Trains natively on the CPU.
///
/// # Errors
/// If the method fails.
pub fn train(
    method: &NativeMethod,
    data: &TaskData,
    seed: u64,
    batches: u64,
) -> Result<NativeRun, NativeError> {
    train_on(&Device::flex(), method, data, seed, batches)
}

/// Trains natively on a device.
///
/// # Errors
/// If the method fails.
pub fn train_on(
    device: &Device,
    method: &NativeMethod,
    data: &TaskData,
    seed: u64,
    batches: u64,
) -> Result<NativeRun, NativeError> {
    let rows = Dataset::from_safetensors(&data.train).map_err(NativeError::failed)?;
    let trained =
        (method.train)(device, &data.info, &rows, seed, batches).map_err(NativeError::failed)?;
    let losses = trained
        .reports
        .iter()
        .filter(|report| report.name == "loss")
        .map(|report| (report.step, report.at.as_micros() as u64))
        .collect();
    Ok(NativeRun {
        model: file(&trained.parameters)?,
        parameters: trained.parameters,
        losses,
    })
}

fn file(parameters: &Parameters) -> Result<Vec<u8>, NativeError> {
    let views = parameters
        .iter()
        .map(|(name, data)| {
            // The examples' models are floats; anything else is a mistake here.
            let dtype = match data.dtype() {
                gauntlet_method::burn::tensor::DType::F32 => Dtype::F32,
                other => return Err(NativeError::Failed(format!("`{name}` is {other:?}"))),
            };
            let view = TensorView::new(dtype, data.shape().to_vec(), data.as_bytes())
                .map_err(NativeError::failed)?;
            Ok((name.as_str(), view))
        })
        .collect::<Result<Vec<_>, NativeError>>()?;
    serialize(views, None).map_err(NativeError::failed)
}
