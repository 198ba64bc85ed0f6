//! One dimension of an operand.

use burn_backend::DType;
use burn_ir::{ReduceDimOpIr, TensorIr};

use crate::check::Check;
use crate::violation::{Checked, require};

pub(crate) fn axis(tensor: &TensorIr, axis: usize) -> Checked {
    require!(
        axis < tensor.shape.num_dims(),
        "there is no dimension {axis}"
    );
    Ok(())
}

/// Keeps the reduction's axis rule in one place.
pub(crate) fn reduced<'o>(
    c: &mut Check<'_, 'o>,
    op: &'o ReduceDimOpIr,
    length: usize,
    dtype: DType,
) -> Checked {
    axis(&op.input, op.axis)?;
    let shape = &op.input.shape;
    c.output(&op.out, dtype, shape.num_dims(), |i| {
        if i == op.axis { length } else { shape[i] }
    })
}
