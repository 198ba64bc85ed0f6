//! A native training as a program of its own: as the sandbox's worker does, it begins
//! with a cold backend. The benchmark starts one for each round.

use std::path::Path;
use std::process::ExitCode;

use gauntlet_method::burn::tensor::Device;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::data::dataset;
use crate::error::NativeError;
use crate::methods::by_name;
use crate::training::train_on;

/// What the program prints, as JSON.
#[derive(Debug, Serialize, Deserialize)]
pub struct Summary {
    /// SHA-256 of the model file, in hex.
    pub model: String,
    /// Numbers that the model has.
    pub parameters: usize,
    /// `(step, microseconds since training began)` of every report of the loss.
    pub losses: Vec<(u64, u64)>,
}

/// Trains what the arguments say, `METHOD TASK-FOLDER SEED BATCHES`, on a device.
pub fn main(program: &str, device: impl FnOnce() -> Device) -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let summary = match arguments.as_slice() {
        [method, task, seed, batches] => summary(method, task, seed, batches, device),
        _ => {
            eprintln!("usage: {program} METHOD TASK-FOLDER SEED BATCHES");
            return ExitCode::from(2);
        }
    };
    let printed = summary.and_then(|summary| {
        let json = serde_json::to_string(&summary).map_err(NativeError::failed)?;
        println!("{json}");
        Ok(())
    });
    match printed {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{program}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn summary(
    method: &str,
    task: &str,
    seed: &str,
    batches: &str,
    device: impl FnOnce() -> Device,
) -> Result<Summary, NativeError> {
    let number = |text: &str| {
        text.parse()
            .map_err(|_| NativeError::Failed(format!("{text:?} is not a number")))
    };
    let method =
        by_name(method).ok_or_else(|| NativeError::Failed(format!("no method {method}")))?;
    let data = dataset(Path::new(task))?;
    let run = train_on(&device(), method, &data, number(seed)?, number(batches)?)?;
    Ok(Summary {
        model: hex::encode(Sha256::digest(&run.model)),
        parameters: run.numbers(),
        losses: run.losses,
    })
}
