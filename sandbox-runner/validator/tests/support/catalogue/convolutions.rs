//! Convolutions, forward and backward.

use burn_backend::DType;
use burn_ir::*;

use super::operands::{maybe, module};
use super::source::{Maker, Source};

/// Numbers of a convolution of `N` dimensions that fit together.
struct Conv<const N: usize> {
    x: Vec<usize>,
    weight: Vec<usize>,
    stride: [usize; N],
    padding: [(usize, usize); N],
    dilation: [usize; N],
    groups: usize,
}

fn conv<const N: usize>(s: &mut Source<'_>, symmetric: bool) -> Conv<N> {
    let groups = s.within(1, 2);
    let (channels_in, channels_out) = (s.within(1, 2) * groups, s.within(1, 2) * groups);
    let mut conv = Conv {
        x: vec![s.within(1, 2), channels_in],
        weight: vec![channels_out, channels_in / groups],
        stride: [1; N],
        padding: [(0, 0); N],
        dilation: [1; N],
        groups,
    };
    for i in 0..N {
        let kernel = s.within(1, 3);
        conv.dilation[i] = s.within(1, 2);
        conv.stride[i] = s.within(1, 3);
        let before = s.within(0, 2);
        conv.padding[i] = (before, if symmetric { before } else { s.within(0, 2) });
        let extent = conv.dilation[i] * (kernel - 1) + 1;
        conv.x.push(extent + s.within(0, 3));
        conv.weight.push(kernel);
    }
    conv
}

macro_rules! convolution {
    ($n:literal, $symmetric:literal, $options:ident, $padding:expr, $forward:ident, $x_backward:ident,
     $weight_backward:ident, $bias_backward:ident, [$op:ident, $x_op:ident, $weight_op:ident, $bias_op:ident]) => {
        |s| {
            let conv = conv::<$n>(s, $symmetric);
            let padding: fn([(usize, usize); $n]) -> _ = $padding;
            let options = $options {
                stride: conv.stride,
                padding: padding(conv.padding),
                dilation: conv.dilation,
                groups: conv.groups,
            };
            let dtype = s.float();
            let (x, weight) = (s.tensor(&conv.x, dtype), s.tensor(&conv.weight, dtype));
            let bias = s.tensor(&[conv.weight[0]], dtype);
            let with_bias = s.either();
            let id = s.id();
            let forward = $forward::create(
                x.clone(),
                weight.clone(),
                with_bias.then(|| bias.clone()),
                options.clone(),
                || id,
            );
            let case = s.below(4);
            if case == 0 {
                return module(ModuleOperationIr::$op(forward));
            }
            let grad = s.tensor(&forward.out.shape.to_vec(), dtype);
            module(match case {
                1 => ModuleOperationIr::$x_op($x_backward::create(x, weight, grad, options, || id)),
                2 => ModuleOperationIr::$weight_op($weight_backward::create(
                    x,
                    weight,
                    grad,
                    options,
                    || id,
                )),
                _ => ModuleOperationIr::$bias_op($bias_backward::create(x, bias, grad, || id)),
            })
        }
    };
}

macro_rules! transposed {
    ($n:literal, $options:ident, $forward:ident, $weight_backward:ident, $bias_backward:ident,
     [$op:ident, $weight_op:ident, $bias_op:ident]) => {
        |s| {
            let mut conv = conv::<$n>(s, true);
            // Here the weight is [in, out / groups, ..].
            conv.weight.swap(0, 1);
            conv.weight[0] = conv.x[1];
            let mut padding_out = [0; $n];
            for i in 0..$n {
                padding_out[i] = s.below(conv.stride[i]);
                // What is cut off must be there.
                conv.padding[i].0 = conv.padding[i].0.min((conv.x[i + 2] - 1) / 2);
            }
            let options = $options {
                stride: conv.stride,
                padding: conv.padding.map(|(before, _)| before),
                padding_out,
                dilation: conv.dilation,
                groups: conv.groups,
            };
            let dtype = s.float();
            let (x, weight) = (s.tensor(&conv.x, dtype), s.tensor(&conv.weight, dtype));
            let bias = s.tensor(&[conv.weight[1] * conv.groups], dtype);
            let with_bias = s.either();
            let id = s.id();
            let forward = $forward::create(
                x.clone(),
                weight.clone(),
                with_bias.then(|| bias.clone()),
                options.clone(),
                || id,
            );
            let case = s.below(3);
            if case == 0 {
                return module(ModuleOperationIr::$op(forward));
            }
            let grad = s.tensor(&forward.out.shape.to_vec(), dtype);
            module(if case == 1 {
                ModuleOperationIr::$weight_op($weight_backward::create(
                    x,
                    weight,
                    grad,
                    options,
                    || id,
                ))
            } else {
                ModuleOperationIr::$bias_op($bias_backward::create(x, bias, grad, || id))
            })
        }
    };
}

