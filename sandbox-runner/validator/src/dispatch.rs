//! From an operation to the family that checks it.

use burn_ir::{OperationIr, TensorStatus};

use crate::check::Check;
use crate::dtype::Class;
use crate::violation::{Checked, Fault, require};
use crate::{activation, base, boolean, float, int, module_ops, numeric};

pub(crate) fn dispatch<'o>(check: &mut Check<'_, 'o>, op: &'o OperationIr) -> Checked {
    match op {
        OperationIr::BaseFloat(op) => base::check(check, op, Class::Float),
        OperationIr::BaseInt(op) => base::check(check, op, Class::Int),
        OperationIr::BaseBool(op) => base::check(check, op, Class::Bool),
        // The dtype beside the operation is ignored by the host, as it repeats its tensors'.
        OperationIr::NumericFloat(_, op) => numeric::check(check, op, Class::Float),
        OperationIr::NumericInt(_, op) => numeric::check(check, op, Class::Int),
        OperationIr::Bool(op) => boolean::check(check, op),
        OperationIr::Int(op) => int::check(check, op),
        OperationIr::Float(_, op) => float::check(check, op),
        OperationIr::Module(op) => module_ops::check(check, op),
        OperationIr::Activation(op) => activation::check(check, op),
        // The tensor was uploaded already; the host does nothing.
        OperationIr::Init(op) => check.declared(&op.out),
        OperationIr::Drop(tensor) => {
            require!(
                tensor.status == TensorStatus::ReadWrite,
                "tensor {} is dropped while it is shared",
                tensor.id.value()
            );
            check.may_be_empty();
            check.input_dropped(tensor)
        }
        OperationIr::Custom(_) => Err(Fault::Unsupported("the host has no custom operations")),
        OperationIr::Distributed(_) => Err(Fault::Unsupported("a run has one device")),
    }
}
