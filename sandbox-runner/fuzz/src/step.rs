//! What a stream is made of.

use burn_flex::{Flex, FlexDevice};
use burn_ir::{OperationIr, TensorIr};
use gauntlet_worker::executor_harness::ExecutorHarness;
use serde::{Deserialize, Serialize};

/// One thing that a guest asks of the host.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Step {
    /// Put data under an id.
    Upload {
        /// The id, shape and dtype.
        tensor: TensorIr,
        /// The elements.
        data: Vec<u8>,
    },
    /// Execute an operation.
    Op(Box<OperationIr>),
    /// Read a tensor.
    Read(TensorIr),
}

/// What a stream may use, the rest being the same for all.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Allowance {
    /// Bytes of live tensors.
    pub tensor_bytes: u64,
    /// Live tensors.
    pub tensors: usize,
    /// Metered work.
    pub work: u64,
    /// Are indices checked as for a backend that does not check them itself?
    #[serde(default)]
    pub guarding: bool,
}

impl Allowance {
    /// An executor with this allowance.
    #[must_use]
    pub fn harness(self, seed: u64) -> ExecutorHarness<Flex> {
        if self.guarding {
            ExecutorHarness::guarding_indices(FlexDevice, self.limits(), seed)
        } else {
            ExecutorHarness::new(FlexDevice, self.limits(), seed)
        }
    }

    /// The limits of a worker with this allowance on the CPU.
    #[must_use]
    pub fn limits(self) -> gauntlet_validator::Limits {
        gauntlet_validator::Limits {
            tensor_bytes: self.tensor_bytes,
            tensors: self.tensors,
            work: self.work,
            // As in a worker.
            elements_per_tensor: self.tensor_bytes,
            dims: 8,
            int_indices: Some(burn_backend::DType::I64),
            guards_indices: self.guarding,
            threads: rayon::current_num_threads(),
        }
    }
}

/// A stream that is kept: a regression test.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Program {
    /// What it may use.
    pub allowance: Allowance,
    /// What it does.
    pub steps: Vec<Step>,
}
