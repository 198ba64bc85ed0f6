//! Convolutions and their gradients, of the sizes that image models have.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use burn_backend::DType;
use burn_ir::*;

use crate::MOST;
use crate::measure::{OVERHEAD, most_taken, on_threads};
use crate::support::Guest;

type Cases = Vec<(Guest, OperationIr)>;

/// Numbers of a convolution of two dimensions.
#[derive(Clone, Copy)]
struct Case {
    x: [usize; 4],
    channels_out: usize,
    kernel: [usize; 2],
    stride: usize,
    padding: [(usize, usize); 2],
    dilation: usize,
    groups: usize,
    dtype: DType,
}

const fn plain(x: [usize; 4], channels_out: usize, kernel: usize) -> Case {
    let padding = (kernel / 2, kernel / 2);
    Case {
        x,
        channels_out,
        kernel: [kernel, kernel],
        stride: 1,
        padding: [padding, padding],
        dilation: 1,
        groups: 1,
        dtype: DType::F32,
    }
}

/// The layers of small image models on 28×28, 48×48 and 96×96, and what makes the backend
/// take another way.
const LAYERS: &[Case] = &[
    plain([64, 1, 28, 28], 16, 3),
    plain([64, 16, 28, 28], 32, 3),
    plain([64, 1, 48, 48], 16, 3),
    plain([64, 3, 48, 48], 32, 3),
    plain([64, 32, 48, 48], 32, 3),
    plain([64, 32, 24, 24], 64, 3),
    plain([16, 3, 96, 96], 32, 3),
    plain([16, 32, 96, 96], 32, 3),
    plain([16, 16, 48, 48], 32, 5),
    // Many channels on few places, where the weight counts.
    plain([8, 256, 6, 6], 256, 3),
    // One kernel's element: a matrix product.
    plain([32, 32, 48, 48], 64, 1),
    plain([2, 512, 16, 16], 512, 1),
    // One sample, one channel.
    plain([1, 32, 96, 96], 32, 3),
    plain([64, 8, 48, 48], 1, 3),
    Case {
        stride: 2,
        ..plain([64, 16, 48, 48], 32, 3)
    },
    Case {
        stride: 2,
        padding: [(0, 0); 2],
        ..plain([32, 16, 49, 49], 32, 2)
    },
    Case {
        dilation: 2,
        padding: [(2, 2); 2],
        ..plain([32, 16, 48, 48], 32, 3)
    },
    Case {
        padding: [(0, 1), (1, 2)],
        ..plain([32, 16, 48, 48], 32, 3)
    },
    Case {
        groups: 4,
        ..plain([32, 32, 48, 48], 32, 3)
    },
    // Depthwise.
    Case {
        groups: 32,
        ..plain([32, 32, 48, 48], 32, 3)
    },
    Case {
        dtype: DType::F64,
        ..plain([32, 16, 48, 48], 32, 3)
    },
    Case {
        dtype: DType::F16,
        ..plain([32, 16, 48, 48], 32, 3)
    },
    Case {
        dtype: DType::BF16,
        ..plain([32, 16, 48, 48], 32, 3)
    },
];

/// Forward, and the gradients of the input, the weight and the bias.
const PASSES: usize = 4;

impl Case {
    fn build(self, pass: usize) -> (Guest, OperationIr) {
        let mut guest = Guest::new();
        let mut tensor = |shape: &[usize]| guest.tensor(shape, self.dtype);
        let x = tensor(&self.x);
        let [height, width] = self.kernel;
        let weight = tensor(&[self.channels_out, self.x[1] / self.groups, height, width]);
        let bias = tensor(&[self.channels_out]);
        let options = Conv2dOptionsIr {
            stride: [self.stride; 2],
            padding: self.padding,
            dilation: [self.dilation; 2],
            groups: self.groups,
        };
        let id = TensorId::new(1000);
        let forward = Conv2dOpIr::create(
            x.clone(),
            weight.clone(),
            Some(bias.clone()),
            options.clone(),
            || id,
        );
        if pass == 0 {
            return (
                guest,
                OperationIr::Module(ModuleOperationIr::Conv2d(forward)),
            );
        }
        let grad = guest.tensor(&forward.out.shape.to_vec(), self.dtype);
        let op = match pass {
            1 => ModuleOperationIr::Conv2dXBackward(Conv2dXBackwardOpIr::create(
                x,
                weight,
                grad,
                options,
                || id,
            )),
            2 => ModuleOperationIr::Conv2dWeightBackward(Conv2dWeightBackwardOpIr::create(
                x,
                weight,
                grad,
                options,
                || id,
            )),
            _ => ModuleOperationIr::Conv2dBiasBackward(Conv2dBiasBackwardOpIr::create(
                x,
                bias,
                grad,
                || id,
            )),
        };
        (guest, OperationIr::Module(op))
    }
}

