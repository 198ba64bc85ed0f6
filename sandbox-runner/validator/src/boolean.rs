//! Operations on bool tensors.

use burn_ir::BoolOperationIr;

use crate::check::Check;
use crate::dtype::Class;
use crate::elementwise::{binary, unary};
use crate::float::cast;
use crate::violation::Checked;

pub(crate) fn check<'o>(c: &mut Check<'_, 'o>, op: &'o BoolOperationIr) -> Checked {
    use BoolOperationIr as Op;
    match op {
        Op::IntoFloat(op) => cast(c, op, Class::Bool, Class::Float),
        Op::IntoInt(op) => cast(c, op, Class::Bool, Class::Int),
        Op::Not(op) => unary(c, op, Class::Bool, 1),
        Op::And(op) | Op::Or(op) | Op::Xor(op) => binary(c, op, Class::Bool, 1),
    }
}
