//! Rows of a table `[embeddings, width]` at indices `[batch, length]`.

use burn_ir::{EmbeddingBackwardOpIr, EmbeddingOpIr, TensorIr};

use crate::check::Check;
use crate::dtype::Class;
use crate::elementwise::same_dtype;
use crate::indexing::read_as_much_as_written;
use crate::violation::{Checked, require};

fn dims(weights: &TensorIr, indices: &TensorIr) -> Checked<[usize; 3]> {
    require!(
        weights.shape.num_dims() == 2 && indices.shape.num_dims() == 2,
        "weights of shape {:?} and indices of shape {:?} are not both matrices",
        weights.shape.as_slice(),
        indices.shape.as_slice()
    );
    let [batch, length] = [indices.shape[0], indices.shape[1]];
    require!(
        weights.shape[0] > 0 || batch == 0 || length == 0,
        "there are no embeddings"
    );
    Ok([batch, length, weights.shape[1]])
}

pub(super) fn forward<'o>(c: &mut Check<'_, 'o>, op: &'o EmbeddingOpIr) -> Checked {
    c.input_unpriced(&op.weights, Class::Float)?;
    c.input(&op.indices, Class::Int)?;
    let dims = dims(&op.weights, &op.indices)?;
    c.output(&op.out, op.weights.dtype, 3, |i| dims[i])?;
    read_as_much_as_written(c, &op.out)
}

pub(super) fn backward<'o>(c: &mut Check<'_, 'o>, op: &'o EmbeddingBackwardOpIr) -> Checked {
    // Of the weights only the shape is used.
    c.input_unpriced(&op.weights, Class::Float)?;
    c.input(&op.indices, Class::Int)?;
    c.input(&op.out_grad, Class::Float)?;
    same_dtype(&op.weights, &op.out_grad)?;
    let dims = dims(&op.weights, &op.indices)?;
    require!(
        op.out_grad.shape.as_slice() == dims,
        "a gradient of shape {:?} is not {dims:?}",
        op.out_grad.shape.as_slice()
    );
    c.flops_each(&op.out_grad, 1);
    let working = c.bytes_of(&op.weights)?;
    c.working_memory(working);
    c.like(&op.out, &op.weights)
}
