//! The check of one operation: its operands, its outputs, what it costs.
//!
//! Nothing in the table changes until [`Check::commit`], except notes that carry
//! the number of the operation and mean nothing to the next one.

mod charges;

use burn_backend::{DType, Shape};
use burn_ir::{TensorIr, TensorStatus};

use crate::dtype::{self, Class};
use crate::limits::{self, Cost, FIRST_HOST_ID, Limits};
use crate::price;
use crate::shape;
use crate::table::{Entry, Slot, Table};
use crate::violation::{Checked, require};

/// Most outputs that an operation has (deformable convolution, backward).
const OUTPUTS: usize = 5;

/// An operand that was looked up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Input {
    id: u64,
    slot: Slot,
    bytes: u64,
    consumed: bool,
    contiguous: bool,
}

#[derive(Clone, Copy)]
struct Output<'o> {
    tensor: &'o TensorIr,
    bytes: u64,
    /// Bytes of the storage that the host makes for it, where that is larger.
    storage: u64,
}

/// The check of one operation.
pub(crate) struct Check<'t, 'o> {
    table: &'t mut Table,
    inputs: &'t mut Vec<Input>,
    pub(crate) limits: Limits,
    sequence: u64,
    outputs: [Option<Output<'o>>; OUTPUTS],
    output_count: usize,
    bytes_read: u64,
    bytes_written: u64,
    flops: u64,
    working_bytes: u64,
    /// Bytes of the operands that the host may copy, as they do not lie in order.
    strided_bytes: u64,
    view: bool,
    /// Is it a view that is copied?
    copied: bool,
    /// Does the host leave the outputs in another order?
    strided_output: bool,
    /// Does a view leave the elements in the order in which they lie?
    keeps_order: bool,
    /// May operands have no elements?
    empty: bool,
}

impl<'t, 'o> Check<'t, 'o> {
    pub(crate) fn new(
        table: &'t mut Table,
        inputs: &'t mut Vec<Input>,
        limits: Limits,
        sequence: u64,
    ) -> Self {
        inputs.clear();
        Self {
            table,
            inputs,
            limits,
            sequence,
            outputs: [None; OUTPUTS],
            output_count: 0,
            bytes_read: 0,
            bytes_written: 0,
            flops: 0,
            working_bytes: 0,
            strided_bytes: 0,
            view: false,
            copied: false,
            strided_output: false,
            keeps_order: false,
            empty: false,
        }
    }

    /// The operands that follow may have no elements.
    ///
    /// Few operations can say this. The CPU backend goes astray over empty tensors in
    /// many places: it reduces them to nothing, starts reading behind their end, and
    /// in a batched matrix product takes the batch of the other operand.
    pub(crate) fn may_be_empty(&mut self) {
        self.empty = true;
    }

    /// An operand of any class, in the order in which the host takes them.
    ///
    /// From here on the claimed shape and dtype may be relied on.
    pub(crate) fn operand(&mut self, tensor: &TensorIr) -> Checked {
        let bytes = self.peek(tensor)?;
        self.bytes_read = self.bytes_read.saturating_add(bytes);
        Ok(())
    }

    /// An operand of a class.
    pub(crate) fn input(&mut self, tensor: &TensorIr, class: Class) -> Checked {
        class.require(tensor.dtype)?;
        self.operand(tensor)
    }

    /// Like [`Self::input`], for one of which only a part is read: the caller prices it.
    pub(crate) fn input_unpriced(&mut self, tensor: &TensorIr, class: Class) -> Checked {
        class.require(tensor.dtype)?;
        self.peek(tensor).map(drop)
    }

    /// An operand that is only freed.
    pub(crate) fn input_dropped(&mut self, tensor: &TensorIr) -> Checked {
        self.peek(tensor)?;
        // Nobody reads it.
        self.strided_bytes = 0;
        Ok(())
    }

    /// A tensor that must exist, and is left as it is.
    pub(crate) fn declared(&mut self, tensor: &TensorIr) -> Checked {
        self.known(tensor).map(drop)
    }

