//! Operations that take, put or add elements at indices.
//!
//! The indices themselves are data, which is not looked at here: Flex checks each
//! one while it executes, and a worker whose kernels do not must clamp them first.

use burn_backend::DType;
use burn_ir::{
    GatherNdOpIr, GatherOpIr, ScatterNdOpIr, ScatterOpIr, SelectAssignOpIr, SelectOpIr,
    SliceAssignOpIr, TensorIr,
};

use crate::check::Check;
use crate::dtype::Class;
use crate::elementwise::same_dtype;
use crate::shape;
use crate::views::sliced;
use crate::violation::{Checked, require};

pub(crate) fn slice_assign<'o>(
    c: &mut Check<'_, 'o>,
    op: &'o SliceAssignOpIr,
    class: Class,
) -> Checked {
    c.input(&op.tensor, class)?;
    c.input(&op.value, class)?;
    same_dtype(&op.tensor, &op.value)?;
    let rank = op.tensor.shape.num_dims();
    let dims = sliced(&op.ranges, &op.tensor.shape)?;
    require!(
        op.value.shape.as_slice() == &dims[..rank],
        "a value of shape {:?} does not fill a slice of shape {:?}",
        op.value.shape.as_slice(),
        &dims[..rank]
    );
    c.like(&op.out, &op.tensor)
}

/// Indices, which the host widens, or compares with their bounds.
fn indices(c: &mut Check<'_, '_>, indices: &TensorIr) -> Checked {
    c.input(indices, Class::Int)?;
    let each = if c.limits.guards_indices {
        24
    } else if indices.dtype == DType::I64 {
        0
    } else {
        8
    };
    c.working_memory(shape::count(&indices.shape).saturating_mul(each));
    Ok(())
}

/// A vector of indices along a dimension.
fn index_vector(tensor: &TensorIr, dim: usize, indices: &TensorIr) -> Checked {
    require!(dim < tensor.shape.num_dims(), "there is no dimension {dim}");
    require!(
        indices.shape.num_dims() == 1,
        "its indices are not a vector"
    );
    // There is nothing that an index into an empty dimension could mean.
    require!(
        tensor.shape[dim] > 0 || indices.shape[0] == 0,
        "dimension {dim} is empty and has no elements to select"
    );
    Ok(())
}

/// Does `tensor` have this shape, with dimension `dim` of another length?
fn differs_only_in(shape: &[usize], dim: usize, length: usize, tensor: &TensorIr) -> bool {
    tensor.shape.num_dims() == shape.len()
        && (tensor.shape.iter().zip(shape).enumerate())
            .all(|(i, (&a, &b))| a == if i == dim { length } else { b })
}

pub(crate) fn select<'o>(c: &mut Check<'_, 'o>, op: &'o SelectOpIr, class: Class) -> Checked {
    // Nothing may be selected.
    c.may_be_empty();
    // Only the selected part is read.
    c.input_unpriced(&op.tensor, class)?;
    indices(c, &op.indices)?;
    index_vector(&op.tensor, op.dim, &op.indices)?;
    let shape = &op.tensor.shape;
    c.output(&op.out, op.tensor.dtype, shape.num_dims(), |i| {
        if i == op.dim {
            op.indices.shape[0]
        } else {
            shape[i]
        }
    })?;
    if class == Class::Bool {
        as_numbers(c, &op.tensor, &op.out);
    }
    read_as_much_as_written(c, &op.out)
}

/// Truth values are selected as numbers: the CPU backend would forget that they are any.
fn as_numbers(c: &mut Check<'_, '_>, tensor: &TensorIr, out: &TensorIr) {
    let elements = shape::count(&tensor.shape).saturating_add(shape::count(&out.shape));
    c.working_memory(elements.saturating_mul(4));
}

pub(crate) fn read_as_much_as_written(c: &mut Check<'_, '_>, out: &TensorIr) -> Checked {
    let bytes = c.bytes_of(out)?;
    c.bytes_read(bytes);
    Ok(())
}

pub(crate) fn select_assign<'o>(
    c: &mut Check<'_, 'o>,
    op: &'o SelectAssignOpIr,
    class: Class,
) -> Checked {
    c.input(&op.tensor, class)?;
    indices(c, &op.indices)?;
    c.input(&op.value, class)?;
    same_dtype(&op.tensor, &op.value)?;
    index_vector(&op.tensor, op.dim, &op.indices)?;
    require!(
        differs_only_in(&op.tensor.shape, op.dim, op.indices.shape[0], &op.value),
        "a value of shape {:?} does not fit {} indices of {:?}",
        op.value.shape.as_slice(),
        op.indices.shape[0],
        op.tensor.shape.as_slice()
    );
    c.flops_each(&op.value, 1);
    c.like(&op.out, &op.tensor)
}