pub const OPERATIONS: &[(&str, Maker)] = &[
    (
        "conv1d",
        convolution!(
            1,
            false,
            Conv1dOptionsIr,
            |padding| padding,
            Conv1dOpIr,
            Conv1dXBackwardOpIr,
            Conv1dWeightBackwardOpIr,
            Conv1dBiasBackwardOpIr,
            [
                Conv1d,
                Conv1dXBackward,
                Conv1dWeightBackward,
                Conv1dBiasBackward
            ]
        ),
    ),
    (
        "conv2d",
        convolution!(
            2,
            false,
            Conv2dOptionsIr,
            |padding| padding,
            Conv2dOpIr,
            Conv2dXBackwardOpIr,
            Conv2dWeightBackwardOpIr,
            Conv2dBiasBackwardOpIr,
            [
                Conv2d,
                Conv2dXBackward,
                Conv2dWeightBackward,
                Conv2dBiasBackward
            ]
        ),
    ),
    (
        "conv3d",
        convolution!(
            3,
            true,
            Conv3dOptionsIr,
            |padding| padding.map(|(before, _)| before),
            Conv3dOpIr,
            Conv3dXBackwardOpIr,
            Conv3dWeightBackwardOpIr,
            Conv3dBiasBackwardOpIr,
            [
                Conv3d,
                Conv3dXBackward,
                Conv3dWeightBackward,
                Conv3dBiasBackward
            ]
        ),
    ),
    (
        "conv_transpose1d",
        transposed!(
            1,
            ConvTranspose1dOptionsIr,
            ConvTranspose1dOpIr,
            ConvTranspose1dWeightBackwardOpIr,
            ConvTranspose1dBiasBackwardOpIr,
            [
                ConvTranspose1d,
                ConvTranspose1dWeightBackward,
                ConvTranspose1dBiasBackward
            ]
        ),
    ),
    (
        "conv_transpose2d",
        transposed!(
            2,
            ConvTranspose2dOptionsIr,
            ConvTranspose2dOpIr,
            ConvTranspose2dWeightBackwardOpIr,
            ConvTranspose2dBiasBackwardOpIr,
            [
                ConvTranspose2d,
                ConvTranspose2dWeightBackward,
                ConvTranspose2dBiasBackward
            ]
        ),
    ),
    (
        "conv_transpose3d",
        transposed!(
            3,
            ConvTranspose3dOptionsIr,
            ConvTranspose3dOpIr,
            ConvTranspose3dWeightBackwardOpIr,
            ConvTranspose3dBiasBackwardOpIr,
            [
                ConvTranspose3d,
                ConvTranspose3dWeightBackward,
                ConvTranspose3dBiasBackward
            ]
        ),
    ),
    ("deform_conv2d", |s| {
        let conv = conv::<2>(s, true);
        let options = DeformableConv2dOptionsIr {
            stride: conv.stride,
            padding: conv.padding.map(|(before, _)| before),
            dilation: conv.dilation,
            weight_groups: conv.groups,
            offset_groups: conv.groups,
        };
        let dtype = [DType::F32, DType::F64][s.below(2)];
        let (x, weight) = (s.tensor(&conv.x, dtype), s.tensor(&conv.weight, dtype));
        let samples = conv.groups * conv.weight[2] * conv.weight[3];
        let place = |i: usize| {
            let padded = conv.x[i + 2] + 2 * conv.padding[i].0;
            (padded - conv.dilation[i] * (conv.weight[i + 2] - 1) - 1) / conv.stride[i] + 1
        };
        let out = [conv.x[0], conv.weight[0], place(0), place(1)];
        let offset = s.tensor(&[out[0], 2 * samples, out[2], out[3]], dtype);
        let mask = maybe(s, |s| s.tensor(&[out[0], samples, out[2], out[3]], dtype));
        let bias = maybe(s, |s| s.tensor(&[out[1]], dtype));
        if s.either() {
            let id = s.id();
            return module(ModuleOperationIr::DeformableConv2d(Box::new(
                DeformConv2dOpIr::create(x, offset, weight, mask, bias, options, || id),
            )));
        }
        let grad = s.tensor(&out, dtype);
        module(ModuleOperationIr::DeformableConv2dBackward(Box::new(
            DeformConv2dBackwardOpIr::create(x, offset, weight, mask, bias, grad, options, || {
                s.id()
            }),
        )))
    }),
];