macro_rules! line_or_volume {
    ($name:ident, $n:literal, $options:ident, $padding:expr, $op:ident($forward:ident), $x_op:ident($x_backward:ident),
     $weight_op:ident($weight_backward:ident), $bias_op:ident($bias_backward:ident)) => {
        fn $name(x: [usize; $n + 2], channels_out: usize, kernel: usize) -> Cases {
            (0..PASSES)
                .map(|pass| {
                    let mut guest = Guest::new();
                    let x = guest.f32(&x);
                    let mut shape = vec![channels_out, x.shape[1]];
                    shape.extend([kernel; $n]);
                    let (weight, bias) = (guest.f32(&shape), guest.f32(&[channels_out]));
                    let options = $options {
                        stride: [1; $n],
                        padding: [$padding(kernel / 2); $n],
                        dilation: [1; $n],
                        groups: 1,
                    };
                    let id = TensorId::new(1000);
                    let forward =
                        $forward::create(x.clone(), weight.clone(), None, options.clone(), || id);
                    let grad = guest.f32(&forward.out.shape.to_vec());
                    let op = match pass {
                        0 => ModuleOperationIr::$op(forward),
                        1 => ModuleOperationIr::$x_op($x_backward::create(
                            x,
                            weight,
                            grad,
                            options,
                            || id,
                        )),
                        2 => ModuleOperationIr::$weight_op($weight_backward::create(
                            x,
                            weight,
                            grad,
                            options,
                            || id,
                        )),
                        _ => ModuleOperationIr::$bias_op($bias_backward::create(
                            x,
                            bias,
                            grad,
                            || id,
                        )),
                    };
                    (guest, OperationIr::Module(op))
                })
                .collect()
        }
    };
}

line_or_volume!(
    line,
    1,
    Conv1dOptionsIr,
    |one| (one, one),
    Conv1d(Conv1dOpIr),
    Conv1dXBackward(Conv1dXBackwardOpIr),
    Conv1dWeightBackward(Conv1dWeightBackwardOpIr),
    Conv1dBiasBackward(Conv1dBiasBackwardOpIr)
);
line_or_volume!(
    volume,
    3,
    Conv3dOptionsIr,
    |one| one,
    Conv3d(Conv3dOpIr),
    Conv3dXBackward(Conv3dXBackwardOpIr),
    Conv3dWeightBackward(Conv3dWeightBackwardOpIr),
    Conv3dBiasBackward(Conv3dBiasBackwardOpIr)
);

macro_rules! transposed {
    ($name:ident, $n:literal, $options:ident, $op:ident($forward:ident), $weight_op:ident($weight_backward:ident),
     $bias_op:ident($bias_backward:ident)) => {
        fn $name(x: [usize; $n + 2], channels_out: usize, kernel: usize, groups: usize) -> Cases {
            (0..3)
                .map(|pass| {
                    let mut guest = Guest::new();
                    let x = guest.f32(&x);
                    let mut shape = vec![x.shape[1], channels_out / groups];
                    shape.extend([kernel; $n]);
                    let (weight, bias) = (guest.f32(&shape), guest.f32(&[channels_out]));
                    let options = $options {
                        stride: [2; $n],
                        padding: [kernel / 2; $n],
                        padding_out: [1; $n],
                        dilation: [1; $n],
                        groups,
                    };
                    let id = TensorId::new(1000);
                    let forward =
                        $forward::create(x.clone(), weight.clone(), None, options.clone(), || id);
                    if pass == 0 {
                        return (guest, OperationIr::Module(ModuleOperationIr::$op(forward)));
                    }
                    let grad = guest.f32(&forward.out.shape.to_vec());
                    let op = if pass == 1 {
                        ModuleOperationIr::$weight_op($weight_backward::create(
                            x,
                            weight,
                            grad,
                            options,
                            || id,
                        ))
                    } else {
                        ModuleOperationIr::$bias_op($bias_backward::create(x, bias, grad, || id))
                    };
                    (guest, OperationIr::Module(op))
                })
                .collect()
        }
    };
}

