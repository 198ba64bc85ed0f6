//! Normalisation.

use burn_backend::DType;
use burn_ir::{BatchNormOpIr, LayerNormOpIr, TensorIr};

use crate::check::Check;
use crate::dtype::Class;
use crate::elementwise::same_dtype;
use crate::shape;
use crate::violation::{Checked, require};

fn vector(c: &mut Check<'_, '_>, tensor: &TensorIr, like: &TensorIr, length: usize) -> Checked {
    c.input(tensor, Class::Float)?;
    same_dtype(tensor, like)?;
    require!(
        tensor.shape.as_slice() == [length],
        "a vector of shape {:?} does not have {length} elements",
        tensor.shape.as_slice()
    );
    Ok(())
}

/// `x` is `[batch, channels, ..]`, everything else `[channels]`.
pub(super) fn batch_norm<'o>(c: &mut Check<'_, 'o>, op: &'o BatchNormOpIr) -> Checked {
    c.input(&op.x, Class::Float)?;
    let shape = op.x.shape.as_slice();
    require!(shape.len() >= 2, "there is no dimension of channels");
    for tensor in [&op.gamma, &op.beta, &op.mean, &op.variance] {
        vector(c, tensor, &op.x, shape[1])?;
    }
    c.flops_each(&op.x, 4);
    c.like(&op.out, &op.x)
}

/// Over the last dimension.
pub(super) fn layer_norm<'o>(c: &mut Check<'_, 'o>, op: &'o LayerNormOpIr) -> Checked {
    c.input(&op.input, Class::Float)?;
    let Some(&length) = op.input.shape.as_slice().last() else {
        crate::violation::invalid!("it has no dimension");
    };
    require!(
        length > 0,
        "there is nothing to normalise in an empty dimension"
    );
    vector(c, &op.gamma, &op.input, length)?;
    if let Some(beta) = &op.beta {
        vector(c, beta, &op.input, length)?;
    }
    c.flops_each(&op.input, 8);
    if matches!(op.input.dtype, DType::F16 | DType::BF16) {
        // Input and output in single precision, before the output itself is made.
        c.working_memory(shape::count(&op.input.shape).saturating_mul(6));
    }
    c.like(&op.out, &op.input)
}
