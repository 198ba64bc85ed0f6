//! Pools, resizing and sampling.

use burn_backend::DType;
use burn_ir::*;

use super::operands::module;
use super::source::{Maker, Source};

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
                    size.try_into().expect("the rank is known"),
                    || id,
                )),
                _ => ModuleOperationIr::AdaptiveAvgPool3d(AdaptiveAvgPool3dOpIr::create(
                    x,
                    size.try_into().expect("the rank is known"),
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
];
