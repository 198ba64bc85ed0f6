//! Operations that look at the same elements in another way.

use burn_backend::Slice;
use burn_ir::{FlipOpIr, PermuteOpIr, ShapeOpIr, SliceOpIr, SwapDimsOpIr, UnfoldOpIr};

use crate::check::Check;
use crate::dtype::Class;
use crate::limits::MAX_DIMS;
use crate::shape;
use crate::violation::{Checked, require};

pub(crate) fn reshape<'o>(c: &mut Check<'_, 'o>, op: &'o ShapeOpIr, class: Class) -> Checked {
    c.may_be_empty();
    c.input(&op.input, class)?;
    c.is_view_in_order();
    if !c.is_contiguous(&op.input) {
        c.is_copied();
    }
    let (before, after) = (shape::count(&op.input.shape), shape::count(&op.out.shape));
    require!(
        before == after,
        "{before} elements cannot take the shape {:?}",
        op.out.shape.as_slice()
    );
    c.output_of(&op.out, &op.out.shape, op.input.dtype)
}

pub(crate) fn swap_dims<'o>(c: &mut Check<'_, 'o>, op: &'o SwapDimsOpIr, class: Class) -> Checked {
    c.input(&op.input, class)?;
    c.is_view();
    let shape = &op.input.shape;
    let rank = shape.num_dims();
    require!(
        op.dim1 < rank && op.dim2 < rank,
        "there are no dimensions {} and {}",
        op.dim1,
        op.dim2
    );
    c.output(&op.out, op.input.dtype, rank, |i| match i {
        i if i == op.dim1 => shape[op.dim2],
        i if i == op.dim2 => shape[op.dim1],
        i => shape[i],
    })
}

pub(crate) fn permute<'o>(c: &mut Check<'_, 'o>, op: &'o PermuteOpIr, class: Class) -> Checked {
    c.input(&op.input, class)?;
    c.is_view();
    let shape = &op.input.shape;
    let rank = shape.num_dims();
    require!(
        op.axes.len() == rank && distinct(&op.axes, rank),
        "its axes are no permutation of {rank} dimensions"
    );
    c.output(&op.out, op.input.dtype, rank, |i| shape[op.axes[i]])
}

pub(crate) fn flip<'o>(c: &mut Check<'_, 'o>, op: &'o FlipOpIr, class: Class) -> Checked {
    c.input(&op.input, class)?;
    c.is_view();
    let rank = op.input.shape.num_dims();
    require!(
        distinct(&op.axes, rank),
        "its axes are not distinct ones of {rank} dimensions"
    );
    c.like(&op.out, &op.input)
}

/// Are these different dimensions of a tensor of this rank?
pub(crate) fn distinct(axes: &[usize], rank: usize) -> bool {
    let mut seen = 0_u32;
    axes.iter().all(|&axis| {
        let fresh = axis < rank.min(MAX_DIMS) && seen & (1 << axis) == 0;
        if fresh {
            seen |= 1 << axis;
        }
        fresh
    })
}

pub(crate) fn expand<'o>(c: &mut Check<'_, 'o>, op: &'o ShapeOpIr, class: Class) -> Checked {
    c.input(&op.input, class)?;
    c.is_view();
    let (from, to) = (&op.input.shape, &op.out.shape);
    let fits = from.num_dims() <= to.num_dims()
        && from
            .iter()
            .rev()
            .zip(to.iter().rev())
            .all(|(&a, &b)| a == b || a == 1);
    require!(
        fits,
        "{:?} does not expand to {:?}",
        from.as_slice(),
        to.as_slice()
    );
    c.output_of(&op.out, to, op.input.dtype)
}

pub(crate) fn unfold<'o>(c: &mut Check<'_, 'o>, op: &'o UnfoldOpIr, class: Class) -> Checked {
    c.input(&op.input, class)?;
    c.is_view();
    let shape = &op.input.shape;
    let rank = shape.num_dims();
    require!(op.dim < rank, "there is no dimension {}", op.dim);
    let length = shape[op.dim];
    require!(
        // The host adds length and step.
        op.size > 0 && (1..=1 << 40).contains(&op.step) && op.size <= length,
        "windows of {} every {} do not fit in a dimension of {length}",
        op.size,
        op.step
    );
    let windows = (length - op.size) / op.step + 1;
    c.output(&op.out, op.input.dtype, rank + 1, |i| {
        if i == op.dim {
            windows
        } else if i == rank {
            op.size
        } else {
            shape[i]
        }
    })
}

pub(crate) fn slice<'o>(c: &mut Check<'_, 'o>, op: &'o SliceOpIr, class: Class) -> Checked {
    c.input(&op.tensor, class)?;
    c.is_view();
    let shape = &op.tensor.shape;
    let dims = sliced(&op.ranges, shape)?;
    c.output(&op.out, op.tensor.dtype, shape.num_dims(), |i| dims[i])
}

/// Dimensions of a slice, whose ranges must lie within the tensor.
pub(crate) fn sliced(ranges: &[Slice], shape: &[usize]) -> Checked<[usize; MAX_DIMS]> {
    require!(
        ranges.len() <= shape.len() && shape.len() <= MAX_DIMS,
        "{} ranges are more than there are dimensions",
        ranges.len()
    );
    let mut dims = [0; MAX_DIMS];
    dims[..shape.len()].copy_from_slice(shape);
    for (range, dim) in ranges.iter().zip(&mut dims) {
        *dim = range_length(*range, *dim)?;
    }
    Ok(dims)
}

fn range_length(range: Slice, length: usize) -> Checked<usize> {
    // Dimensions are far below the largest `isize`, as elements are limited.
    let signed = length as isize;
    let within = |at: isize| (-signed..=signed).contains(&at);
    require!(
        range.step != 0 && within(range.start) && range.end.is_none_or(within),
        "{range:?} is not a range of a dimension of {length}"
    );
    let place = |at: isize| {
        if at < 0 {
            (signed + at) as usize
        } else {
            at as usize
        }
    };
    let (start, end) = (place(range.start), range.end.map_or(length, place));
    Ok(end
        .saturating_sub(start)
        .div_ceil(range.step.unsigned_abs()))
}
