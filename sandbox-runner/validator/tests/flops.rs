//! The ledger's FLOPs are those of the closed forms, whatever the shapes.

mod support;

use burn_backend::DType;
use burn_ir::*;
use proptest::collection::vec;
use proptest::prelude::*;
use support::{Guest, out};

fn flops(guest: &mut Guest, op: &OperationIr) -> u64 {
    match guest.ledger.check(op) {
        Ok(cost) => cost.flops,
        Err(violation) => panic!("{violation}"),
    }
}

fn product(dims: &[usize]) -> u64 {
    dims.iter().map(|&dim| dim as u64).product()
}

/// A dimension and one that broadcasts with it.
fn broadcastable() -> impl Strategy<Value = (usize, usize)> {
    (1_usize..7, 0..3).prop_map(|(dim, side)| match side {
        0 => (dim, 1),
        1 => (1, dim),
        _ => (dim, dim),
    })
}

fn matmul(lhs: &[usize], rhs: &[usize]) -> u64 {
    let mut guest = Guest::new();
    let (lhs, rhs) = (guest.f32(lhs), guest.f32(rhs));
    let id = guest.id();
    let op = FloatOperationIr::Matmul(MatmulOpIr::create(lhs, rhs, || id));
    flops(&mut guest, &OperationIr::Float(DType::F32, op))
}

proptest! {
    /// 2 · batch · m · n · k, the batch being that of both operands broadcast.
    #[test]
    fn a_matrix_product_costs_2mnk(
        batch in vec(broadcastable(), 0..4),
        (m, n, k) in (1_usize..200, 1_usize..200, 1_usize..200),
    ) {
        let (mut lhs, mut rhs): (Vec<_>, Vec<_>) = batch.iter().copied().unzip();
        lhs.extend([m, k]);
        rhs.extend([k, n]);
        let batches: Vec<usize> = batch.iter().map(|&(a, b)| a.max(b)).collect();
        prop_assert_eq!(matmul(&lhs, &rhs), 2 * product(&batches) * product(&[m, n, k]));
    }

    /// The layer, and both of its products on the way back, which cost the same.
    #[test]
    fn a_linear_layer_costs_2bio(
        batch in vec(1_usize..9, 1..4),
        (input, output) in (1_usize..100, 1_usize..100),
        with_bias in any::<bool>(),
    ) {
        let mut guest = Guest::new();
        let shape = |last: usize| [batch.as_slice(), &[last]].concat();
        let (x, weight) = (guest.f32(&shape(input)), guest.f32(&[input, output]));
        let grad = guest.f32(&shape(output));
        let bias = with_bias.then(|| guest.f32(&[output]));
        let ids = [guest.id(), guest.id(), guest.id()];
        let of_product = 2 * product(&batch) * product(&[input, output]);
        let of_bias = if with_bias { product(&batch) * output as u64 } else { 0 };
        let op = LinearOpIr::create(x.clone(), weight.clone(), bias, || ids[0]);
        let op = OperationIr::Module(ModuleOperationIr::Linear(op));
        prop_assert_eq!(flops(&mut guest, &op), of_product + of_bias);
        let op = LinearXBackwardOpIr::create(weight, grad.clone(), || ids[1]);
        let op = OperationIr::Module(ModuleOperationIr::LinearXBackward(op));
        prop_assert_eq!(flops(&mut guest, &op), of_product);
        let op = LinearWeightBackwardOpIr::create(x, grad, || ids[2]);
        let op = OperationIr::Module(ModuleOperationIr::LinearWeightBackward(op));
        prop_assert_eq!(flops(&mut guest, &op), of_product);
    }

    /// Attention as three operations: scores Q Kᵀ, softmax, weighted sum of V.
    #[test]
    fn attention_costs_its_two_products_and_its_softmax(
        (batch, heads) in (1_usize..5, 1_usize..9),
        (queries, keys) in (1_usize..80, 1_usize..80),
        (width, value_width) in (1_usize..65, 1_usize..65),
    ) {
        let scores = product(&[batch, heads, queries, keys]);
        let (q, k) = ([batch, heads, queries, width], [batch, heads, width, keys]);
        prop_assert_eq!(matmul(&q, &k), 2 * scores * width as u64);
        let mut guest = Guest::new();
        let input = guest.f32(&[batch, heads, queries, keys]);
        let id = guest.id();
        let op = DimOpIr::create(input, 3, || id);
        let op = OperationIr::Activation(ActivationOperationIr::Softmax(op));
        prop_assert_eq!(flops(&mut guest, &op), 12 * scores);
        let (p, v) = ([batch, heads, queries, keys], [batch, heads, keys, value_width]);
        prop_assert_eq!(matmul(&p, &v), 2 * scores * value_width as u64);
        // The fused operation costs what its parts do.
        let mut guest = Guest::new();
        let (q, k) = (guest.f32(&q), guest.f32(&[batch, heads, keys, width]));
        let v = guest.f32(&v);
        let options = AttentionOptionsIr { scale: None, softcap: None, is_causal: false };
        let id = guest.id();
        let op = AttentionOpIr::create(q, k, v, None, None, options, || id);
        let op = OperationIr::Module(ModuleOperationIr::Attention(op));
        let products = 2 * scores * (width + value_width) as u64;
        prop_assert_eq!(flops(&mut guest, &op), products + 12 * scores);
    }
}

