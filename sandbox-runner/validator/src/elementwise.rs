//! Element by element: shapes that broadcast, and the plain forms of operations.

use burn_backend::DType;
use burn_ir::{BinaryOpIr, TensorIr, UnaryOpIr};

use crate::check::Check;
use crate::dtype::Class;
use crate::limits::MAX_DIMS;
use crate::shape;
use crate::violation::{Checked, require};

pub(crate) fn same_dtype(a: &TensorIr, b: &TensorIr) -> Checked {
    require!(
        a.dtype == b.dtype,
        "{} and {} do not mix",
        a.dtype.name(),
        b.dtype.name()
    );
    Ok(())
}

/// The output of two operands that are broadcast against each other; their ranks must agree.
pub(crate) fn broadcast<'o>(
    c: &mut Check<'_, 'o>,
    lhs: &TensorIr,
    rhs: &TensorIr,
    out: &'o TensorIr,
    dtype: DType,
) -> Checked {
    // Nearly always the shapes are the same.
    if lhs.shape == rhs.shape {
        return c.output_of(out, &lhs.shape, dtype);
    }
    let (dims, rank) = joined(&[lhs, rhs])?;
    c.output(out, dtype, rank, |i| dims[i])
}

/// The output of three operands, of the first one's dtype.
pub(crate) fn broadcast3<'o>(
    c: &mut Check<'_, 'o>,
    first: &TensorIr,
    second: &TensorIr,
    third: &TensorIr,
    out: &'o TensorIr,
) -> Checked {
    let (dims, rank) = joined(&[first, second, third])?;
    c.output(out, first.dtype, rank, |i| dims[i])
}

fn joined(tensors: &[&TensorIr]) -> Checked<([usize; MAX_DIMS], usize)> {
    let rank = tensors.first().map_or(0, |tensor| tensor.shape.num_dims());
    let mut dims = [1; MAX_DIMS];
    for tensor in tensors {
        require!(
            tensor.shape.num_dims() == rank && rank <= MAX_DIMS,
            "tensors of {rank} and {} dimensions do not broadcast",
            tensor.shape.num_dims()
        );
        for (dim, &other) in dims.iter_mut().zip(tensor.shape.iter()) {
            *dim = shape::broadcast(*dim, other)?;
        }
    }
    Ok((dims, rank))
}

/// One operand, an output like it.
pub(crate) fn unary<'o>(
    c: &mut Check<'_, 'o>,
    op: &'o UnaryOpIr,
    class: Class,
    flops: u64,
) -> Checked {
    c.input(&op.input, class)?;
    c.flops_each(&op.input, flops);
    c.like(&op.out, &op.input)
}

/// Two operands of one dtype, broadcast.
pub(crate) fn binary<'o>(
    c: &mut Check<'_, 'o>,
    op: &'o BinaryOpIr,
    class: Class,
    flops: u64,
) -> Checked {
    c.input(&op.lhs, class)?;
    c.input(&op.rhs, class)?;
    same_dtype(&op.lhs, &op.rhs)?;
    broadcast(c, &op.lhs, &op.rhs, &op.out, op.lhs.dtype)?;
    c.flops_each(&op.out, flops);
    Ok(())
}