transposed!(
    line_transposed,
    1,
    ConvTranspose1dOptionsIr,
    ConvTranspose1d(ConvTranspose1dOpIr),
    ConvTranspose1dWeightBackward(ConvTranspose1dWeightBackwardOpIr),
    ConvTranspose1dBiasBackward(ConvTranspose1dBiasBackwardOpIr)
);
transposed!(
    image_transposed,
    2,
    ConvTranspose2dOptionsIr,
    ConvTranspose2d(ConvTranspose2dOpIr),
    ConvTranspose2dWeightBackward(ConvTranspose2dWeightBackwardOpIr),
    ConvTranspose2dBiasBackward(ConvTranspose2dBiasBackwardOpIr)
);
transposed!(
    volume_transposed,
    3,
    ConvTranspose3dOptionsIr,
    ConvTranspose3d(ConvTranspose3dOpIr),
    ConvTranspose3dWeightBackward(ConvTranspose3dWeightBackwardOpIr),
    ConvTranspose3dBiasBackward(ConvTranspose3dBiasBackwardOpIr)
);

/// Deformable convolutions, forward and backward.
fn deformable() -> Cases {
    [false, true]
        .into_iter()
        .map(|backward| {
            let mut guest = Guest::new();
            let x = guest.f32(&[4, 8, 48, 48]);
            let (offset, mask) = (guest.f32(&[4, 18, 48, 48]), guest.f32(&[4, 9, 48, 48]));
            let (weight, bias) = (guest.f32(&[8, 8, 3, 3]), guest.f32(&[8]));
            let options = DeformableConv2dOptionsIr {
                stride: [1; 2],
                padding: [1; 2],
                dilation: [1; 2],
                weight_groups: 1,
                offset_groups: 1,
            };
            let mut ids = (1000..).map(TensorId::new);
            let mut id = || ids.next().expect("there is no end");
            let (mask, bias) = (Some(mask), Some(bias));
            let op = if backward {
                let grad = guest.f32(&[4, 8, 48, 48]);
                ModuleOperationIr::DeformableConv2dBackward(Box::new(
                    DeformConv2dBackwardOpIr::create(
                        x, offset, weight, mask, bias, grad, options, id,
                    ),
                ))
            } else {
                ModuleOperationIr::DeformableConv2d(Box::new(DeformConv2dOpIr::create(
                    x, offset, weight, mask, bias, options, &mut id,
                )))
            };
            (guest, OperationIr::Module(op))
        })
        .collect()
}

/// All of them.
pub(crate) fn cases() -> Cases {
    let mut cases: Cases = LAYERS
        .iter()
        .flat_map(|case| (0..PASSES).map(|pass| case.build(pass)))
        .collect();
    cases.extend(line([32, 16, 2000], 32, 3));
    // Short rows of many channels: a product for each element of the kernel.
    cases.extend(line([32, 64, 300], 64, 1));
    cases.extend(volume([4, 8, 16, 24, 24], 16, 3));
    cases.extend(line_transposed([16, 16, 1000], 16, 3, 1));
    cases.extend(image_transposed([16, 32, 24, 24], 16, 3, 1));
    cases.extend(image_transposed([16, 32, 24, 24], 32, 3, 4));
    // Columns of more than the backend makes at once.
    cases.extend(image_transposed([2, 16, 64, 64], 64, 5, 1));
    cases.extend(volume_transposed([8, 8, 8, 16, 16], 8, 3, 1));
    cases.extend(deformable());
    cases
}

/// The worst over all of them, on one thread and on two.
#[test]
fn outside_figure_conv_charged_over_real() {
    let mut worst: f64 = 0.0;
    let mut wrong = String::new();
    for threads in [1, 2] {
        on_threads(threads, || {
            for (guest, op) in cases() {
                let name = gauntlet_validator::operation_name(&op);
                let taken = most_taken(&guest, &op).expect("it is valid");
                let shapes: Vec<_> = op.inputs().map(|one| one.shape.to_vec()).collect();
                println!(
                    "{threads} {name} {shapes:?}: {:.3} {taken:?}",
                    taken.ratio()
                );
                worst = worst.max(taken.ratio());
                if taken.real > taken.charged + OVERHEAD || taken.ratio() > MOST {
                    writeln!(wrong, "{name} {shapes:?} on {threads}: {taken:?}")
                        .expect("there is room");
                }
            }
        });
    }
    assert!(wrong.is_empty(), "{wrong}");
    // `target/tmp` is cargo's folder for tests, whatever the target folder is called.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
    let folder = target.expect("it lies in another").join("figures/outside");
    fs::create_dir_all(&folder).expect("the folder can be made");
    let line = format!("conv_charged_over_real {worst:.3}\n");
    fs::write(folder.join("conv_charged_over_real"), line).expect("the figure can be written");
}
