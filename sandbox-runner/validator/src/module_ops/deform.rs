//! Deformable convolutions.

use burn_backend::DType;
use burn_ir::{DeformConv2dBackwardOpIr, DeformConv2dOpIr, DeformableConv2dOptionsIr, TensorIr};

use super::conv::bias as conv_bias;
use super::window;
use crate::check::Check;
use crate::dtype::Class;
use crate::elementwise::same_dtype;
use crate::gemm::{Product, at_once};
use crate::price;
use crate::shape;
use crate::violation::{Checked, require};

/// FLOPs of one sample: four neighbours, their weights and the mask.
const SAMPLE: u64 = 16;

struct Deform<'a> {
    x: &'a TensorIr,
    offset: &'a TensorIr,
    weight: &'a TensorIr,
    mask: Option<&'a TensorIr>,
    bias: Option<&'a TensorIr>,
    options: &'a DeformableConv2dOptionsIr,
}

/// Checks the operands in the order in which the host takes them; the output's shape.
fn operands(c: &mut Check<'_, '_>, op: &Deform<'_>) -> Checked<[usize; 4]> {
    for tensor in [Some(op.x), Some(op.offset), op.mask, Some(op.weight)]
        .into_iter()
        .flatten()
    {
        c.input(tensor, Class::Float)?;
        same_dtype(op.x, tensor)?;
        let dims = tensor.shape.as_slice();
        require!(
            dims.len() == 4 && !dims.contains(&0),
            "{dims:?} is empty or not of 4 dimensions"
        );
    }
    let (x, weight) = (op.x.shape.as_slice(), op.weight.shape.as_slice());
    let (groups, offset_groups) = (op.options.weight_groups, op.options.offset_groups);
    require!(
        groups > 0 && weight[0] % groups == 0 && weight[1].checked_mul(groups) == Some(x[1]),
        "{groups} groups do not fit an input of {x:?} and a weight of {weight:?}"
    );
    require!(
        offset_groups > 0 && x[1] % offset_groups == 0,
        "{offset_groups} groups of offsets do not fit {} channels",
        x[1]
    );
    conv_bias(c, op.bias, op.x, weight[0])?;
    let mut out = [x[0], weight[0], 0, 0];
    for i in 0..2 {
        let padding = op.options.padding[i];
        let extent = window::extent(weight[i + 2], op.options.dilation[i])?;
        let padded = window::padded(x[i + 2], (padding, padding))?;
        out[i + 2] = window::places(padded, extent, op.options.stride[i])?;
    }
    let samples = offset_groups
        .saturating_mul(weight[2])
        .saturating_mul(weight[3]);
    let fits = |tensor: &TensorIr, each: usize| {
        tensor.shape.as_slice() == [x[0], samples.saturating_mul(each), out[2], out[3]]
    };
    require!(
        fits(op.offset, 2) && op.mask.is_none_or(|mask| fits(mask, 1)),
        "offsets of shape {:?} or the mask do not fit {samples} samples at {out:?}",
        op.offset.shape.as_slice()
    );
    Ok(out)
}

/// Columns of sampled elements, multiplied with the weight.
fn price(c: &mut Check<'_, '_>, op: &Deform<'_>, out: [usize; 4], passes: u64) {
    let weight = op.weight.shape.as_slice();
    let columns = price::product(&[
        op.x.shape[1] as u64,
        (weight[2] as u64).saturating_mul(weight[3] as u64),
        out[0] as u64,
        (out[2] as u64).saturating_mul(out[3] as u64),
    ]);
    c.flops(price::product(&[passes, SAMPLE, columns]));
    c.flops(price::product(&[
        2,
        passes,
        shape::count(&out),
        shape::count(&weight[1..]),
    ]));
}

/// Elements of the operands that are computed in another precision than their own, in bytes
/// of that precision. The gradients are computed in single precision even of double floats.
fn widened(op: &Deform<'_>, backward: bool) -> Option<u64> {
    let alone = op.x.dtype == DType::F32 || !backward && op.x.dtype == DType::F64;
    (!alone).then(|| {
        [
            Some(op.x),
            Some(op.offset),
            Some(op.weight),
            op.mask,
            op.bias,
        ]
        .into_iter()
        .flatten()
        .fold(0, |sum: u64, tensor| {
            sum.saturating_add(shape::count(&tensor.shape))
        })
        .saturating_mul(4)
    })
}

