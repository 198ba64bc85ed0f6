//! Operations on int tensors.

use burn_backend::DType;
use burn_ir::{IntOperationIr, ScalarIr, ScalarOpIr};

use crate::check::Check;
use crate::dtype::Class;
use crate::elementwise::{binary, unary};
use crate::float::{cast, matmul};
use crate::scalar;
use crate::violation::{Checked, require};

pub(crate) fn check<'o>(c: &mut Check<'_, 'o>, op: &'o IntOperationIr) -> Checked {
    use IntOperationIr as Op;
    match op {
        Op::IntoFloat(op) => cast(c, op, Class::Int, Class::Float),
        Op::Matmul(op) => matmul(c, op, Class::Int),
        Op::BitwiseAnd(op)
        | Op::BitwiseOr(op)
        | Op::BitwiseXor(op)
        | Op::BitwiseLeftShift(op)
        | Op::BitwiseRightShift(op) => binary(c, op, Class::Int, 1),
        Op::BitwiseAndScalar(op) | Op::BitwiseOrScalar(op) | Op::BitwiseXorScalar(op) => {
            with_scalar(c, op)
        }
        Op::BitwiseLeftShiftScalar(op) | Op::BitwiseRightShiftScalar(op) => {
            let bits = op.lhs.dtype.size() * 8;
            require!(
                shift_within(op.rhs, bits),
                "{:?} is no shift of {bits} bits",
                op.rhs
            );
            with_scalar(c, op)
        }
        Op::BitwiseNot(op) => unary(c, op, Class::Int, 1),
    }
}

fn with_scalar<'o>(c: &mut Check<'_, 'o>, op: &'o ScalarOpIr) -> Checked {
    c.input(&op.lhs, Class::Int)?;
    scalar::fits(op.rhs, op.lhs.dtype)?;
    c.flops_each(&op.lhs, 1);
    c.like(&op.out, &op.lhs)
}

fn shift_within(shift: ScalarIr, bits: usize) -> bool {
    scalar::fits(shift, DType::U64).is_ok() && scalar::float(shift) < bits as f64
}
