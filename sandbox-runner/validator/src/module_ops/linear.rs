//! `y = x W + b` with `x` of shape `[.., in]` and `W` of shape `[in, out]`.

use burn_backend::Shape;
use burn_ir::{
    LinearBiasBackwardOpIr, LinearOpIr, LinearWeightBackwardOpIr, LinearXBackwardOpIr, TensorIr,
};
use burn_std::{MatmulTransformAction, MatmulTransformAnalysis, MatmulTransformPolicy};

use crate::check::Check;
use crate::dtype::Class;
use crate::elementwise::same_dtype;
use crate::float::multiplied;
use crate::gemm::Product;
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
    let in_rows = [c.is_contiguous(&op.x), c.is_contiguous(&op.weight)];
    by_matrix(c, [&op.x, &op.weight, &op.out], [inner, outer], in_rows)
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
    // The weight is read transposed.
    let in_rows = [c.is_contiguous(&op.output_grad), false];
    let tensors = [&op.output_grad, &op.weight, &op.out];
    if op.output_grad.shape.num_dims() > 2 {
        // Which is copied where it is given leading dimensions.
        let weight = c.bytes_of(&op.weight)?;
        c.working_memory(weight);
    }
    by_matrix(c, tensors, [outer, inner], in_rows)
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
    // The input is read transposed.
    let one = Product {
        m: inner as u64,
        k: rows(&op.x),
        n: outer as u64,
        rows: [false, c.is_contiguous(&op.output_grad)],
    };
    multiplied(c, [&op.x, &op.output_grad, &op.out], one, 1)
}

pub(super) fn bias_backward<'o>(c: &mut Check<'_, 'o>, op: &'o LinearBiasBackwardOpIr) -> Checked {
    c.input(&op.output_grad, Class::Float)?;
    let outer = last(&op.output_grad)?;
    c.flops_each(&op.output_grad, 1);
    c.output(&op.out, op.output_grad.dtype, 1, |_| outer)
}

/// What the product of rows and a matrix `[k, n]` takes. The host folds the leading
/// dimensions into the rows where that is quicker, else it multiplies one after another.
fn by_matrix(
    c: &mut Check<'_, '_>,
    tensors: [&TensorIr; 3],
    [k, n]: [usize; 2],
    in_rows: [bool; 2],
) -> Checked {
    let x = &tensors[0].shape;
    let analysis = MatmulTransformAnalysis::from_shapes(x, &Shape::from([k, n]));
    let (m, batch) = match MatmulTransformPolicy::default().action(&analysis) {
        MatmulTransformAction::MergeBatches { rows } => (rows as u64, 1),
        MatmulTransformAction::Keep => {
            let rank = x.num_dims();
            (x[rank - 2] as u64, shape::count(&x[..rank - 2]))
        }
    };
    let one = Product {
        m,
        k: k as u64,
        n: n as u64,
        rows: in_rows,
    };
    multiplied(c, tensors, one, batch)
}
