//! Operations of modules, and activation functions.

use burn_backend::DType;
use burn_ir::*;

use super::{Maker, Source};

fn activation(op: ActivationOperationIr) -> OperationIr {
    OperationIr::Activation(op)
}

fn module(op: ModuleOperationIr) -> OperationIr {
    OperationIr::Module(op)
}

macro_rules! variants {
    ($s:ident, $enum:ident :: [$($name:ident),+ $(,)?]) => {{
        let makers = [$($enum::$name),+];
        makers[$s.below(makers.len())]
    }};
}

fn maybe<T>(s: &mut Source<'_>, make: impl FnOnce(&mut Source<'_>) -> T) -> Option<T> {
    if s.either() { Some(make(s)) } else { None }
}

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

/// Numbers of a pool in one dimension: length, kernel, stride, padding, dilation.
fn window(s: &mut Source<'_>) -> [usize; 5] {
    let (kernel, dilation) = (s.within(1, 3), s.within(1, 2));
    let extent = dilation * (kernel - 1) + 1;
    [
        extent + s.within(0, 4),
        kernel,
        s.within(1, 3),
        s.within(0, kernel / 2),
        dilation,
    ]
}

pub const OPERATIONS: &[(&str, Maker)] = &[
    ("activation", |s| {
        let dtype = s.float();
        let shape = s.shape(3);
        let input = s.tensor(&shape, dtype);
        let id = s.id();
        let op = UnaryOpIr::create(input, || id);
        activation(variants!(s, ActivationOperationIr::[Relu, Gelu, Sigmoid, LogSigmoid])(op))
    }),
    ("activation, backward", |s| {
        let dtype = s.float();
        let shape = s.shape(3);
        let (lhs, rhs) = (s.tensor(&shape, dtype), s.tensor(&shape, dtype));
        let id = s.id();
        let op = BinaryOpIr::create(lhs, rhs, || id);
        activation(variants!(s, ActivationOperationIr::[
            ReluBackward, GeluBackward, SigmoidBackward, LogSigmoidBackward, PRelu,
        ])(op))
    }),
    ("activation with scalars", |s| {
        let dtype = s.float();
        let shape = s.shape(3);
        let tensor = s.tensor(&shape, dtype);
        let id = s.id();
        if s.either() {
            let op = ScalarOpIr::create(tensor, ScalarIr::Float(0.1), || id);
            return activation(ActivationOperationIr::LeakyRelu(op));
        }
        let (alpha, beta) = (ScalarIr::Float(0.2), ScalarIr::Float(0.5));
        activation(ActivationOperationIr::HardSigmoid(HardSigmoidOpIr::create(
            tensor,
            alpha,
            beta,
            || id,
        )))
    }),
    ("softmax", |s| {
        let dtype = s.float();
        let shape = s.shape(3);
        let input = s.tensor(&shape, dtype);
        let (axis, id) = (s.below(3), s.id());
        let op = DimOpIr::create(input, axis, || id);
        activation(variants!(s, ActivationOperationIr::[Softmax, LogSoftmax, Softmin])(op))
    }),
    ("batch_norm", |s| {
        let dtype = s.float();
        let rank = s.within(2, 4);
        let shape = s.shape(rank);
        let x = s.tensor(&shape, dtype);
        let mut vector = || s.tensor(&[shape[1]], dtype);
        let (gamma, beta, mean, variance) = (vector(), vector(), vector(), vector());
        let id = s.id();
        module(ModuleOperationIr::BatchNorm(BatchNormOpIr::create(
            x,
            gamma,
            beta,
            mean,
            variance,
            ScalarIr::Float(1e-5),
            || id,
        )))
    }),
    ("layer_norm", |s| {
        let dtype = s.float();
        let shape = s.shape(3);
        let x = s.tensor(&shape, dtype);
        let gamma = s.tensor(&[shape[2]], dtype);
        let beta = maybe(s, |s| s.tensor(&[shape[2]], dtype));
        let id = s.id();
        module(ModuleOperationIr::LayerNorm(LayerNormOpIr::create(
            x,
            gamma,
            beta,
            1e-5,
            || id,
        )))
    }),
    ("embedding", |s| {
        let dtype = s.float();
        let (shape, table) = (s.shape(2), s.shape(2));
        let index = s.int();
        let (weights, indices) = (s.tensor(&table, dtype), s.tensor(&shape, index));
        let id = s.id();
        if s.either() {
            return module(ModuleOperationIr::Embedding(EmbeddingOpIr::create(
                weights,
                indices,
                || id,
            )));
        }
        let grad = s.tensor(&[shape[0], shape[1], table[1]], dtype);
        module(ModuleOperationIr::EmbeddingBackward(
            EmbeddingBackwardOpIr::create(weights, grad, indices, || id),
        ))
    }),
    ("linear", |s| {
        let dtype = s.float();
        let rank = s.within(2, 4);
        let shape = s.shape(rank);
        let (inner, outer) = (shape[rank - 1], s.within(1, 5));
        let mut grad = shape.clone();
        grad[rank - 1] = outer;
        let (x, grad) = (s.tensor(&shape, dtype), s.tensor(&grad, dtype));
        let weight = s.tensor(&[inner, outer], dtype);
        let bias = maybe(s, |s| s.tensor(&[outer], dtype));
        let id = s.id();
        module(match s.below(4) {
            0 => ModuleOperationIr::Linear(LinearOpIr::create(x, weight, bias, || id)),
            1 => {
                ModuleOperationIr::LinearXBackward(LinearXBackwardOpIr::create(weight, grad, || id))
            }
            2 => ModuleOperationIr::LinearWeightBackward(LinearWeightBackwardOpIr::create(
                x,
                grad,
                || id,
            )),
            _ => ModuleOperationIr::LinearBiasBackward(LinearBiasBackwardOpIr::create(grad, || id)),
        })
    }),
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
    ("avg_pool1d", |s| {
        let [length, kernel, stride, padding, _] = window(s);
        let dtype = s.float();
        let x = s.tensor(&[2, 3, length + 2], dtype);
        let (include, ceil, id) = (s.either(), s.either(), s.id());
        let op = AvgPool1dOpIr::create(x.clone(), kernel, stride, padding, include, ceil, || id);
        if s.either() {
            return module(ModuleOperationIr::AvgPool1d(op));
        }
        let grad = s.tensor(&op.out.shape.to_vec(), dtype);
        module(ModuleOperationIr::AvgPool1dBackward(
            AvgPool1dBackwardOpIr::create(x, grad, kernel, stride, padding, include, ceil, || id),
        ))
    }),
    ("avg_pool2d", |s| {
        let (h, w) = (window(s), window(s));
        let dtype = s.float();
        let x = s.tensor(&[2, 3, h[0], w[0]], dtype);
        let [kernel, stride, padding] = [1, 2, 3].map(|i| [h[i], w[i]]);
        let (include, ceil, id) = (s.either(), s.either(), s.id());
        let op = AvgPool2dOpIr::create(x.clone(), kernel, stride, padding, include, ceil, || id);
        if s.either() {
            return module(ModuleOperationIr::AvgPool2d(op));
        }
        let grad = s.tensor(&op.out.shape.to_vec(), dtype);
        module(ModuleOperationIr::AvgPool2dBackward(
            AvgPool2dBackwardOpIr::create(x, grad, kernel, stride, padding, include, ceil, || id),
        ))
    }),
    ("max_pool1d", |s| {
        let [length, kernel, stride, padding, dilation] = window(s);
        let dtype = s.float();
        let x = s.tensor(&[2, 3, length], dtype);
        let (ceil, id) = (s.either(), s.id());
        let index = [DType::I64, DType::I32][s.below(2)];
        let op = MaxPool1dOpIr::create(x.clone(), kernel, stride, padding, dilation, ceil, || id);
        module(match s.below(3) {
            0 => ModuleOperationIr::MaxPool1d(op),
            1 => ModuleOperationIr::MaxPool1dWithIndices(MaxPool1dWithIndicesOpIr::create(
                x,
                kernel,
                stride,
                padding,
                dilation,
                ceil,
                index,
                || s.id(),
            )),
            _ => {
                let shape = op.out.shape.to_vec();
                let (grad, indices) = (s.tensor(&shape, dtype), s.tensor(&shape, index));
                ModuleOperationIr::MaxPool1dWithIndicesBackward(
                    MaxPool1dWithIndicesBackwardOpIr::create(
                        x,
                        grad,
                        indices,
                        kernel,
                        stride,
                        padding,
                        dilation,
                        ceil,
                        || id,
                    ),
                )
            }
        })
    }),
    ("max_pool2d", |s| {
        let (h, w) = (window(s), window(s));
        let dtype = s.float();
        let x = s.tensor(&[2, 3, h[0], w[0]], dtype);
        let [kernel, stride, padding, dilation] = [1, 2, 3, 4].map(|i| [h[i], w[i]]);
        let (ceil, id) = (s.either(), s.id());
        let index = [DType::I64, DType::I32][s.below(2)];
        let op = MaxPool2dOpIr::create(x.clone(), kernel, stride, padding, dilation, ceil, || id);
        module(match s.below(3) {
            0 => ModuleOperationIr::MaxPool2d(op),
            1 => ModuleOperationIr::MaxPool2dWithIndices(MaxPool2dWithIndicesOpIr::create(
                x,
                kernel,
                stride,
                padding,
                dilation,
                ceil,
                index,
                || s.id(),
            )),
            _ => {
                let shape = op.out.shape.to_vec();
                let (grad, indices) = (s.tensor(&shape, dtype), s.tensor(&shape, index));
                ModuleOperationIr::MaxPool2dWithIndicesBackward(
                    MaxPool2dWithIndicesBackwardOpIr::create(
                        x,
                        grad,
                        indices,
                        kernel,
                        stride,
                        padding,
                        dilation,
                        ceil,
                        || id,
                    ),
                )
            }
        })
    }),
    ("adaptive_avg_pool", |s| {
        let dtype = s.float();
        let rank = s.within(3, 5);
        let shape = s.shape(rank);
        let x = s.tensor(&shape, dtype);
        let mut out = s.shape(rank);
        out[..2].copy_from_slice(&shape[..2]);
        let id = s.id();
        let size = out[2..].to_vec();
        if s.either() {
            return module(match rank {
                3 => ModuleOperationIr::AdaptiveAvgPool1d(AdaptiveAvgPool1dOpIr::create(
                    x,
                    size[0],
                    || id,
                )),
                4 => ModuleOperationIr::AdaptiveAvgPool2d(AdaptiveAvgPool2dOpIr::create(
                    x,
                    size.try_into().unwrap(),
                    || id,
                )),
                _ => ModuleOperationIr::AdaptiveAvgPool3d(AdaptiveAvgPool3dOpIr::create(
                    x,
                    size.try_into().unwrap(),
                    || id,
                )),
            });
        }
        let grad = s.tensor(&out, dtype);
        module(match rank {
            3 => ModuleOperationIr::AdaptiveAvgPool1dBackward(
                AdaptiveAvgPool1dBackwardOpIr::create(x, grad, || id),
            ),
            4 => ModuleOperationIr::AdaptiveAvgPool2dBackward(
                AdaptiveAvgPool2dBackwardOpIr::create(x, grad, || id),
            ),
            _ => ModuleOperationIr::AdaptiveAvgPool3dBackward(
                AdaptiveAvgPool3dBackwardOpIr::create(x, grad, || id),
            ),
        })
    }),
    ("interpolate", |s| {
        let dtype = s.float();
        let shape = s.shape(4);
        let x = s.tensor(&shape, dtype);
        let size = [s.within(1, 5), s.within(1, 5)];
        let mode = [
            InterpolateModeIr::Nearest,
            InterpolateModeIr::Bilinear,
            InterpolateModeIr::Bicubic,
            InterpolateModeIr::Lanczos3,
        ][s.below(4)]
        .clone();
        let options = InterpolateOptionsIr {
            mode,
            align_corners: s.either(),
        };
        let id = s.id();
        module(ModuleOperationIr::Interpolate(InterpolateOpIr::create(
            x,
            size,
            options,
            || id,
        )))
    }),
    ("interpolate, backward", |s| {
        let dtype = s.float();
        let shape = s.shape(4);
        let x = s.tensor(&shape, dtype);
        let size = [s.within(1, 5), s.within(1, 5)];
        let grad = s.tensor(&[shape[0], shape[1], size[0], size[1]], dtype);
        let options = InterpolateOptionsIr {
            mode: [
                InterpolateModeIr::Nearest,
                InterpolateModeIr::Bilinear,
                InterpolateModeIr::Bicubic,
            ][s.below(3)]
            .clone(),
            align_corners: s.either(),
        };
        let id = s.id();
        module(ModuleOperationIr::InterpolateBackward(
            InterpolateBackwardOpIr::create(x, grad, size, options, || id),
        ))
    }),
    ("grid_sample_2d", |s| {
        let shape = s.shape(4);
        let tensor = s.tensor(&shape, DType::F32);
        let size = [s.within(1, 4), s.within(1, 4)];
        let grid = s.tensor(&[shape[0], size[0], size[1], 2], DType::F32);
        let options = GridSampleOptionsIr {
            mode: InterpolateModeIr::Bilinear,
            padding_mode: [
                GridSamplePaddingModeIr::Zeros,
                GridSamplePaddingModeIr::Border,
                GridSamplePaddingModeIr::Reflection,
            ][s.below(3)]
            .clone(),
            align_corners: s.either(),
        };
        let id = s.id();
        OperationIr::Float(
            DType::F32,
            FloatOperationIr::GridSample2d(GridSample2dOpIr::create(tensor, grid, options, || id)),
        )
    }),
    ("unfold4d", |s| {
        let (h, w) = (window(s), window(s));
        let dtype = s.float();
        let x = s.tensor(&[2, 3, h[0], w[0]], dtype);
        let [kernel, stride, padding, dilation] = [1, 2, 3, 4].map(|i| [h[i], w[i]]);
        let id = s.id();
        let options = Unfold4dOptionsIr {
            stride,
            padding,
            dilation,
        };
        module(ModuleOperationIr::Unfold4d(Unfold4dOpIr::create(
            x,
            kernel,
            options,
            || id,
        )))
    }),
    ("attention", |s| {
        let dtype = s.float();
        let [batch, heads, queries, keys] = [1, 2, 3, 4].map(|_| s.within(1, 3));
        let (width, out) = (s.within(1, 4), s.within(1, 4));
        let query = s.tensor(&[batch, heads, queries, width], dtype);
        let key = s.tensor(&[batch, heads, keys, width], dtype);
        let value = s.tensor(&[batch, heads, keys, out], dtype);
        let scores = [batch, heads, queries, keys];
        let mask = maybe(s, |s| {
            let shape = s.broadcastable(&scores);
            s.tensor(&shape, DType::Bool(burn_backend::BoolStore::Native))
        });
        let bias = maybe(s, |s| {
            let shape = s.broadcastable(&scores);
            s.tensor(&shape, dtype)
        });
        let options = AttentionOptionsIr {
            scale: None,
            softcap: None,
            is_causal: s.either(),
        };
        let id = s.id();
        module(ModuleOperationIr::Attention(AttentionOpIr::create(
            query,
            key,
            value,
            mask,
            bias,
            options,
            || id,
        )))
    }),
];
