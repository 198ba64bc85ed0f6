//! Pools, resizing, sampling, attention and products, of sizes that models have.

use burn_backend::{BoolStore, DType};
use burn_ir::*;

use crate::support::Guest;

type Cases = Vec<(Guest, OperationIr)>;

fn case(
    make: impl FnOnce(&mut Guest, &mut dyn FnMut() -> TensorId) -> OperationIr,
) -> (Guest, OperationIr) {
    let mut guest = Guest::new();
    let mut ids = (1000..).map(TensorId::new);
    let mut id = || ids.next().expect("there is no end");
    let op = make(&mut guest, &mut id);
    (guest, op)
}

fn module(op: ModuleOperationIr) -> OperationIr {
    OperationIr::Module(op)
}

const FLOATS: [DType; 4] = [DType::F32, DType::F64, DType::F16, DType::BF16];

fn pools(dtype: DType) -> Cases {
    const IMAGE: [usize; 4] = [8, 16, 48, 48];
    const ROWS: [usize; 3] = [8, 16, 2304];
    let image = |guest: &mut Guest| guest.tensor(&IMAGE, dtype);
    let half = |guest: &mut Guest, dtype| guest.tensor(&[8, 16, 24, 24], dtype);
    let rows = |guest: &mut Guest| guest.tensor(&ROWS, dtype);
    let fewer = |guest: &mut Guest, dtype| guest.tensor(&[8, 16, 1152], dtype);
    let (two, none) = ([2; 2], [0; 2]);
    let mut cases = vec![
        case(|g, id| {
            let op = AvgPool2dOpIr::create(image(g), two, two, none, true, false, id);
            module(ModuleOperationIr::AvgPool2d(op))
        }),
        case(|g, id| {
            let (x, grad) = (image(g), half(g, dtype));
            let op = AvgPool2dBackwardOpIr::create(x, grad, two, two, none, true, false, id);
            module(ModuleOperationIr::AvgPool2dBackward(op))
        }),
        case(|g, id| {
            let op = AvgPool1dOpIr::create(rows(g), 2, 2, 0, true, false, id);
            module(ModuleOperationIr::AvgPool1d(op))
        }),
        case(|g, id| {
            let (x, grad) = (rows(g), fewer(g, dtype));
            let op = AvgPool1dBackwardOpIr::create(x, grad, 2, 2, 0, true, false, id);
            module(ModuleOperationIr::AvgPool1dBackward(op))
        }),
        case(|g, id| {
            let op = MaxPool2dOpIr::create(image(g), two, two, none, [1; 2], false, id);
            module(ModuleOperationIr::MaxPool2d(op))
        }),
        case(|g, id| {
            let op = MaxPool1dOpIr::create(rows(g), 2, 2, 0, 1, false, id);
            module(ModuleOperationIr::MaxPool1d(op))
        }),
        case(|g, id| {
            let op = AdaptiveAvgPool1dOpIr::create(rows(g), 1000, id);
            module(ModuleOperationIr::AdaptiveAvgPool1d(op))
        }),
        case(|g, id| {
            let op = AdaptiveAvgPool2dOpIr::create(image(g), [20; 2], id);
            module(ModuleOperationIr::AdaptiveAvgPool2d(op))
        }),
        case(|g, id| {
            let x = g.tensor(&[8, 4, 16, 24, 24], dtype);
            let op = AdaptiveAvgPool3dOpIr::create(x, [7; 3], id);
            module(ModuleOperationIr::AdaptiveAvgPool3d(op))
        }),
        case(|g, id| {
            let (x, grad) = (rows(g), fewer(g, dtype));
            let op = AdaptiveAvgPool1dBackwardOpIr::create(x, grad, id);
            module(ModuleOperationIr::AdaptiveAvgPool1dBackward(op))
        }),
        case(|g, id| {
            let (x, grad) = (image(g), half(g, dtype));
            let op = AdaptiveAvgPool2dBackwardOpIr::create(x, grad, id);
            module(ModuleOperationIr::AdaptiveAvgPool2dBackward(op))
        }),
        case(|g, id| {
            let x = g.tensor(&[8, 4, 16, 24, 24], dtype);
            let grad = g.tensor(&[8, 4, 8, 12, 12], dtype);
            let op = AdaptiveAvgPool3dBackwardOpIr::create(x, grad, id);
            module(ModuleOperationIr::AdaptiveAvgPool3dBackward(op))
        }),
    ];
    for index in [DType::I64, DType::I32] {
        cases.push(case(|g, id| {
            let op = MaxPool2dWithIndicesOpIr::create(
                image(g),
                two,
                two,
                none,
                [1; 2],
                false,
                index,
                id,
            );
            module(ModuleOperationIr::MaxPool2dWithIndices(op))
        }));
        cases.push(case(|g, id| {
            let op = MaxPool1dWithIndicesOpIr::create(rows(g), 2, 2, 0, 1, false, index, id);
            module(ModuleOperationIr::MaxPool1dWithIndices(op))
        }));
        cases.push(case(|g, id| {
            let (x, grad, indices) = (image(g), half(g, dtype), half(g, index));
            let op = MaxPool2dWithIndicesBackwardOpIr::create(
                x, grad, indices, two, two, none, [1; 2], false, id,
            );
            module(ModuleOperationIr::MaxPool2dWithIndicesBackward(op))
        }));
        cases.push(case(|g, id| {
            let (x, grad, indices) = (rows(g), fewer(g, dtype), fewer(g, index));
            let op =
                MaxPool1dWithIndicesBackwardOpIr::create(x, grad, indices, 2, 2, 0, 1, false, id);
            module(ModuleOperationIr::MaxPool1dWithIndicesBackward(op))
        }));
    }
    cases
}