/// Work space: the weight in another order, the outputs of all samples before they are put
/// together, and for each thread the columns of a sample.
fn forward_bytes(op: &Deform<'_>, out: [usize; 4], threads: usize) -> u64 {
    let wide = widened(op, false);
    let dtype = if wide.is_some() {
        DType::F32
    } else {
        op.x.dtype
    };
    let weight = op.weight.shape.as_slice();
    let places = shape::count(&out[2..]);
    let columns = shape::count(&weight[1..]);
    let outputs = shape::count(&out);
    let group = weight[0] as u64 / op.options.weight_groups.max(1) as u64;
    let one = Product {
        m: group,
        k: columns,
        n: places,
        rows: [true, true],
    };
    let each = columns
        .saturating_add(group)
        .saturating_mul(places)
        .saturating_mul(dtype.size() as u64)
        .saturating_add(one.packed(dtype));
    // Double floats are computed one sample after another, into the output.
    let at_once = if dtype == DType::F64 {
        1
    } else {
        at_once(out[0] as u64, threads, one.is_parallel())
    };
    let apart = if dtype == DType::F64 { 0 } else { outputs };
    let widened_output = if wide.is_some() { outputs } else { 0 };
    shape::count(weight)
        .saturating_add(apart)
        .saturating_add(widened_output)
        .saturating_mul(dtype.size() as u64)
        .saturating_add(each.saturating_mul(at_once))
        .saturating_add(wide.unwrap_or(0))
}

pub(super) fn forward<'o>(c: &mut Check<'_, 'o>, op: &'o DeformConv2dOpIr) -> Checked {
    let deform = Deform {
        x: &op.x,
        offset: &op.offset,
        weight: &op.weight,
        mask: op.mask.as_ref(),
        bias: op.bias.as_ref(),
        options: &op.options,
    };
    let out = operands(c, &deform)?;
    price(c, &deform, out, 1);
    c.working_memory(forward_bytes(&deform, out, c.limits.threads));
    c.output(&op.out, op.x.dtype, 4, |i| out[i])
}

pub(super) fn backward<'o>(c: &mut Check<'_, 'o>, op: &'o DeformConv2dBackwardOpIr) -> Checked {
    let deform = Deform {
        x: &op.x,
        offset: &op.offset,
        weight: &op.weight,
        mask: op.mask.as_ref(),
        bias: op.bias.as_ref(),
        options: &op.options,
    };
    let out = operands(c, &deform)?;
    c.input(&op.out_grad, Class::Float)?;
    same_dtype(&op.x, &op.out_grad)?;
    require!(
        op.out_grad.shape.as_slice() == out,
        "a gradient of shape {:?} is not one of an output of {out:?}",
        op.out_grad.shape.as_slice()
    );
    price(c, &deform, out, 3);
    if let Some(operands) = widened(&deform, true) {
        // And the gradients, of the same shapes, and that of the output.
        let output = shape::count(&out).saturating_mul(4);
        c.working_memory(operands.saturating_mul(2).saturating_add(output));
    }
    c.like(&op.input_grad, &op.x)?;
    c.like(&op.offset_grad, &op.offset)?;
    c.like(&op.weight_grad, &op.weight)?;
    optional(c, op.mask_grad.as_ref(), op.mask.as_ref())?;
    optional(c, op.bias_grad.as_ref(), op.bias.as_ref())
}

/// There is a gradient exactly where there is an operand.
fn optional<'o>(
    c: &mut Check<'_, 'o>,
    grad: Option<&'o TensorIr>,
    operand: Option<&TensorIr>,
) -> Checked {
    require!(
        grad.is_some() == operand.is_some(),
        "there is a gradient without an operand, or an operand without a gradient"
    );
    match (grad, operand) {
        (Some(grad), Some(operand)) => c.like(grad, operand),
        _ => Ok(()),
    }
}
