//! Scaled dot-product attention.

use burn_ir::{AttentionOpIr, TensorIr};

use crate::check::Check;
use crate::dtype::Class;
use crate::elementwise::same_dtype;
use crate::price::{self, TRANSCENDENTAL};
use crate::scalar;
use crate::shape;
use crate::violation::{Checked, require};

/// Query `[batch, heads, queries, width]`, key `[batch, heads, keys, width]`, value
/// `[batch, heads, keys, out]`; mask and bias broadcast to `[batch, heads, queries, keys]`.
pub(super) fn forward<'o>(c: &mut Check<'_, 'o>, op: &'o AttentionOpIr) -> Checked {
    for tensor in [&op.query, &op.key, &op.value] {
        c.input(tensor, Class::Float)?;
        same_dtype(&op.query, tensor)?;
        let dims = tensor.shape.as_slice();
        require!(
            dims.len() == 4 && !dims.contains(&0),
            "{dims:?} is empty or not of 4 dimensions"
        );
    }
    let (query, key, value) = (&op.query.shape, &op.key.shape, &op.value.shape);
    require!(
        query[..2] == key[..2] && key[..3] == value[..3] && query[3] == key[3],
        "query {:?}, key {:?} and value {:?} do not fit",
        query.as_slice(),
        key.as_slice(),
        value.as_slice()
    );
    let scores = [query[0], query[1], query[2], key[2]];
    if let Some(mask) = &op.mask {
        c.input(mask, Class::Bool)?;
        broadcasts(mask, scores)?;
    }
    if let Some(bias) = &op.attn_bias {
        c.input(bias, Class::Float)?;
        same_dtype(&op.query, bias)?;
        broadcasts(bias, scores)?;
    }
    if let Some(softcap) = op.options.softcap {
        require!(
            scalar::float(softcap) > 0.0,
            "a soft cap of {softcap:?} is not positive"
        );
    }
    let dims = [query[0], query[1], query[2], value[3]];
    c.output(&op.out, op.query.dtype, 4, |i| dims[i])?;
    let scores = shape::count(&scores);
    c.flops(price::product(&[
        2,
        scores,
        (query[3] as u64).saturating_add(value[3] as u64),
    ]));
    c.flops(scores.saturating_mul(TRANSCENDENTAL + 4));
    // Scores of every head, and copies of the operands.
    let copies = [&op.query, &op.key, &op.value, &op.out]
        .iter()
        .fold(scores, |sum: u64, tensor| {
            sum.saturating_add(shape::count(&tensor.shape))
        });
    c.working_memory(copies.saturating_mul(op.query.dtype.size().max(4) as u64 * 2));
    Ok(())
}

fn broadcasts(tensor: &TensorIr, scores: [usize; 4]) -> Checked {
    let fits = tensor.shape.num_dims() == 4
        && tensor
            .shape
            .iter()
            .zip(scores)
            .all(|(&dim, score)| dim == score || dim == 1);
    require!(
        fits,
        "{:?} does not broadcast to {scores:?}",
        tensor.shape.as_slice()
    );
    Ok(())
}
