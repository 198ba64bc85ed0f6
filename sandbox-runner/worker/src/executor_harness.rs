//! The executor without a guest: what a test that attacks it needs.
//!
//! It is the executor that a worker uses, with its ledger; the one thing more is
//! [`ExecutorHarness::observe`], which looks at a tensor without being charged for it.

use burn_backend::TensorData;
use burn_ir::{BackendIr, OperationIr, TensorIr};
use gauntlet_validator::{Entry, Ledger, Limits, Meters};

use crate::checker::Checker;
use crate::command_queue::Command;
use crate::defences::Defences;
use crate::executor::{Executor, keep_panics};
use crate::stop::Stop;

/// How an operation ended that was not executed, or not to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The ledger, or the decoder, refused it; nothing was executed.
    Refused(String),
    /// A limit would have been passed; nothing was executed.
    Limit(&'static str),
    /// The backend panicked, and the guard caught it.
    Panicked(String),
    /// It is called a fault of ours.
    Ours(String),
}

impl From<Stop> for Ended {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Method(message) => Self::Refused(message),
            Stop::Budget(limit) | Stop::Memory(limit) => Self::Limit(limit),
            Stop::Tensors(_) => Self::Limit("tensors"),
            Stop::Backend { .. } => Self::Panicked(stop.to_string()),
            Stop::Infrastructure(message) => Self::Ours(message),
        }
    }
}

/// A checker with its ledger, and an executor that obeys it at once.
pub struct ExecutorHarness<B: BackendIr> {
    checker: Checker,
    executor: Executor<B>,
}

impl<B: BackendIr> ExecutorHarness<B> {
    /// A new executor on a device, with no tensors.
    #[must_use]
    pub fn new(device: B::Device, limits: Limits, seed: u64) -> Self {
        Self {
            checker: Checker::new(Ledger::new(limits)),
            executor: Executor::new(device, seed, Defences::all()),
        }
    }

    /// Likewise, with the indices checked on the device as for a backend that does not do it.
    #[must_use]
    pub fn guarding_indices(device: B::Device, limits: Limits, seed: u64) -> Self {
        let Self { checker, executor } = Self::new(device, limits, seed);
        Self {
            checker,
            executor: executor.guarding_indices(),
        }
    }

    /// Waits for the device.
    ///
    /// # Errors
    /// If an index lay outside of its tensor, or the device failed.
    pub fn sync(&mut self) -> Result<(), Ended> {
        self.executor.sync().map_err(Ended::from)
    }

    /// Makes panics quiet, as in a worker. For the whole process.
    pub fn keep_panics() {
        keep_panics();
    }

    fn obey(&mut self, command: Command) -> Result<(), Stop> {
        match command {
            Command::Operation(operation) => self.executor.execute(operation),
            Command::Put { id, data } => self.executor.put(id, data),
            Command::Seed(seed) => {
                self.executor.seed(seed);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Executes an encoded batch: what the ledger agreed to before a refusal, too.
    ///
    /// # Errors
    /// At the first message that is refused.
    pub fn submit(&mut self, batch: &[u8]) -> Result<(), Ended> {
        let mut commands = Vec::new();
        let checked = self.checker.batch(batch, &mut commands);
        for command in commands {
            self.obey(command)?;
        }
        checked.map_err(Ended::from)
    }

    /// Executes one operation.
    ///
    /// # Errors
    /// If it is refused or fails.
    pub fn execute(&mut self, operation: OperationIr) -> Result<(), Ended> {
        let command = self.checker.operation(operation)?;
        self.obey(command).map_err(Ended::from)
    }

    /// Puts data under an id. The caller has seen to it that booleans are 0 or 1.
    ///
    /// # Errors
    /// If it is refused or fails.
    pub fn upload(&mut self, id: u64, data: TensorData) -> Result<(), Ended> {
        let command = self.checker.put(id, data)?;
        self.obey(command).map_err(Ended::from)
    }

    /// Reads a tensor as a guest does.
    ///
    /// # Errors
    /// If it is refused or fails.
    pub fn read(&mut self, tensor: TensorIr) -> Result<TensorData, Ended> {
        // Before the ledger frees what is read for the last time.
        self.executor.settle()?;
        self.checker.read(&tensor)?;
        self.executor.read(tensor).map_err(Ended::from)
    }

    /// Reads a live tensor without being charged.
    ///
    /// # Errors
    /// If there is none, or the backend fails.
    pub fn observe(&mut self, id: u64) -> Result<TensorData, Ended> {
        let tensor = self.checker.describe(id)?;
        self.executor.observe(tensor).map_err(Ended::from)
    }

    /// What the ledger knows about a live tensor.
    #[must_use]
    pub fn tensor(&self, id: u64) -> Option<&Entry> {
        self.checker.tensor(id).ok()
    }

    /// What the ledger has charged.
    #[must_use]
    pub fn meters(&self) -> Meters {
        self.checker.meters()
    }
}
