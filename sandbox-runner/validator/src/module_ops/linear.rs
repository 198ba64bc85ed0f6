//! `y = x W + b` with `x` of shape `[.., in]` and `W` of shape `[in, out]`.

use burn_ir::{
    LinearBiasBackwardOpIr, LinearOpIr, LinearWeightBackwardOpIr, LinearXBackwardOpIr, TensorIr,
};

use crate::check::Check;
use crate::dtype::Class;
use crate::elementwise::same_dtype;
use crate::violation::{Checked, require};
use crate::{price, shape};

/// Length of the last dimension of rows.
fn last(tensor: &TensorIr) -> Checked<usize> {
    let shape = tensor.shape.as_slice();
    require!(shape.len() >= 2, "{shape:?} are no rows");
    Ok(shape[shape.len() - 1])
}

/// Number of rows: the product of the other dimensions.
fn rows(tensor: &TensorIr) -> u64 {
    let shape = tensor.shape.as_slice();
    shape::count(&shape[..shape.len().saturating_sub(1)])
}

fn matrix(weight: &TensorIr) -> Checked<(usize, usize)> {
    require!(weight.shape.num_dims() == 2, "its weight is no matrix");
    Ok((weight.shape[0], weight.shape[1]))
}

pub(super) fn forward<'o>(c: &mut Check<'_, 'o>, op: &'o LinearOpIr) -> Checked {
    c.input(&op.x, Class::Float)?;
    c.input(&op.weight, Class::Float)?;
    same_dtype(&op.x, &op.weight)?;
    let (inner, outer) = matrix(&op.weight)?;
    require!(
        last(&op.x)? == inner,
        "{inner} rows of weight do not fit {:?}",
        op.x.shape.as_slice()
    );
    if let Some(bias) = &op.bias {
        c.input(bias, Class::Float)?;
        same_dtype(&op.x, bias)?;
        require!(
            bias.shape.as_slice() == [outer],
            "a bias of shape {:?} does not fit {outer} columns",
            bias.shape.as_slice()
        );
    }
    let shape = &op.x.shape;
    let rank = shape.num_dims();
    c.output(&op.out, op.x.dtype, rank, |i| {
        if i + 1 == rank { outer } else { shape[i] }
    })?;
    c.flops(price::product(&[
        2,
        rows(&op.x),
        inner as u64,
        outer as u64,
    ]));
    if op.bias.is_some() {
        c.flops_each(&op.out, 1);
    }
    working(c, &[&op.x, &op.weight, &op.out])
}

pub(super) fn x_backward<'o>(c: &mut Check<'_, 'o>, op: &'o LinearXBackwardOpIr) -> Checked {
    c.input(&op.weight, Class::Float)?;
    c.input(&op.output_grad, Class::Float)?;
    same_dtype(&op.weight, &op.output_grad)?;
    let (inner, outer) = matrix(&op.weight)?;
    require!(
        last(&op.output_grad)? == outer,
        "the gradient does not have {outer} columns"
    );
    let shape = &op.output_grad.shape;
    let rank = shape.num_dims();
    c.output(&op.out, op.output_grad.dtype, rank, |i| {
        if i + 1 == rank { inner } else { shape[i] }
    })?;
    c.flops(price::product(&[
        2,
        rows(&op.output_grad),
        inner as u64,
        outer as u64,
    ]));
    working(c, &[&op.output_grad, &op.weight, &op.out])
}

pub(super) fn weight_backward<'o>(
    c: &mut Check<'_, 'o>,
    op: &'o LinearWeightBackwardOpIr,
) -> Checked {
    c.input(&op.x, Class::Float)?;
    c.input(&op.output_grad, Class::Float)?;
    same_dtype(&op.x, &op.output_grad)?;
    let (inner, outer) = (last(&op.x)?, last(&op.output_grad)?);
    let (x, grad) = (op.x.shape.as_slice(), op.output_grad.shape.as_slice());
    require!(
        x[..x.len() - 1] == grad[..grad.len() - 1],
        "a gradient of shape {grad:?} does not belong to {x:?}"
    );
    c.output(&op.out, op.output_grad.dtype, 2, |i| [inner, outer][i])?;
    c.flops(price::product(&[
        2,
        rows(&op.x),
        inner as u64,
        outer as u64,
    ]));
    working(c, &[&op.x, &op.output_grad])
}

pub(super) fn bias_backward<'o>(c: &mut Check<'_, 'o>, op: &'o LinearBiasBackwardOpIr) -> Checked {
    c.input(&op.output_grad, Class::Float)?;
    let outer = last(&op.output_grad)?;
    c.flops_each(&op.output_grad, 1);
    c.output(&op.out, op.output_grad.dtype, 1, |_| outer)?;
    working(c, &[&op.output_grad])
}

/// Copies the host may make of these.
fn working(c: &mut Check<'_, '_>, tensors: &[&TensorIr]) -> Checked {
    for tensor in tensors {
        let bytes = c.bytes_of(tensor)?;
        c.working_memory(bytes);
    }
    Ok(())
}