fn resizing(dtype: DType) -> Cases {
    let mut cases = Vec::new();
    for mode in [
        InterpolateModeIr::Nearest,
        InterpolateModeIr::Bilinear,
        InterpolateModeIr::Bicubic,
        InterpolateModeIr::Lanczos3,
    ] {
        let options = InterpolateOptionsIr {
            mode: mode.clone(),
            align_corners: false,
        };
        cases.push(case(|g, id| {
            let x = g.tensor(&[4, 8, 48, 48], dtype);
            let op = InterpolateOpIr::create(x, [60, 40], options.clone(), id);
            module(ModuleOperationIr::Interpolate(op))
        }));
        if mode != InterpolateModeIr::Lanczos3 {
            cases.push(case(|g, id| {
                let x = g.tensor(&[4, 8, 48, 48], dtype);
                let grad = g.tensor(&[4, 8, 60, 40], dtype);
                let op = InterpolateBackwardOpIr::create(x, grad, [60, 40], options, id);
                module(ModuleOperationIr::InterpolateBackward(op))
            }));
        }
    }
    cases.push(case(|g, id| {
        let x = g.tensor(&[4, 4, 48, 48], dtype);
        let options = Unfold4dOptionsIr {
            stride: [1; 2],
            padding: [1; 2],
            dilation: [1; 2],
        };
        let op = Unfold4dOpIr::create(x, [3; 2], options, id);
        module(ModuleOperationIr::Unfold4d(op))
    }));
    cases
}

fn sampling() -> Cases {
    [
        GridSamplePaddingModeIr::Zeros,
        GridSamplePaddingModeIr::Border,
        GridSamplePaddingModeIr::Reflection,
    ]
    .into_iter()
    .map(|padding_mode| {
        case(|g, id| {
            let (x, grid) = (g.f32(&[4, 8, 96, 96]), g.f32(&[4, 96, 96, 2]));
            let options = GridSampleOptionsIr {
                mode: InterpolateModeIr::Bilinear,
                padding_mode,
                align_corners: false,
            };
            let op = GridSample2dOpIr::create(x, grid, options, id);
            OperationIr::Float(DType::F32, FloatOperationIr::GridSample2d(op))
        })
    })
    .collect()
}

fn attention(dtype: DType) -> Cases {
    let mut cases = Vec::new();
    // Short and long sequences are computed differently.
    for (heads, length, width) in [(4, 128, 32), (2, 800, 64)] {
        for masked in [false, true] {
            cases.push(case(|g, id| {
                let mut operand = || g.tensor(&[4, heads, length, width], dtype);
                let (query, key, value) = (operand(), operand(), operand());
                let mask = DType::Bool(BoolStore::Native);
                let mask = masked.then(|| g.tensor(&[1, 1, length, length], mask));
                let options = AttentionOptionsIr {
                    scale: None,
                    softcap: None,
                    is_causal: !masked,
                };
                let op = AttentionOpIr::create(query, key, value, mask, None, options, id);
                module(ModuleOperationIr::Attention(op))
            }));
        }
    }
    cases
}

