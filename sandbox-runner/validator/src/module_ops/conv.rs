//! Convolutions: `x` is `[batch, in, ..]`, the weight `[out, in / groups, ..kernel]`.
//!
//! Flex writes through raw pointers computed from these numbers, so all of them
//! must agree before it starts.

use burn_ir::{
    Conv1dOpIr, Conv1dWeightBackwardOpIr, Conv1dXBackwardOpIr, Conv2dOpIr,
    Conv2dWeightBackwardOpIr, Conv2dXBackwardOpIr, Conv3dOpIr, Conv3dWeightBackwardOpIr,
    Conv3dXBackwardOpIr, TensorIr,
};

use super::{conv_scratch as scratch, window};
use crate::check::Check;
use crate::dtype::Class;
use crate::elementwise::same_dtype;
use crate::price;
use crate::shape;
use crate::violation::{Checked, require};

/// A convolution of `N` spatial dimensions.
pub(crate) struct Conv<'o, const N: usize> {
    pub(crate) x: &'o TensorIr,
    pub(crate) weight: &'o TensorIr,
    pub(crate) stride: [usize; N],
    pub(crate) padding: [(usize, usize); N],
    pub(crate) dilation: [usize; N],
    pub(crate) groups: usize,
    pub(crate) out: &'o TensorIr,
}

macro_rules! conv_from {
    ($($op:ty, $dims:literal, |$padding:ident| $symmetric:expr;)+) => {
        $(impl<'o> From<&'o $op> for Conv<'o, $dims> {
            fn from(op: &'o $op) -> Self {
                let $padding = op.options.padding;
                Self {
                    x: &op.x,
                    weight: &op.weight,
                    stride: op.options.stride,
                    padding: $symmetric,
                    dilation: op.options.dilation,
                    groups: op.options.groups,
                    out: &op.out,
                }
            }
        })+
    };
}

conv_from! {
    Conv1dOpIr, 1, |padding| padding;
    Conv2dOpIr, 2, |padding| padding;
    Conv3dOpIr, 3, |padding| padding.map(|each| (each, each));
    Conv1dXBackwardOpIr, 1, |padding| padding;
    Conv2dXBackwardOpIr, 2, |padding| padding;
    Conv3dXBackwardOpIr, 3, |padding| padding.map(|each| (each, each));
    Conv1dWeightBackwardOpIr, 1, |padding| padding;
    Conv2dWeightBackwardOpIr, 2, |padding| padding;
    Conv3dWeightBackwardOpIr, 3, |padding| padding.map(|each| (each, each));
}

/// The numbers of a convolution that has been found valid.
pub(crate) struct Geometry<const N: usize> {
    pub(crate) batch: usize,
    channels_out: usize,
    places: [usize; N],
    padded: [usize; N],
    /// Elements of the padded input.
    padded_elements: u64,
    /// `2 * batch * out * places * in / groups * kernel`.
    flops: u64,
}

impl<const N: usize> Geometry<N> {
    fn out_dim(&self, i: usize) -> usize {
        match i {
            0 => self.batch,
            1 => self.channels_out,
            i => self.places[i - 2],
        }
    }

    fn out_elements(&self) -> u64 {
        (0..N + 2).fold(1, |product: u64, i| {
            product.saturating_mul(self.out_dim(i) as u64)
        })
    }
}