    fn peek(&mut self, tensor: &TensorIr) -> Checked<u64> {
        let id = tensor.id.value();
        let (slot, bytes) = self.known(tensor)?;
        require!(
            bytes > 0 || self.empty,
            "operand {id} of shape {:?} has no elements",
            tensor.shape.as_slice()
        );
        require!(
            !self.table.consumed(slot, self.sequence),
            "tensor {id} is used after its last use in the same operation"
        );
        let consumed = match tensor.status {
            TensorStatus::ReadOnly => false,
            TensorStatus::ReadWrite => {
                self.table.consume(slot, self.sequence);
                true
            }
            TensorStatus::NotInit => {
                crate::violation::invalid!("operand {id} is marked as not initialised")
            }
        };
        let contiguous = self.table.entry(slot).contiguous;
        if !contiguous {
            self.strided_bytes = self.strided_bytes.saturating_add(bytes);
        }
        self.inputs.push(Input {
            id,
            slot,
            bytes,
            consumed,
            contiguous,
        });
        Ok(bytes)
    }

    /// Slot and bytes of a tensor, if it is what it is claimed to be.
    fn known(&self, tensor: &TensorIr) -> Checked<(Slot, u64)> {
        let id = tensor.id.value();
        let Some(slot) = self.table.slot(id) else {
            crate::violation::invalid!("there is no tensor {id}");
        };
        let entry = self.table.entry(slot);
        require!(
            entry.shape == tensor.shape && entry.dtype == tensor.dtype,
            "tensor {id} is {:?} {}, not {:?} {}",
            entry.shape.as_slice(),
            entry.dtype.name(),
            tensor.shape.as_slice(),
            tensor.dtype.name()
        );
        Ok((slot, entry.bytes))
    }

    /// Bytes of a tensor that is an operand already.
    pub(crate) fn bytes_of(&self, tensor: &TensorIr) -> Checked<u64> {
        shape::bytes(&tensor.shape, tensor.dtype, &self.limits)
    }

    /// An output whose shape must have `rank` dimensions, the `i`-th of length `dim(i)`.
    pub(crate) fn output(
        &mut self,
        tensor: &'o TensorIr,
        dtype: DType,
        rank: usize,
        dim: impl Fn(usize) -> usize,
    ) -> Checked {
        let claimed = tensor.shape.as_slice();
        require!(
            claimed.len() == rank
                && claimed
                    .iter()
                    .enumerate()
                    .all(|(i, &length)| length == dim(i)),
            "its output has shape {:?}, not {claimed:?}",
            (0..rank.min(crate::limits::MAX_DIMS))
                .map(dim)
                .collect::<Vec<_>>()
        );
        require!(
            tensor.dtype == dtype,
            "its output is {}, not {}",
            dtype.name(),
            tensor.dtype.name()
        );
        self.new_tensor(tensor)
    }

    /// An output of this shape.
    pub(crate) fn output_of(
        &mut self,
        tensor: &'o TensorIr,
        shape: &Shape,
        dtype: DType,
    ) -> Checked {
        self.output(tensor, dtype, shape.num_dims(), |i| shape[i])
    }

    /// An output of the same shape and dtype as an operand.
    pub(crate) fn like(&mut self, tensor: &'o TensorIr, operand: &TensorIr) -> Checked {
        self.output_of(tensor, &operand.shape, operand.dtype)
    }

    /// An output that holds indices or truth values: the shape of an operand, its own dtype.
    pub(crate) fn like_as(
        &mut self,
        tensor: &'o TensorIr,
        operand: &TensorIr,
        class: Class,
    ) -> Checked {
        class.require(tensor.dtype)?;
        self.output_of(tensor, &operand.shape, tensor.dtype)
    }

    /// An output whose shape and dtype the operation is free to choose.
    pub(crate) fn created(&mut self, tensor: &'o TensorIr, class: Class) -> Checked {
        class.require(tensor.dtype)?;
        self.new_tensor(tensor)
    }

