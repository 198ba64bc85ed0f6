//! What an operation is charged beyond its operands and outputs: computing, bytes, work space,
//! and what follows from how its tensors lie in memory.

use burn_ir::TensorIr;

use super::Check;
use crate::shape;

impl Check<'_, '_> {
    /// Add to the price.
    pub(crate) fn flops(&mut self, flops: u64) {
        self.flops = self.flops.saturating_add(flops);
    }

    /// Add to the price: so many FLOPs for each element of a tensor.
    pub(crate) fn flops_each(&mut self, tensor: &TensorIr, each: u64) {
        self.flops(shape::count(&tensor.shape).saturating_mul(each));
    }

    /// Add bytes read that are not those of whole operands.
    pub(crate) fn bytes_read(&mut self, bytes: u64) {
        self.bytes_read = self.bytes_read.saturating_add(bytes);
    }

    /// Memory that the host needs while it executes the operation.
    pub(crate) fn working_memory(&mut self, bytes: u64) {
        self.working_bytes = self.working_bytes.saturating_add(bytes);
    }

    /// The host makes the last output as a part of a larger tensor, and so keeps that one.
    pub(crate) fn kept_storage(&mut self, bytes: u64) {
        if let Some(output) = self.outputs[..self.output_count]
            .last_mut()
            .and_then(Option::as_mut)
        {
            output.storage = output.storage.max(bytes);
            let beside = bytes.saturating_sub(output.bytes);
            self.working_bytes = self.working_bytes.saturating_add(beside);
            self.strided_output = true;
        }
    }

    /// The host leaves the outputs in another order than a contiguous one.
    pub(crate) fn leaves_strided(&mut self) {
        self.strided_output = true;
    }

    /// The host reads the operands so far as they lie, and copies none.
    pub(crate) fn reads_strided(&mut self) {
        self.strided_bytes = 0;
    }

    /// Does this operand certainly lie in order?
    pub(crate) fn is_contiguous(&self, tensor: &TensorIr) -> bool {
        let id = tensor.id.value();
        self.inputs
            .iter()
            .find(|input| input.id == id)
            .is_some_and(|input| input.contiguous)
    }

    /// The operation changes only how its first operand is looked at: nothing is moved.
    pub(crate) fn is_view(&mut self) {
        self.view = true;
    }

    /// Likewise, and elements that lie in order stay so.
    pub(crate) fn is_view_in_order(&mut self) {
        self.view = true;
        self.keeps_order = true;
    }

    /// This view is copied, and so is paid for.
    pub(crate) fn is_copied(&mut self) {
        self.copied = true;
    }
}
