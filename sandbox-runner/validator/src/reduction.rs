//! Sums, maxima, sorting and the like.

use burn_backend::DType;
use burn_ir::{
    ReduceDimOpIr, ReduceDimWithIndicesOpIr, ReduceDimsOpIr, ReduceOpIr, TensorIr,
    TopKWithIndicesOpIr,
};

use crate::axis::{axis, reduced};
use crate::check::Check;
use crate::dtype::Class;
use crate::violation::{Checked, require};
use crate::{price, shape, views};

/// To a single element.
pub(crate) fn whole<'o>(c: &mut Check<'_, 'o>, op: &'o ReduceOpIr, class: Class) -> Checked {
    c.input(&op.input, class)?;
    c.flops_each(&op.input, 1);
    c.output(&op.out, op.input.dtype, 1, |_| 1)
}

/// Along one dimension, which keeps length one.
pub(crate) fn along<'o>(c: &mut Check<'_, 'o>, op: &'o ReduceDimOpIr, class: Class) -> Checked {
    c.input(&op.input, class)?;
    require!(
        op.accumulator_len == 1,
        "it leaves one element, not {}",
        op.accumulator_len
    );
    c.flops_each(&op.input, 1);
    reduced(c, op, 1, op.input.dtype)
}

/// Along several dimensions, which keep length one.
pub(crate) fn along_several<'o>(
    c: &mut Check<'_, 'o>,
    op: &'o ReduceDimsOpIr,
    class: Class,
) -> Checked {
    c.input(&op.input, class)?;
    let shape = &op.input.shape;
    require!(
        views::distinct(&op.axes, shape.num_dims()),
        "its axes are not distinct ones of {} dimensions",
        shape.num_dims()
    );
    c.flops_each(&op.input, 1);
    // One dimension after another: the first leaves the largest intermediate.
    let working = c.bytes_of(&op.input)?;
    c.working_memory(working);
    c.output(&op.out, op.input.dtype, shape.num_dims(), |i| {
        if op.axes.contains(&i) { 1 } else { shape[i] }
    })
}

/// The dtype of indices: free for floats, for integers the one that the host is going to make.
pub(crate) fn index_dtype(
    c: &Check<'_, '_>,
    class: Class,
    input: &TensorIr,
    indices: &TensorIr,
) -> Checked {
    Class::Int.require(indices.dtype)?;
    if class == Class::Int {
        let made: DType = c.limits.int_indices.unwrap_or(input.dtype);
        require!(
            indices.dtype == input.dtype && indices.dtype == made,
            "indices of a {} tensor are {}, not {}; cast the tensor first",
            input.dtype.name(),
            made.name(),
            indices.dtype.name()
        );
    }
    Ok(())
}

pub(crate) fn indices_along<'o>(
    c: &mut Check<'_, 'o>,
    op: &'o ReduceDimOpIr,
    class: Class,
) -> Checked {
    c.input(&op.input, class)?;
    index_dtype(c, class, &op.input, &op.out)?;
    axis(&op.input, op.axis)?;
    require!(
        op.input.shape[op.axis] > 0,
        "dimension {} is empty",
        op.axis
    );
    c.flops_each(&op.input, 1);
    reduced(c, op, 1, op.out.dtype)
}

pub(crate) fn with_indices<'o>(
    c: &mut Check<'_, 'o>,
    op: &'o ReduceDimWithIndicesOpIr,
    class: Class,
) -> Checked {
    c.input(&op.tensor, class)?;
    index_dtype(c, class, &op.tensor, &op.out_indices)?;
    axis(&op.tensor, op.dim)?;
    let shape = &op.tensor.shape;
    require!(shape[op.dim] > 0, "dimension {} is empty", op.dim);
    c.flops_each(&op.tensor, 1);
    let dim = |i: usize| if i == op.dim { 1 } else { shape[i] };
    c.output(&op.out, op.tensor.dtype, shape.num_dims(), dim)?;
    c.output(&op.out_indices, op.out_indices.dtype, shape.num_dims(), dim)
}

/// An operand that is sorted along a dimension.
pub(crate) fn sorted(c: &mut Check<'_, '_>, input: &TensorIr, dim: usize, class: Class) -> Checked {
    c.input(input, class)?;
    axis(input, dim)?;
    let length = input.shape[dim] as u64;
    let rows = shape::count(&input.shape) / length.max(1);
    c.flops(price::sort(rows, length));
    // Values beside their indices, of eight bytes each.
    c.working_memory(price::product(&[16, rows, length]));
    Ok(())
}

fn at_most(k: usize, input: &TensorIr, dim: usize) -> Checked {
    let length = input.shape[dim];
    require!(k <= length, "there are no {k} largest of {length}");
    Ok(())
}

pub(crate) fn top<'o>(c: &mut Check<'_, 'o>, op: &'o ReduceDimOpIr, class: Class) -> Checked {
    sorted(c, &op.input, op.axis, class)?;
    at_most(op.accumulator_len, &op.input, op.axis)?;
    reduced(c, op, op.accumulator_len, op.input.dtype)
}

pub(crate) fn top_indices<'o>(
    c: &mut Check<'_, 'o>,
    op: &'o ReduceDimOpIr,
    class: Class,
) -> Checked {
    sorted(c, &op.input, op.axis, class)?;
    at_most(op.accumulator_len, &op.input, op.axis)?;
    index_dtype(c, class, &op.input, &op.out)?;
    reduced(c, op, op.accumulator_len, op.out.dtype)
}

pub(crate) fn top_with_indices<'o>(
    c: &mut Check<'_, 'o>,
    op: &'o TopKWithIndicesOpIr,
    class: Class,
) -> Checked {
    sorted(c, &op.tensor, op.dim, class)?;
    at_most(op.k, &op.tensor, op.dim)?;
    index_dtype(c, class, &op.tensor, &op.out_indices)?;
    let shape = &op.tensor.shape;
    let dim = |i: usize| if i == op.dim { op.k } else { shape[i] };
    c.output(&op.out, op.tensor.dtype, shape.num_dims(), dim)?;
    c.output(&op.out_indices, op.out_indices.dtype, shape.num_dims(), dim)
}