impl<const N: usize> Conv<'_, N> {
    pub(crate) fn geometry(&self, c: &Check<'_, '_>) -> Checked<Geometry<N>> {
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
            groups > 0 && weight[0] % groups == 0 && weight[1].checked_mul(groups) == Some(x[1]),
            "{groups} groups do not fit an input of {x:?} and a weight of {weight:?}"
        );
        let (mut places, mut padded) = ([0; N], [0; N]);
        let mut padded_elements = price::product(&[x[0] as u64, x[1] as u64]);
        for i in 0..N {
            let extent = window::extent(weight[i + 2], self.dilation[i])?;
            padded[i] = window::padded(x[i + 2], self.padding[i])?;
            places[i] = window::places(padded[i], extent, self.stride[i])?;
            padded_elements = padded_elements.saturating_mul(padded[i] as u64);
        }
        require!(
            padded_elements <= c.limits.elements_per_tensor,
            "an input padded to {padded:?} is too large"
        );
        let mut geometry = Geometry {
            batch: x[0],
            channels_out: weight[0],
            places,
            padded,
            padded_elements,
            flops: 0,
        };
        let inner = shape::count(&weight[1..]);
        geometry.flops = price::product(&[2, geometry.out_elements(), inner]);
        Ok(geometry)
    }

    /// The numbers by which the work space is told, of an input that is padded first where
    /// the padding differs before and behind.
    fn scratch_shape(&self, geometry: &Geometry<N>) -> scratch::Shape<N> {
        let (x, weight) = (&self.x.shape, &self.weight.shape);
        let is_padded = self.is_asymmetric();
        scratch::Shape {
            batch: x[0] as u64,
            channels_in: x[1] as u64,
            input: std::array::from_fn(|i| {
                if is_padded {
                    geometry.padded[i] as u64
                } else {
                    x[i + 2] as u64
                }
            }),
            channels_out: weight[0] as u64,
            kernel: std::array::from_fn(|i| weight[i + 2] as u64),
            places: geometry.places.map(|places| places as u64),
            stride: self.stride.map(|stride| stride as u64),
            padding: self
                .padding
                .map(|(before, _)| if is_padded { 0 } else { before as u64 }),
            dilation: self.dilation.map(|dilation| dilation as u64),
            groups: self.groups as u64,
        }
    }

    fn is_asymmetric(&self) -> bool {
        self.padding.iter().any(|(before, after)| before != after)
    }

    /// Bytes of the padded input that is made where the padding differs before and behind.
    fn padded_bytes(&self, geometry: &Geometry<N>) -> u64 {
        if self.is_asymmetric() {
            geometry
                .padded_elements
                .saturating_mul(self.x.dtype.size() as u64)
        } else {
            0
        }
    }
}

pub(super) fn bias(
    c: &mut Check<'_, '_>,
    bias: Option<&TensorIr>,
    x: &TensorIr,
    channels: usize,
) -> Checked {
    if let Some(bias) = bias {
        c.input(bias, Class::Float)?;
        same_dtype(x, bias)?;
        require!(
            bias.shape.as_slice() == [channels],
            "a bias of shape {:?} does not fit {channels} channels",
            bias.shape.as_slice()
        );
    }
    Ok(())
}

fn operands<const N: usize>(c: &mut Check<'_, '_>, conv: &Conv<'_, N>) -> Checked {
    c.input(conv.x, Class::Float)?;
    c.input(conv.weight, Class::Float)?;
    same_dtype(conv.x, conv.weight)
}

pub(super) fn forward<'o, const N: usize>(
    c: &mut Check<'_, 'o>,
    conv: &Conv<'o, N>,
    with_bias: Option<&TensorIr>,
) -> Checked {
    operands(c, conv)?;
    let geometry = conv.geometry(c)?;
    bias(c, with_bias, conv.x, geometry.channels_out)?;
    c.output(conv.out, conv.x.dtype, N + 2, |i| geometry.out_dim(i))?;
    let work_space = conv.scratch_shape(&geometry);
    c.working_memory(work_space.bytes(conv.x.dtype, c.limits.threads));
    c.working_memory(conv.padded_bytes(&geometry));
    c.flops(geometry.flops);
    if with_bias.is_some() {
        c.flops(geometry.out_elements());
    }
    Ok(())
}

fn gradient<const N: usize>(
    c: &mut Check<'_, '_>,
    conv: &Conv<'_, N>,
    grad: &TensorIr,
) -> Checked<Geometry<N>> {
    operands(c, conv)?;
    c.input(grad, Class::Float)?;
    same_dtype(conv.x, grad)?;
    let geometry = conv.geometry(c)?;
    let fits = grad.shape.num_dims() == N + 2
        && grad
            .shape
            .iter()
            .enumerate()
            .all(|(i, &dim)| dim == geometry.out_dim(i));
    require!(
        fits,
        "the gradient of an output of {:?} is not {:?}",
        (0..N + 2).map(|i| geometry.out_dim(i)).collect::<Vec<_>>(),
        grad.shape.as_slice()
    );
    Ok(geometry)
}

