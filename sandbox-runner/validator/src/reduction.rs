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

/// Sums along one dimension, which the host copies where it is not the last.
pub(crate) fn summed<'o>(c: &mut Check<'_, 'o>, op: &'o ReduceDimOpIr, class: Class) -> Checked {
    along(c, op, class)?;
    if op.input.dtype == DType::F32 && op.axis + 1 < op.input.shape.num_dims() {
        let bytes = c.bytes_of(&op.out)?;
        c.working_memory(bytes);
    }
    Ok(())
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
    // One dimension after another, of which two intermediates are there at a time.
    let mut left = c.bytes_of(&op.input)?;
    let mut largest = 0;
    for (i, &axis) in op.axes.iter().enumerate() {
        let next = left / shape[axis].max(1) as u64;
        // Each sum is copied to where it is aligned.
        let last = i + 1 == op.axes.len();
        let made = next.saturating_mul(if last { 1 } else { 2 });
        let before = if i == 0 { 0 } else { left };
        largest = largest.max(before.saturating_add(made));
        left = next;
    }
    c.working_memory(largest);
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
    reduced(c, op, 1, op.out.dtype)?;
    // The values are made beside them, and the indices cast where they are of another dtype.
    let cast = if op.out.dtype == DType::I64 { 0 } else { 8 };
    let each = op.input.dtype.size() as u64 + cast;
    c.working_memory(shape::count(&op.out.shape).saturating_mul(each));
    Ok(())
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
    c.output(&op.out_indices, op.out_indices.dtype, shape.num_dims(), dim)?;
    if op.out_indices.dtype != DType::I64 {
        c.working_memory(shape::count(&op.out.shape).saturating_mul(8));
    }
    Ok(())
}

/// An operand that is sorted along a dimension.
pub(crate) fn sorted(c: &mut Check<'_, '_>, input: &TensorIr, dim: usize, class: Class) -> Checked {
    c.input(input, class)?;
    axis(input, dim)?;
    let length = input.shape[dim] as u64;
    let rows = shape::count(&input.shape) / length.max(1);
    c.flops(price::sort(rows, length));
    if matches!(input.dtype, DType::F16 | DType::BF16) {
        // Compared in single precision.
        c.working_memory(shape::count(&input.shape).saturating_mul(4));
    }
    Ok(())
}

/// What is made of a whole operand when it is sorted, beside the outputs.
pub(crate) struct Sorting {
    /// Are there values in order?
    pub(crate) values: bool,
    /// The dtype of their indices, if there are any.
    pub(crate) indices: Option<DType>,
    /// How many of a row are kept, if not all?
    pub(crate) cut: Option<usize>,
}

impl Sorting {
    pub(crate) fn take(&self, c: &mut Check<'_, '_>, input: &TensorIr, dim: usize) {
        let elements = shape::count(&input.shape);
        let size = input.dtype.size() as u64;
        let is_row = input.shape.num_dims() == 1;
        // Bytes for each element while they are sorted, and when all are.
        let (mut sorting, mut sorted) = (0, 0);
        if self.values && self.cut.is_some() {
            sorting += size;
            sorted += size;
        }
        if let Some(dtype) = self.indices {
            // They are made in eight bytes, and cast.
            let cast = dtype != DType::I64;
            let apart = if is_row {
                8 + if self.values { size } else { 0 }
            } else {
                0
            };
            if self.cut.is_some() {
                let narrow = dtype.size() as u64;
                sorting += 8 + apart.max(if cast { narrow } else { 0 });
                sorted += if cast { narrow } else { 8 };
            } else {
                sorting += apart + if cast { 8 } else { 0 };
            }
            if !is_row {
                // A row beside its indices on each thread.
                let row = price::product(&[16, input.shape[dim] as u64, c.limits.threads as u64]);
                c.working_memory(row);
            }
        }
        // What is kept is selected by indices of four bytes, which are widened.
        let kept = self.cut.unwrap_or(0) as u64;
        let sorting = elements
            .saturating_mul(sorting)
            .saturating_add(kept.saturating_mul(4));
        let sorted = elements
            .saturating_mul(sorted)
            .saturating_add(kept.saturating_mul(12));
        c.working_memory(sorting.max(sorted));
    }
}

fn at_most(k: usize, input: &TensorIr, dim: usize) -> Checked {
    let length = input.shape[dim];
    require!(k <= length, "there are no {k} largest of {length}");
    Ok(())
}

pub(crate) fn top<'o>(c: &mut Check<'_, 'o>, op: &'o ReduceDimOpIr, class: Class) -> Checked {
    sorted(c, &op.input, op.axis, class)?;
    at_most(op.accumulator_len, &op.input, op.axis)?;
    let sorting = Sorting {
        values: true,
        indices: None,
        cut: Some(op.accumulator_len),
    };
    sorting.take(c, &op.input, op.axis);
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
    let sorting = Sorting {
        values: false,
        indices: Some(op.out.dtype),
        cut: Some(op.accumulator_len),
    };
    sorting.take(c, &op.input, op.axis);
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
    let sorting = Sorting {
        values: true,
        indices: Some(op.out_indices.dtype),
        cut: Some(op.k),
    };
    sorting.take(c, &op.tensor, op.dim);
    let shape = &op.tensor.shape;
    let dim = |i: usize| if i == op.dim { op.k } else { shape[i] };
    c.output(&op.out, op.tensor.dtype, shape.num_dims(), dim)?;
    c.output(&op.out_indices, op.out_indices.dtype, shape.num_dims(), dim)
}
