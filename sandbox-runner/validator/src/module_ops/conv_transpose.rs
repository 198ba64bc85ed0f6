//! Transposed convolutions: `x` is `[batch, in, ..]`, the weight `[in, out / groups, ..kernel]`.

use burn_ir::{
    ConvTranspose1dOpIr, ConvTranspose1dWeightBackwardOpIr, ConvTranspose2dOpIr,
    ConvTranspose2dWeightBackwardOpIr, ConvTranspose3dOpIr, ConvTranspose3dWeightBackwardOpIr,
    TensorIr,
};

use super::{conv, conv_scratch as scratch, window};
use crate::check::Check;
use crate::dtype::Class;
use crate::elementwise::same_dtype;
use crate::price;
use crate::shape;
use crate::violation::{Checked, Fault, require};

/// A transposed convolution of `N` spatial dimensions.
pub(super) struct ConvTranspose<'o, const N: usize> {
    x: &'o TensorIr,
    weight: &'o TensorIr,
    stride: [usize; N],
    padding: [usize; N],
    padding_out: [usize; N],
    dilation: [usize; N],
    groups: usize,
    out: &'o TensorIr,
}

macro_rules! conv_transpose_from {
    ($($op:ty, $dims:literal;)+) => {
        $(impl<'o> From<&'o $op> for ConvTranspose<'o, $dims> {
            fn from(op: &'o $op) -> Self {
                Self {
                    x: &op.x,
                    weight: &op.weight,
                    stride: op.options.stride,
                    padding: op.options.padding,
                    padding_out: op.options.padding_out,
                    dilation: op.options.dilation,
                    groups: op.options.groups,
                    out: &op.out,
                }
            }
        })+
    };
}

conv_transpose_from! {
    ConvTranspose1dOpIr, 1;
    ConvTranspose2dOpIr, 2;
    ConvTranspose3dOpIr, 3;
    ConvTranspose1dWeightBackwardOpIr, 1;
    ConvTranspose2dWeightBackwardOpIr, 2;
    ConvTranspose3dWeightBackwardOpIr, 3;
}

struct Geometry<const N: usize> {
    batch: usize,
    channels_out: usize,
    lengths: [usize; N],
    flops: u64,
}

impl<const N: usize> Geometry<N> {
    fn out_dim(&self, i: usize) -> usize {
        match i {
            0 => self.batch,
            1 => self.channels_out,
            i => self.lengths[i - 2],
        }
    }
}

impl<const N: usize> ConvTranspose<'_, N> {
    fn geometry(&self) -> Checked<Geometry<N>> {
        let (x, weight) = (self.x.shape.as_slice(), self.weight.shape.as_slice());
        require!(
            x.len() == N + 2 && weight.len() == N + 2,
            "{x:?} and {weight:?} do not have {} dimensions",
            N + 2
        );
        require!(
            !x.contains(&0) && !weight.contains(&0),
            "{x:?} or {weight:?} is empty"
        );
        let groups = self.groups;
        require!(
            groups > 0 && weight[0] == x[1] && x[1] % groups == 0,
            "{groups} groups do not fit an input of {x:?} and a weight of {weight:?}"
        );
        let mut lengths = [0; N];
        for (i, length) in lengths.iter_mut().enumerate() {
            *length = self.length(i, x[i + 2], weight[i + 2])?;
        }
        let inner = shape::count(&weight[1..]);
        Ok(Geometry {
            batch: x[0],
            channels_out: weight[1].saturating_mul(groups),
            lengths,
            flops: price::product(&[2, shape::count(x), inner]),
        })
    }

    /// `(input - 1) * stride + extent + padding_out - 2 * padding`
    fn length(&self, i: usize, input: usize, kernel: usize) -> Checked<usize> {
        let extent = window::extent(kernel, self.dilation[i])?;
        require!(self.stride[i] > 0, "a stride of zero gets nowhere");
        (input - 1)
            .checked_mul(self.stride[i])
            .and_then(|length| length.checked_add(extent))
            .and_then(|length| length.checked_add(self.padding_out[i]))
            .and_then(|length| length.checked_sub(self.padding[i].checked_mul(2)?))
            .filter(|&length| length > 0)
            .ok_or_else(|| {
                Fault::Invalid(format!(
                    "padding of {} and {} leaves nothing of dimension {i}",
                    self.padding[i], self.padding_out[i]
                ))
            })
    }
}