    fn new_tensor(&mut self, tensor: &'o TensorIr) -> Checked {
        dtype::allowed(tensor.dtype)?;
        let id = tensor.id.value();
        require!(id < FIRST_HOST_ID, "{id} is an id of the host's");
        require!(self.table.slot(id).is_none(), "tensor {id} exists already");
        let twice = self
            .outputs
            .iter()
            .flatten()
            .any(|output| output.tensor.id == tensor.id);
        require!(!twice, "tensor {id} is given as two outputs");
        require!(
            tensor.status == TensorStatus::NotInit,
            "output {id} is marked as initialised"
        );
        let bytes = shape::bytes(&tensor.shape, tensor.dtype, &self.limits)?;
        self.bytes_written = self.bytes_written.saturating_add(bytes);
        // No operation has more outputs than there is room for.
        self.outputs[self.output_count] = Some(Output {
            tensor,
            bytes,
            storage: bytes,
        });
        self.output_count += 1;
        Ok(())
    }

    pub(crate) fn cost(&self) -> Cost {
        let bytes_moved = if self.view && !self.copied {
            0
        } else {
            self.bytes_read.saturating_add(self.bytes_written)
        };
        let operands = (self.inputs.len() + self.output_count) as u64;
        let work = self
            .flops
            .saturating_add(bytes_moved)
            .saturating_add(price::OPERATION)
            .saturating_add(operands.saturating_mul(price::OPERAND));
        Cost {
            flops: self.flops,
            bytes_moved,
            work,
        }
    }

    /// Bytes that the outputs, and what the host needs to make them, take beside the live tensors.
    fn more_bytes(&self) -> u64 {
        // What does not lie in order may be copied first; the copy that a view makes is its output.
        let copies = if self.view { 0 } else { self.strided_bytes };
        self.bytes_written
            .saturating_add(self.working_bytes)
            .saturating_add(copies)
    }

    /// Do the limits allow the outputs, and what the host needs to make them?
    pub(crate) fn admit(&self) -> Checked {
        limits::live(self.table.live_bytes(), self.more_bytes(), &self.limits)?;
        limits::handles(self.table.len(), self.output_count, &self.limits)
    }

    /// Add the outputs to the table, and free what was used for the last time.
    pub(crate) fn commit(self) {
        self.table.reach(self.more_bytes());
        for output in self.outputs.iter().flatten() {
            let (at_least, parent) = self.storage_of(output);
            let TensorIr {
                id, shape, dtype, ..
            } = output.tensor;
            let entry = Entry {
                shape: shape.clone(),
                dtype: *dtype,
                bytes: output.bytes,
                contiguous: self.makes_contiguous(output),
            };
            self.table.insert(id.value(), entry, at_least, parent);
        }
        for input in self.inputs.iter().filter(|input| input.consumed) {
            self.table.release(input.id);
        }
    }

    /// Does an output certainly lie in order?
    ///
    /// The host keeps the order of an operand of the same shape in many operations; the
    /// output of any other one is new, and in order.
    fn makes_contiguous(&self, output: &Output<'o>) -> bool {
        if self.view || self.strided_output {
            return self.keeps_order && self.inputs.iter().all(|input| input.contiguous);
        }
        let elements = output.bytes / output.tensor.dtype.size().max(1) as u64;
        self.inputs.iter().all(|input| {
            let entry = || self.table.entry(input.slot);
            input.contiguous || input.bytes / entry().dtype.size().max(1) as u64 != elements
        })
    }

    /// How large the storage of an output may be, and which operand's it may share.
    ///
    /// A view shares its operand's. Any other operation may work in place, or hand
    /// an operand on as it is, if the sizes agree; that matters only if the operand
    /// itself may sit on storage larger than it is.
    fn storage_of(&self, output: &Output<'o>) -> (u64, Option<Slot>) {
        if self.view {
            return (0, self.inputs.first().map(|input| input.slot));
        }
        let mut candidates = self
            .inputs
            .iter()
            .filter(|input| input.bytes == output.bytes && self.table.may_hold_more(input.slot));
        let parent = candidates.next().map(|input| input.slot);
        // A tensor has one parent; what it may take from others is charged at once.
        let others = candidates.map(|input| self.table.storage(input.slot)).max();
        (output.storage.max(others.unwrap_or(0)), parent)
    }
}
