//! The ledger: one per run, asked before every operation.

use burn_backend::{DType, Shape};
use burn_ir::{OperationIr, TensorIr};

use crate::check::{Check, Input};
use crate::limits::{self, Cost, FIRST_HOST_ID, Limits, Meters};
use crate::price;
use crate::shape;
use crate::table::{Entry, Table};
use crate::violation::{Checked, Fault, Violation, described, operation_name, tensors_of};
use crate::{dispatch, dtype};

/// Checks operations against the tensors there are, and charges for them.
///
/// After a refusal the run is over: the ledger is as it was before the refused
/// operation, and says what was used.
#[derive(Debug)]
pub struct Ledger {
    limits: Limits,
    table: Table,
    inputs: Vec<Input>,
    /// Checks so far, the refused ones included.
    checks: u64,
    flops: u64,
    bytes_moved: u64,
    operations: u64,
    work: u64,
}

impl Ledger {
    /// An empty ledger.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            table: Table::new(),
            inputs: Vec::with_capacity(16),
            checks: 0,
            flops: 0,
            bytes_moved: 0,
            operations: 0,
            work: 0,
        }
    }

    /// Check one operation and charge for it, before it is executed.
    ///
    /// # Errors
    /// A [`Violation`]; the operation must not be executed then.
    #[inline]
    pub fn check(&mut self, op: &OperationIr) -> Result<Cost, Violation> {
        self.try_check(op)
            .map_err(|fault| fault.of(operation_name(op), || tensors_of(op)))
    }

    fn try_check(&mut self, op: &OperationIr) -> Checked<Cost> {
        self.checks += 1;
        let mut check = Check::new(&mut self.table, &mut self.inputs, self.limits, self.checks);
        dispatch::dispatch(&mut check, op)?;
        let cost = check.cost();
        let work = budget(self.work, cost, self.limits)?;
        check.admit()?;
        check.commit();
        self.charge(cost, work);
        Ok(cost)
    }

    /// Check data that is about to be put on the device under a new id, whether the
    /// guest's own or made by the host for it. `data_len` is in bytes.
    ///
    /// # Errors
    /// A [`Violation`]; the data must not be put on the device then.
    pub fn check_upload(
        &mut self,
        id: u64,
        shape: &[usize],
        dtype: DType,
        data_len: usize,
    ) -> Result<Cost, Violation> {
        self.try_upload(id, shape, dtype, data_len)
            .map_err(|fault| {
                let tensor = || format!(" ({})", described(dtype, shape));
                fault.of("upload".into(), tensor)
            })
    }

    fn try_upload(
        &mut self,
        id: u64,
        shape: &[usize],
        dtype: DType,
        data_len: usize,
    ) -> Checked<Cost> {
        dtype::allowed(dtype)?;
        let bytes = shape::bytes(shape, dtype, &self.limits)?;
        if bytes != data_len as u64 {
            return Err(Fault::Invalid(format!(
                "a {} tensor of shape {shape:?} takes {bytes} bytes, not {data_len}",
                dtype.name()
            )));
        }
        if id >= FIRST_HOST_ID {
            return Err(Fault::Invalid(format!("{id} is an id of the host's")));
        }
        if self.table.slot(id).is_some() {
            return Err(Fault::Invalid(format!("tensor {id} exists already")));
        }
        let cost = price::transfer(bytes);
        let work = budget(self.work, cost, self.limits)?;
        limits::live(self.table.live_bytes(), bytes, &self.limits)?;
        limits::handles(self.table.len(), 1, &self.limits)?;
        self.table.insert(
            id,
            Entry {
                shape: Shape::from(shape),
                dtype,
                bytes,
                contiguous: true,
            },
            0,
            None,
        );
        self.charge(cost, work);
        Ok(cost)
    }

    /// Check a read of a tensor, and free it if this is its last use.
    ///
    /// # Errors
    /// A [`Violation`]; the tensor must not be read then.
    pub fn check_read(&mut self, tensor: &TensorIr) -> Result<Cost, Violation> {
        self.try_read(tensor).map_err(|fault| {
            let tensor = || format!(" ({})", described(tensor.dtype, &tensor.shape));
            fault.of("read".into(), tensor)
        })
    }

    fn try_read(&mut self, tensor: &TensorIr) -> Checked<Cost> {
        self.checks += 1;
        let mut check = Check::new(&mut self.table, &mut self.inputs, self.limits, self.checks);
        check.may_be_empty();
        check.operand(tensor)?;
        let bytes = check.bytes_of(tensor)?;
        // The host copies the tensor to hand it over.
        check.working_memory(bytes);
        let cost = price::transfer(bytes);
        let work = budget(self.work, cost, self.limits)?;
        check.admit()?;
        check.commit();
        self.charge(cost, work);
        Ok(cost)
    }

    /// Charge for something that is no tensor operation: what the guest computed, a call.
    ///
    /// # Errors
    /// If there is not so much work left. Then all of it is used.
    #[inline]
    pub fn spend(&mut self, what: &'static str, work: u64) -> Result<(), Violation> {
        let asked = self.work.saturating_add(work);
        if asked > self.limits.work {
            self.work = self.limits.work;
            let limit = self.limits.work;
            let op = what.to_owned();
            return Err(Violation::Budget { op, limit, asked });
        }
        self.work = asked;
        Ok(())
    }

    /// A live tensor.
    #[must_use]
    pub fn tensor(&self, id: u64) -> Option<&Entry> {
        self.table.get(id)
    }

    /// What has been used so far.
    #[must_use]
    pub fn meters(&self) -> Meters {
        Meters {
            flops: self.flops,
            bytes_moved: self.bytes_moved,
            operations: self.operations,
            live_bytes: self.table.live_bytes(),
            peak_bytes: self.table.peak_bytes(),
            live_tensors: self.table.len(),
        }
    }

    /// Metered work so far.
    #[must_use]
    pub fn work_used(&self) -> u64 {
        self.work
    }

    /// Metered work allowed.
    #[must_use]
    pub fn work_limit(&self) -> u64 {
        self.limits.work
    }

    fn charge(&mut self, cost: Cost, work: u64) {
        self.flops = self.flops.saturating_add(cost.flops);
        self.bytes_moved = self.bytes_moved.saturating_add(cost.bytes_moved);
        self.operations += 1;
        self.work = work;
    }
}

/// The work there will be, if it is within the limit.
fn budget(used: u64, cost: Cost, limits: Limits) -> Checked<u64> {
    let asked = used.saturating_add(cost.work);
    if asked > limits.work {
        return Err(Fault::Budget {
            limit: limits.work,
            asked,
        });
    }
    Ok(asked)
}