fn operands<const N: usize>(c: &mut Check<'_, '_>, conv: &ConvTranspose<'_, N>) -> Checked {
    c.input(conv.x, Class::Float)?;
    c.input(conv.weight, Class::Float)?;
    same_dtype(conv.x, conv.weight)
}

pub(super) fn forward<'o, const N: usize>(
    c: &mut Check<'_, 'o>,
    conv: &ConvTranspose<'o, N>,
    with_bias: Option<&TensorIr>,
) -> Checked {
    operands(c, conv)?;
    let geometry = conv.geometry()?;
    conv::bias(c, with_bias, conv.x, geometry.channels_out)?;
    c.output(conv.out, conv.x.dtype, N + 2, |i| geometry.out_dim(i))?;
    let x = &conv.x.shape;
    let transposed = scratch::Transposed {
        batch: x[0] as u64,
        channels_in: x[1] as u64,
        channels_out: geometry.channels_out as u64,
        groups: conv.groups as u64,
        kernel: shape::count(&conv.weight.shape[2..]),
        input: shape::count(&x[2..]),
        output: shape::count(&geometry.lengths),
    };
    c.working_memory(transposed.bytes(conv.x.dtype, c.limits.threads));
    c.flops(geometry.flops);
    c.flops_each(conv.out, 1);
    Ok(())
}

pub(super) fn weight_backward<'o, const N: usize>(
    c: &mut Check<'_, 'o>,
    conv: &ConvTranspose<'o, N>,
    grad: &TensorIr,
) -> Checked {
    operands(c, conv)?;
    c.input(grad, Class::Float)?;
    same_dtype(conv.x, grad)?;
    let geometry = conv.geometry()?;
    let fits = grad.shape.num_dims() == N + 2
        && grad
            .shape
            .iter()
            .enumerate()
            .all(|(i, &dim)| dim == geometry.out_dim(i));
    require!(
        fits,
        "a gradient of shape {:?} is not one of the output",
        grad.shape.as_slice()
    );
    c.like(conv.out, conv.weight)?;
    // Computed as a convolution of the gradient with the input, stride and dilation
    // exchanged, and cut where it is larger than the weight.
    let (x, weight) = (conv.x.shape.as_slice(), conv.weight.shape.as_slice());
    let mut kernel = [0; N];
    for (i, kernel) in kernel.iter_mut().enumerate() {
        let extent = window::extent(x[i + 2], conv.stride[i])?;
        let length = window::padded(geometry.lengths[i], (conv.padding[i], conv.padding[i]))?;
        *kernel = window::places(length, extent, conv.dilation[i])? as u64;
    }
    let elements = price::product(&[weight[0] as u64, weight[1] as u64, price::product(&kernel)]);
    let places = shape::count(&x[2..]);
    c.flops(price::product(&[2, elements, x[0] as u64, places]));
    // The convolution of which this one is the transpose.
    let forward = scratch::Shape {
        batch: x[0] as u64,
        channels_in: geometry.channels_out as u64,
        input: geometry.lengths.map(|length| length as u64),
        channels_out: x[1] as u64,
        kernel: std::array::from_fn(|i| weight[i + 2] as u64),
        places: std::array::from_fn(|i| x[i + 2] as u64),
        stride: conv.stride.map(|stride| stride as u64),
        padding: conv.padding.map(|padding| padding as u64),
        dilation: conv.dilation.map(|dilation| dilation as u64),
        groups: conv.groups as u64,
    };
    c.working_memory(forward.weight_backward_bytes(kernel, conv.x.dtype, c.limits.threads));
    let size = conv.x.dtype.size() as u64;
    if conv.groups == 1 {
        c.kept_storage(elements.saturating_mul(size));
    } else {
        // Put together from a result for each group, which is copied as it is cut.
        let group = elements / conv.groups as u64;
        c.working_memory(group.saturating_mul(2 * size));
    }
    Ok(())
}