/// One dimension of a convolution.
#[derive(Clone, Copy, Debug)]
struct Axis {
    length: usize,
    kernel: usize,
    stride: usize,
    padding: usize,
    dilation: usize,
}

impl Axis {
    fn extent(self) -> usize {
        self.dilation * (self.kernel - 1) + 1
    }

    /// Places of the kernel, counted one by one.
    fn places(self) -> usize {
        let padded = self.length + 2 * self.padding;
        (0..padded)
            .step_by(self.stride)
            .filter(|start| start + self.extent() <= padded)
            .count()
    }

    /// Places of the output's gradient, dilated by the stride, at steps of the dilation.
    fn kernel_made(self) -> usize {
        let padded = self.length + 2 * self.padding;
        let extent = self.stride * (self.places() - 1) + 1;
        (0..padded)
            .step_by(self.dilation)
            .filter(|start| start + extent <= padded)
            .count()
    }

    /// What of the padded input the stride leaves unused at the end.
    fn remainder(self) -> usize {
        (self.length + 2 * self.padding - self.extent()) % self.stride
    }
}

fn axis() -> impl Strategy<Value = Axis> {
    (1_usize..4, 1_usize..4, 0_usize..3, 1_usize..3, 0_usize..9).prop_map(
        |(kernel, stride, padding, dilation, more)| {
            let extent = dilation * (kernel - 1) + 1;
            // The kernel fits, if need be with the help of the padding.
            let length = (extent + more).saturating_sub(2 * padding).max(1);
            Axis {
                length,
                kernel,
                stride,
                padding,
                dilation,
            }
        },
    )
}

/// Batch, groups, input and output channels of a group.
fn channels() -> impl Strategy<Value = [usize; 4]> {
    [1_usize..4, 1_usize..4, 1_usize..5, 1_usize..5]
}

macro_rules! convolution {
    ($name:ident, $axes:ident, $padding:expr, $options:ident, $op:ident, $forward:ident,
     $x_op:ident, $x_backward:ident, $weight_op:ident, $weight_backward:ident) => {
        proptest! {
            /// 2 · outputs · inputs of a group · elements of the kernel, forward and backward.
            #[test]
            fn $name(axes in proptest::array::$axes(axis()), channels in channels()) {
                let [batch, groups, inputs, outputs] = channels;
                let mut guest = Guest::new();
                let shape = |first: [usize; 2], each: fn(Axis) -> usize| {
                    let mut shape = first.to_vec();
                    shape.extend(axes.map(each));
                    shape
                };
                let x = guest.f32(&shape([batch, groups * inputs], |axis| axis.length));
                let weight = guest.f32(&shape([groups * outputs, inputs], |axis| axis.kernel));
                let out_shape = shape([batch, groups * outputs], Axis::places);
                let grad = guest.f32(&out_shape);
                let options = $options {
                    stride: axes.map(|axis| axis.stride),
                    padding: axes.map($padding),
                    dilation: axes.map(|axis| axis.dilation),
                    groups,
                };
                let kernel = product(&axes.map(|axis| axis.kernel));
                let expected = 2 * product(&out_shape) * inputs as u64 * kernel;
                let out = out(&mut guest, out_shape, DType::F32);
                let op = OperationIr::Module(ModuleOperationIr::$forward($op {
                    x: x.clone(),
                    weight: weight.clone(),
                    bias: None,
                    options: options.clone(),
                    out,
                }));
                prop_assert_eq!(flops(&mut guest, &op), expected);
                let id = guest.id();
                let op = $x_op::create(
                    x.clone(), weight.clone(), grad.clone(), options.clone(), || id,
                );
                let op = OperationIr::Module(ModuleOperationIr::$x_backward(op));
                prop_assert_eq!(flops(&mut guest, &op), expected);
                // The weight's gradient is a convolution with stride and dilation exchanged:
                // where the stride left a remainder, it makes more than the weight has.
                let made = product(&axes.map(Axis::kernel_made));
                let id = guest.id();
                let op = $weight_op::create(x, weight, grad, options, || id);
                let op = OperationIr::Module(ModuleOperationIr::$weight_backward(op));
                prop_assert_eq!(flops(&mut guest, &op), expected / kernel * made);
                if axes.iter().all(|axis| axis.remainder() == 0) {
                    prop_assert_eq!(made, kernel);
                }
            }
        }
    };
}

convolution!(
    a_convolution_of_one_dimension,
    uniform1,
    |axis| (axis.padding, axis.padding),
    Conv1dOptionsIr,
    Conv1dOpIr,
    Conv1d,
    Conv1dXBackwardOpIr,
    Conv1dXBackward,
    Conv1dWeightBackwardOpIr,
    Conv1dWeightBackward
);
convolution!(
    a_convolution_of_two_dimensions,
    uniform2,
    |axis| (axis.padding, axis.padding),
    Conv2dOptionsIr,
    Conv2dOpIr,
    Conv2d,
    Conv2dXBackwardOpIr,
    Conv2dXBackward,
    Conv2dWeightBackwardOpIr,
    Conv2dWeightBackward
);
convolution!(
    a_convolution_of_three_dimensions,
    uniform3,
    |axis| axis.padding,
    Conv3dOptionsIr,
    Conv3dOpIr,
    Conv3d,
    Conv3dXBackwardOpIr,
    Conv3dXBackward,
    Conv3dWeightBackwardOpIr,
    Conv3dWeightBackward
);