fn products(dtype: DType) -> Cases {
    let mut cases = Vec::new();
    for (lhs, rhs) in [
        (vec![256, 784], vec![784, 256]),
        (vec![512, 512], vec![512, 512]),
        (vec![100, 3000], vec![3000, 30]),
        (vec![16, 128, 64], vec![16, 64, 128]),
        (vec![4, 300, 300], vec![1, 300, 300]),
        (vec![1, 1024], vec![1024, 250]),
        (vec![1000, 300], vec![300, 1]),
    ] {
        cases.push(case(|g, id| {
            let (lhs, rhs) = (g.tensor(&lhs, dtype), g.tensor(&rhs, dtype));
            let op = MatmulOpIr::create(lhs, rhs, id);
            if dtype.is_float() {
                OperationIr::Float(dtype, FloatOperationIr::Matmul(op))
            } else {
                OperationIr::Int(IntOperationIr::Matmul(op))
            }
        }));
    }
    cases
}

fn linear(dtype: DType) -> Cases {
    let mut cases = Vec::new();
    for (rows, inner, outer) in [
        (vec![256], 784, 256),
        (vec![16, 128], 64, 256),
        (vec![128], 1500, 10),
    ] {
        let shape = |last: usize| [rows.clone(), vec![last]].concat();
        cases.push(case(|g, id| {
            let (x, weight) = (
                g.tensor(&shape(inner), dtype),
                g.tensor(&[inner, outer], dtype),
            );
            let bias = g.tensor(&[outer], dtype);
            module(ModuleOperationIr::Linear(LinearOpIr::create(
                x,
                weight,
                Some(bias),
                id,
            )))
        }));
        cases.push(case(|g, id| {
            let (weight, grad) = (
                g.tensor(&[inner, outer], dtype),
                g.tensor(&shape(outer), dtype),
            );
            let op = LinearXBackwardOpIr::create(weight, grad, id);
            module(ModuleOperationIr::LinearXBackward(op))
        }));
        cases.push(case(|g, id| {
            let (x, grad) = (
                g.tensor(&shape(inner), dtype),
                g.tensor(&shape(outer), dtype),
            );
            let op = LinearWeightBackwardOpIr::create(x, grad, id);
            module(ModuleOperationIr::LinearWeightBackward(op))
        }));
        cases.push(case(|g, id| {
            let grad = g.tensor(&shape(outer), dtype);
            let op = LinearBiasBackwardOpIr::create(grad, id);
            module(ModuleOperationIr::LinearBiasBackward(op))
        }));
    }
    cases
}

fn embeddings(dtype: DType, index: DType) -> Cases {
    vec![
        case(|g, id| {
            let (weights, indices) = (g.tensor(&[5000, 64], dtype), g.tensor(&[32, 128], index));
            let op = EmbeddingOpIr::create(weights, indices, id);
            module(ModuleOperationIr::Embedding(op))
        }),
        case(|g, id| {
            let (weights, indices) = (g.tensor(&[5000, 64], dtype), g.tensor(&[32, 128], index));
            let grad = g.tensor(&[32, 128, 64], dtype);
            let op = EmbeddingBackwardOpIr::create(weights, grad, indices, id);
            module(ModuleOperationIr::EmbeddingBackward(op))
        }),
    ]
}

/// All of them.
pub(crate) fn cases() -> Cases {
    let mut cases = sampling();
    for dtype in FLOATS {
        cases.extend(pools(dtype));
        cases.extend(resizing(dtype));
        cases.extend(attention(dtype));
        cases.extend(products(dtype));
        cases.extend(linear(dtype));
        cases.extend(embeddings(dtype, DType::I64));
        cases.extend(embeddings(dtype, DType::I32));
    }
    cases.extend(products(DType::I64));
    cases.extend(products(DType::I32));
    cases
}
