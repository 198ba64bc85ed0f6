//! Convolutions, pools and padding whose numbers do not fit together.

mod support;

use burn_backend::DType;
use burn_ir::*;
use support::{Guest, invalid, out};

#[test]
fn convolutions_fit_together() {
    let mut guest = Guest::new();
    let (x, weight) = (guest.f32(&[1, 4, 5, 5]), guest.f32(&[4, 2, 3, 3]));
    let good = Conv2dOptionsIr {
        stride: [1, 1],
        padding: [(0, 0); 2],
        dilation: [1, 1],
        groups: 2,
    };
    let check = |guest: &mut Guest, options: &Conv2dOptionsIr, shape: [usize; 4]| {
        let out = out(guest, shape, DType::F32);
        let (x, weight, options) = (x.clone(), weight.clone(), options.clone());
        let op = Conv2dOpIr {
            x,
            weight,
            bias: None,
            options,
            out,
        };
        guest
            .ledger
            .check(&OperationIr::Module(ModuleOperationIr::Conv2d(op)))
    };
    check(&mut guest, &good, [1, 4, 3, 3]).unwrap();
    for bad in [
        Conv2dOptionsIr {
            stride: [0, 1],
            ..good.clone()
        },
        Conv2dOptionsIr {
            dilation: [1, 0],
            ..good.clone()
        },
        Conv2dOptionsIr {
            groups: 0,
            ..good.clone()
        },
        Conv2dOptionsIr {
            groups: 1,
            ..good.clone()
        },
        Conv2dOptionsIr {
            groups: 3,
            ..good.clone()
        },
        Conv2dOptionsIr {
            groups: usize::MAX,
            ..good.clone()
        },
        // The kernel does not fit.
        Conv2dOptionsIr {
            dilation: [3, 3],
            ..good.clone()
        },
        Conv2dOptionsIr {
            dilation: [usize::MAX, 1],
            ..good.clone()
        },
        // A huge padding with a huge stride, so that the output stays small.
        Conv2dOptionsIr {
            padding: [(1 << 30, 1 << 30); 2],
            stride: [1 << 30, 1 << 30],
            ..good.clone()
        },
        Conv2dOptionsIr {
            padding: [(usize::MAX, 1), (0, 0)],
            ..good.clone()
        },
    ] {
        assert!(check(&mut guest, &bad, [1, 4, 3, 3]).is_err(), "{bad:?}");
    }
    let bias = guest.f32(&[3]);
    let out = out(&mut guest, [1, 4, 3, 3], DType::F32);
    let op = Conv2dOpIr {
        x: x.clone(),
        weight: weight.clone(),
        bias: Some(bias),
        options: good,
        out,
    };
    invalid(
        &mut guest,
        OperationIr::Module(ModuleOperationIr::Conv2d(op)),
    );
}

#[test]
fn a_gradient_that_is_cut_from_something_large_is_charged_for_it() {
    let mut guest = Guest::new();
    // One place of a kernel of one element: the convolution behind the gradient has 1000.
    let (x, weight) = (guest.f32(&[1, 10, 1000]), guest.f32(&[10, 10, 1]));
    let grad = guest.f32(&[1, 10, 1]);
    let options = Conv1dOptionsIr {
        stride: [1000],
        padding: [(0, 0)],
        dilation: [1],
        groups: 1,
    };
    let before = guest.ledger.meters().live_bytes;
    let id = guest.id();
    let op = Conv1dWeightBackwardOpIr::create(x, weight, grad, options, || id);
    let op = OperationIr::Module(ModuleOperationIr::Conv1dWeightBackward(op));
    let cost = guest.ledger.check(&op).unwrap();
    assert_eq!(cost.flops, 2 * 10 * 10 * 1000);
    assert_eq!(
        guest.ledger.meters().live_bytes - before,
        4 * 10 * 10 * 1000
    );
}

#[test]
fn windows_of_pools_fit() {
    let mut guest = Guest::new();
    let x = guest.f32(&[1, 1, 5]);
    for (kernel_size, stride, padding, dilation) in [
        (0, 1, 0, 1),
        (2, 0, 0, 1),
        (2, 1, 0, 0),
        (6, 1, 0, 1),
        (2, 1, 2, 1),
        (2, 1, usize::MAX, 1),
    ] {
        let out = out(&mut guest, [1, 1, 4], DType::F32);
        let x = x.clone();
        let op = MaxPool1dOpIr {
            x,
            kernel_size,
            stride,
            padding,
            dilation,
            ceil_mode: false,
            out,
        };
        invalid(
            &mut guest,
            OperationIr::Module(ModuleOperationIr::MaxPool1d(op)),
        );
    }
}

#[test]
fn padding_is_bounded() {
    let mut guest = Guest::new();
    let x = guest.f32(&[3]);
    let constant = PadModeIr::Constant(ScalarIr::Float(0.0));
    for (padding, mode) in [
        (vec![], constant),
        (vec![(1, 1), (1, 1)], constant),
        (vec![(usize::MAX, 1)], constant),
        (vec![(3, 0)], PadModeIr::Reflect),
    ] {
        let length = padding.iter().fold(3_usize, |sum, pair: &(usize, usize)| {
            sum.saturating_add(pair.0).saturating_add(pair.1)
        });
        let out = out(&mut guest, [length], DType::F32);
        let op = PadOpIr {
            input: x.clone(),
            out,
            padding,
            mode,
        };
        invalid(
            &mut guest,
            OperationIr::NumericFloat(DType::F32, NumericOperationIr::Pad(op)),
        );
    }
}
