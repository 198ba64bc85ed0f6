//! Transposed convolutions: `x` is `[batch, in, ..]`, the weight `[in, out / groups, ..kernel]`.

use burn_ir::{
    ConvTranspose1dOpIr, ConvTranspose1dWeightBackwardOpIr, ConvTranspose2dOpIr,
    ConvTranspose2dWeightBackwardOpIr, ConvTranspose3dOpIr, ConvTranspose3dWeightBackwardOpIr,
    TensorIr,
};

use super::{conv, window};
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

    /// Columns of all places, and copies of the operands.
    fn working_bytes(&self) -> u64 {
        let kernel = shape::count(&self.weight.shape[1..]);
        let places = shape::count(&self.x.shape[2..]);
        let columns = kernel
            .saturating_mul(places)
            .min(COLUMNS.saturating_add(kernel));
        let elements = columns
            .saturating_mul(THREADS)
            .saturating_add(shape::count(&self.x.shape).saturating_mul(2))
            .saturating_add(shape::count(&self.weight.shape).saturating_mul(2));
        elements.saturating_mul(self.x.dtype.size().max(4) as u64)
    }
}

/// Elements of columns that Flex computes at once, and how many threads do so.
const COLUMNS: u64 = 2 << 20;
const THREADS: u64 = 16;

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
    c.working_memory(conv.working_bytes());
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
    let mut elements = price::product(&[weight[0] as u64, weight[1] as u64]);
    let mut padded = price::product(&[grad.shape[0] as u64, grad.shape[1] as u64]);
    for i in 0..N {
        let extent = window::extent(x[i + 2], conv.stride[i])?;
        let length = window::padded(geometry.lengths[i], (conv.padding[i], conv.padding[i]))?;
        padded = padded.saturating_mul(length as u64);
        elements =
            elements.saturating_mul(window::places(length, extent, conv.dilation[i])? as u64);
    }
    let places = shape::count(&x[2..]);
    c.flops(price::product(&[2, elements, x[0] as u64, places]));
    c.kept_storage(elements.saturating_mul(conv.x.dtype.size() as u64));
    c.working_memory(padded.saturating_mul(8));
    c.working_memory(price::product(&[
        4,
        THREADS,
        512.min(elements),
        x[0] as u64,
        places,
    ]));
    c.working_memory(conv.working_bytes());
    Ok(())
}