pub(super) fn x_backward<'o, const N: usize>(
    c: &mut Check<'_, 'o>,
    conv: &Conv<'o, N>,
    grad: &TensorIr,
) -> Checked {
    let geometry = gradient(c, conv, grad)?;
    c.flops(geometry.flops);
    c.like(conv.out, conv.x)?;
    // A transposed convolution of the gradient.
    let padded = geometry.padded_elements / shape::count(&conv.x.shape[..2]);
    let transposed = scratch::Transposed {
        batch: geometry.batch as u64,
        channels_in: geometry.channels_out as u64,
        channels_out: conv.x.shape[1] as u64,
        groups: conv.groups as u64,
        kernel: shape::count(&conv.weight.shape[2..]),
        input: shape::count(&geometry.places),
        output: if conv.is_asymmetric() {
            padded
        } else {
            shape::count(&conv.x.shape[2..])
        },
    };
    c.working_memory(transposed.bytes(conv.x.dtype, c.limits.threads));
    if conv.is_asymmetric() {
        // The gradient of the padded input is made, of which the result is a slice; the
        // padded input itself is made for its shape.
        let padded = conv.padded_bytes(&geometry);
        c.kept_storage(padded);
        c.working_memory(padded);
    }
    Ok(())
}

pub(super) fn weight_backward<'o, const N: usize>(
    c: &mut Check<'_, 'o>,
    conv: &Conv<'o, N>,
    grad: &TensorIr,
) -> Checked {
    let geometry = gradient(c, conv, grad)?;
    c.like(conv.out, conv.weight)?;
    // Computed as a convolution of the input with the gradient, stride and dilation
    // exchanged. Its result is larger than the weight where the stride skipped a
    // remainder of the input, and is then cut.
    let weight = conv.weight.shape.as_slice();
    let mut kernel = [0; N];
    for (i, kernel) in kernel.iter_mut().enumerate() {
        let extent = window::extent(geometry.places[i], conv.stride[i])?;
        *kernel = window::places(geometry.padded[i], extent, conv.dilation[i])? as u64;
    }
    let elements = price::product(&[weight[0] as u64, weight[1] as u64, price::product(&kernel)]);
    c.flops(price::product(&[
        2,
        elements,
        geometry.batch as u64,
        shape::count(&geometry.places),
    ]));
    c.working_memory(conv.padded_bytes(&geometry));
    let forward = conv.scratch_shape(&geometry);
    let size = conv.x.dtype.size() as u64;
    c.working_memory(forward.weight_backward_bytes(kernel, conv.x.dtype, c.limits.threads));
    if conv.groups == 1 {
        c.kept_storage(elements.saturating_mul(size));
    } else {
        // Put together from a result for each group, which is copied as it is cut.
        let group = elements / conv.groups as u64;
        c.working_memory(group.saturating_mul(2 * size));
    }
    Ok(())
}

/// The gradient of a bias: the sum over everything but the channels.
pub(super) fn bias_backward<'o>(
    c: &mut Check<'_, 'o>,
    x: &TensorIr,
    bias: &TensorIr,
    grad: &TensorIr,
    out: &'o TensorIr,
    rank: usize,
) -> Checked {
    // Of the input only the batch size is used.
    c.input_unpriced(x, Class::Float)?;
    c.input(bias, Class::Float)?;
    c.input(grad, Class::Float)?;
    same_dtype(bias, grad)?;
    let fits = x.shape.num_dims() == rank
        && grad.shape.num_dims() == rank
        && x.shape[0] == grad.shape[0]
        && bias.shape.as_slice() == [grad.shape[1]];
    require!(
        fits,
        "a gradient of shape {:?} is not one for an input of {:?} and a bias of {:?}",
        grad.shape.as_slice(),
        x.shape.as_slice(),
        bias.shape.as_slice()
    );
    c.flops_each(grad, 1);
    // Samples and channels are exchanged, which is a copy unless there is one of them only.
    let alone = grad.shape[0] == 1 || grad.shape[1] == 1;
    if !(alone && c.is_contiguous(grad)) {
        let working = c.bytes_of(grad)?;
        c.working_memory(working);
    }
    c.output_of(out, &bias.shape, grad.dtype)
}
