//! Scaled dot-product attention.

use burn_backend::DType;
use burn_ir::{AttentionOpIr, TensorIr};

use crate::check::Check;
use crate::dtype::Class;
use crate::elementwise::same_dtype;
use crate::gemm::{Product, at_once};
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
    let working = working_bytes(op, c.limits.threads);
    c.working_memory(working);
    Ok(())
}

/// Most scores of a head that the host computes at once; else it takes [`TILE`] keys at a time.
const SCORES: u64 = 256 * 1024;
const TILE: u64 = 64;

/// Scores of a head on each thread, and what is expanded or widened of the operands.
fn working_bytes(op: &AttentionOpIr, threads: usize) -> u64 {
    let half = matches!(op.query.dtype, DType::F16 | DType::BF16);
    let dtype = if half { DType::F32 } else { op.query.dtype };
    let size = dtype.size() as u64;
    let (query, value) = (&op.query.shape, &op.value.shape);
    let [queries, width] = [query[2] as u64, query[3] as u64];
    let [keys, out] = [value[2] as u64, value[3] as u64];
    let tile = if queries.saturating_mul(keys) <= SCORES {
        keys
    } else {
        TILE
    };
    let scores = Product {
        m: queries,
        k: width,
        n: tile,
        rows: [true, false],
    };
    let values = Product {
        m: queries,
        k: tile,
        n: out,
        rows: [true, true],
    };
    // And two numbers for each row.
    let each = queries
        .saturating_mul(tile.saturating_add(2))
        .saturating_mul(size)
        .saturating_add(scores.packed(dtype).max(values.packed(dtype)));
    let heads = shape::count(&query[..2]);
    let mut bytes = each.saturating_mul(at_once(heads, threads, false));
    let full = price::product(&[heads, queries, keys]);
    for (tensor, size) in [(&op.mask, 1), (&op.attn_bias, size)] {
        let expanded = tensor
            .as_ref()
            .filter(|tensor| tensor.shape[2..] != [query[2], value[2]]);
        if expanded.is_some() {
            bytes = bytes.saturating_add(full.saturating_mul(size));
        }
    }
    if half {
        let operands = [
            Some(&op.query),
            Some(&op.key),
            Some(&op.value),
            op.attn_bias.as_ref(),
        ];
        for tensor in operands.into_iter().flatten() {
            bytes = bytes.saturating_add(shape::count(&tensor.shape).saturating_mul(4));
        }
        // The output itself is made when the work space is gone.
        bytes = bytes.saturating_add(shape::count(&op.out.shape).saturating_mul(2));
    }
    bytes
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