fn index_grid(tensor: &TensorIr, dim: usize, indices: &TensorIr) -> Checked {
    require!(dim < tensor.shape.num_dims(), "there is no dimension {dim}");
    let length = indices.shape.as_slice().get(dim).copied().unwrap_or(0);
    require!(
        differs_only_in(&tensor.shape, dim, length, indices),
        "indices of shape {:?} do not fit {:?}",
        indices.shape.as_slice(),
        tensor.shape.as_slice()
    );
    require!(
        tensor.shape[dim] > 0 || length == 0,
        "dimension {dim} is empty and has no elements to gather"
    );
    Ok(())
}

pub(crate) fn gather<'o>(c: &mut Check<'_, 'o>, op: &'o GatherOpIr, class: Class) -> Checked {
    c.input_unpriced(&op.tensor, class)?;
    indices(c, &op.indices)?;
    index_grid(&op.tensor, op.dim, &op.indices)?;
    c.output_of(&op.out, &op.indices.shape, op.tensor.dtype)?;
    if class == Class::Bool {
        as_numbers(c, &op.tensor, &op.out);
    }
    read_as_much_as_written(c, &op.out)
}

pub(crate) fn scatter<'o>(c: &mut Check<'_, 'o>, op: &'o ScatterOpIr, class: Class) -> Checked {
    c.input(&op.tensor, class)?;
    indices(c, &op.indices)?;
    c.input(&op.value, class)?;
    same_dtype(&op.tensor, &op.value)?;
    index_grid(&op.tensor, op.dim, &op.indices)?;
    require!(
        op.indices.shape == op.value.shape,
        "indices of shape {:?} do not place values of shape {:?}",
        op.indices.shape.as_slice(),
        op.value.shape.as_slice()
    );
    c.flops_each(&op.value, 1);
    c.like(&op.out, &op.tensor)
}

/// Splits `[..places, k]` indices: how many dimensions of `data` they address.
fn addressed(data: &TensorIr, indices: &TensorIr) -> Checked<usize> {
    let Some(&k) = indices.shape.as_slice().last() else {
        crate::violation::invalid!("its indices have no dimension");
    };
    require!(
        k >= 1 && k <= data.shape.num_dims(),
        "indices of {k} coordinates do not address {:?}",
        data.shape.as_slice()
    );
    Ok(k)
}

/// The `i`-th dimension of the elements that `indices` address in `data`.
fn addressed_dim(data: &TensorIr, indices: &TensorIr, k: usize, i: usize) -> usize {
    let places = indices.shape.num_dims() - 1;
    if i < places {
        indices.shape[i]
    } else {
        data.shape[i - places + k]
    }
}

pub(crate) fn gather_nd<'o>(c: &mut Check<'_, 'o>, op: &'o GatherNdOpIr, class: Class) -> Checked {
    c.input_unpriced(&op.data, class)?;
    indices(c, &op.indices)?;
    let k = addressed(&op.data, &op.indices)?;
    let rank = op.indices.shape.num_dims() - 1 + op.data.shape.num_dims() - k;
    c.output(&op.out, op.data.dtype, rank, |i| {
        addressed_dim(&op.data, &op.indices, k, i)
    })?;
    read_as_much_as_written(c, &op.out)
}

pub(crate) fn scatter_nd<'o>(
    c: &mut Check<'_, 'o>,
    op: &'o ScatterNdOpIr,
    class: Class,
) -> Checked {
    c.input(&op.data, class)?;
    indices(c, &op.indices)?;
    c.input(&op.values, class)?;
    same_dtype(&op.data, &op.values)?;
    let k = addressed(&op.data, &op.indices)?;
    let rank = op.indices.shape.num_dims() - 1 + op.data.shape.num_dims() - k;
    let values = op.values.shape.as_slice();
    let fits = values.len() == rank
        && values
            .iter()
            .enumerate()
            .all(|(i, &dim)| dim == addressed_dim(&op.data, &op.indices, k, i));
    require!(fits, "values of shape {values:?} do not fit the indices");
    c.flops(shape::count(values));
    c.like(&op.out, &op.data)
}
