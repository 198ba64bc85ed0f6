//! The same method, block and seed must give the same model to the bit: in every
//! repetition, with one thread and with two, natively and in the sandbox.

use gauntlet_native::{by_name, train};
use gauntlet_tasks::Dataset;
use sha2::{Digest as _, Sha256};

use crate::error::BenchError;
use crate::lane::Lane;

/// One architecture to compare.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// The architecture.
    pub name: &'static str,
    /// The example method that has it.
    pub method: &'static str,
    /// Batches of a short training.
    pub short: u64,
    /// Batches of a long one.
    pub long: u64,
}

/// The architectures: perceptron, convolutions, batch norm, transformer, LSTM, and
/// an optimizer of many large matrix products.
pub const CASES: [Case; 6] = [
    case("mlp", "adamw-cosine", 40, 300),
    case("conv", "residual-net", 3, 20),
    case("batch_norm", "two-stage", 8, 60),
    case("transformer", "transformer-lm", 3, 20),
    case("lstm", "lstm-lm", 3, 20),
    case("shampoo", "shampoo", 10, 60),
];

const fn case(name: &'static str, method: &'static str, short: u64, long: u64) -> Case {
    Case {
        name,
        method,
        short,
        long,
    }
}

/// Seed of every run that is compared.
pub const SEED: u64 = 11;

/// The data that the cases train on: the task in `folder`, always split the same way.
///
/// # Errors
/// If the task cannot be read.
pub fn dataset(folder: &std::path::Path) -> Result<Dataset, BenchError> {
    Ok(gauntlet_native::dataset(folder)?)
}

/// Digest of the model that a native training gives on `threads` threads.
///
/// # Errors
/// If the method fails, or the threads cannot be started.
pub fn native(
    case: &Case,
    data: &Dataset,
    batches: u64,
    threads: usize,
) -> Result<String, BenchError> {
    let method = by_name(case.method)
        .ok_or_else(|| BenchError::Failed(format!("no method {}", case.method)))?;
    // Inside a pool of its own, a kernel sees that pool's threads.
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(BenchError::failed)?;
    let trained = pool.install(|| train(method, data, SEED, batches))?;
    Ok(digest(&trained.model))
}

/// Digest of the model that a training in the lane's sandbox gives.
///
/// # Errors
/// If the platform fails, or the method does not complete.
pub async fn sandboxed(
    lane: &Lane,
    case: &Case,
    data: &Dataset,
    batches: u64,
) -> Result<String, BenchError> {
    let run = lane
        .train(case.method, data, SEED, Lane::limits(batches))
        .await?;
    let model = run.model.ok_or_else(|| {
        BenchError::Failed(format!("{} ended with {:?}", case.method, run.outcome))
    })?;
    Ok(digest(&model))
}

/// SHA-256 of a model file, as receipts have it.
fn digest(model: &[u8]) -> String {
    hex::encode(Sha256::digest(model))
}
