//! What an attempt is: a method, its data, its limits.

use std::path::PathBuf;

use gauntlet_protocol::Budget;
use gauntlet_wire::TaskInfo;
use gauntlet_wire::settings::Settings;
use gauntlet_worker_protocol::Limits;

/// What is executed, on what, within which limits.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The method, as it was handed in.
    pub method: Method,
    /// Name of the run, for logs and for the labels of containers.
    pub run: String,
    /// What the method is told.
    pub task: TaskInfo,
    /// Seed of the block.
    pub seed: u64,
    /// What it may use.
    pub budget: Budget,
    /// Training batches, where a number of them is wanted that is the same in every lane.
    pub batches: Option<u64>,
    /// Threads of the tensor backend, or processors of a container.
    pub threads: usize,
    /// Values for the method's hyper-parameters, checked against what it declares.
    pub settings: Settings,
    /// The train part: a safetensors file.
    pub train: PathBuf,
    /// The task's base weights (safetensors), if it carries some.
    pub base: Option<PathBuf>,
    /// The hidden inputs: a safetensors file.
    pub hidden_inputs: PathBuf,
    /// The hidden labels (safetensors), for the scorer alone.
    pub hidden_labels: Vec<u8>,
}

/// A method, as it was handed in.
#[derive(Clone, Debug)]
pub enum Method {
    /// A WebAssembly module.
    Module(Vec<u8>),
    /// A container image.
    Image {
        /// Its archive.
        archive: PathBuf,
        /// The archive's SHA-256 in hex, which has been checked.
        digest: String,
    },
}

/// What training may use.
#[must_use]
pub fn train_limits(budget: &Budget) -> Limits {
    Limits {
        work: budget.work,
        batches: None,
        wall_ms: u64::from(budget.wall_seconds) * 1000,
        tensor_bytes: budget.tensor_bytes,
        guest_bytes: budget.guest_bytes,
        output_bytes: budget.output_bytes,
    }
}

/// What prediction may use.
#[must_use]
pub fn predict_limits(budget: &Budget) -> Limits {
    let work = u128::from(budget.work) * u128::from(budget.predict_share_percent) / 100;
    Limits {
        work: u64::try_from(work).unwrap_or(u64::MAX),
        ..train_limits(budget)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prediction_gets_its_share_of_the_work() {
        let budget = Budget {
            work: u64::MAX,
            predict_share_percent: 50,
            wall_seconds: 3,
            tensor_bytes: 4,
            guest_bytes: 5,
            output_bytes: 6,
        };
        assert_eq!(predict_limits(&budget).work, u64::MAX / 2);
        assert_eq!(predict_limits(&budget).wall_ms, 3_000);
        assert_eq!(train_limits(&budget).work, u64::MAX);
    }
}
