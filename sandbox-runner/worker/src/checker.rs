//! What a guest asks for, decoded and checked against the ledger. It becomes a
//! [`Command`] only if the ledger agrees; nothing else reaches the backend.

use burn_backend::TensorData;
use burn_ir::{OperationIr, TensorId, TensorIr, TensorStatus};
use gauntlet_validator::{Entry, Ledger, Meters, price, sanitise};
use gauntlet_wire::ops::Message;

use crate::command_queue::Command;
use crate::stop::Stop;

/// Decodes and checks; executes nothing.
pub(crate) struct Checker {
    ledger: Ledger,
}

impl Checker {
    pub(crate) fn new(ledger: Ledger) -> Self {
        Self { ledger }
    }

    /// Turns a batch of messages into commands, up to the first that is refused.
    pub(crate) fn batch(
        &mut self,
        mut batch: &[u8],
        commands: &mut Vec<Command>,
    ) -> Result<(), Stop> {
        while !batch.is_empty() {
            let (message, rest) = postcard::take_from_bytes::<Message>(batch).map_err(|error| {
                Stop::Method(format!("a tensor operation cannot be decoded: {error}"))
            })?;
            batch = rest;
            commands.push(match message {
                Message::Op(operation) => self.operation(operation)?,
                Message::Seed(seed) => {
                    self.spend("a restart of the random stream", price::OPERATION)?;
                    Command::Seed(seed)
                }
            });
        }
        Ok(())
    }

    /// Checks one operation.
    pub(crate) fn operation(&mut self, operation: OperationIr) -> Result<Command, Stop> {
        self.ledger.check(&operation)?;
        // Uncleared memory could hold what another run left on a device: `Empty` becomes zeros.
        Ok(Command::Operation(sanitise(operation)))
    }

    /// Checks data that is to be put under a new id, whether the guest's own or made for it.
    pub(crate) fn put(&mut self, id: u64, data: TensorData) -> Result<Command, Stop> {
        self.ledger
            .check_upload(id, data.shape(), data.dtype(), data.as_bytes().len())?;
        Ok(Command::Put { id, data })
    }

    /// Checks a read of a tensor as the guest describes it; its status may free it.
    pub(crate) fn read(&mut self, tensor: &TensorIr) -> Result<(), Stop> {
        self.ledger.check_read(tensor)?;
        Ok(())
    }

    /// Checks a report of a tensor's single float; the tensor lives on.
    pub(crate) fn report(&mut self, id: u64) -> Result<TensorIr, Stop> {
        let tensor = self.describe(id)?;
        if !tensor.dtype.is_float() || tensor.shape.num_elements() != 1 {
            return Err(Stop::Method(format!(
                "a reported tensor has one float, this one is {:?} {:?}",
                tensor.dtype, tensor.shape
            )));
        }
        self.ledger.check_read(&tensor)?;
        Ok(tensor)
    }

    /// What the ledger knows about a live tensor.
    pub(crate) fn tensor(&self, id: u64) -> Result<&Entry, Stop> {
        self.ledger
            .tensor(id)
            .ok_or_else(|| Stop::Method(format!("there is no tensor {id}")))
    }

    /// A live tensor as an operand that stays alive.
    pub(crate) fn describe(&self, id: u64) -> Result<TensorIr, Stop> {
        let entry = self.tensor(id)?;
        Ok(TensorIr {
            id: TensorId::new(id),
            shape: entry.shape.clone(),
            status: TensorStatus::ReadOnly,
            dtype: entry.dtype,
        })
    }

    /// Charges for something that is no tensor operation.
    pub(crate) fn spend(&mut self, what: &'static str, work: u64) -> Result<(), Stop> {
        Ok(self.ledger.spend(what, work)?)
    }

    pub(crate) fn meters(&self) -> Meters {
        self.ledger.meters()
    }

    /// Share of the metered work that is used, 0 to 1.
    pub(crate) fn work_share(&self) -> f64 {
        self.ledger.work_used() as f64 / self.ledger.work_limit().max(1) as f64
    }

    pub(crate) fn work_used(&self) -> u64 {
        self.ledger.work_used()
    }

    pub(crate) fn work_left(&self) -> u64 {
        self.ledger.work_limit() - self.ledger.work_used()
    }
}
