//! Prices against the formulas of the textbooks.

mod support;

use burn_backend::{DType, Shape};
use burn_ir::*;
use gauntlet_validator::price::{OPERAND, OPERATION};
use support::Guest;

fn matmul(lhs: &[usize], rhs: &[usize]) -> u64 {
    let mut guest = Guest::new();
    let (lhs, rhs) = (guest.f32(lhs), guest.f32(rhs));
    let id = guest.id();
    let op = FloatOperationIr::Matmul(MatmulOpIr::create(lhs, rhs, || id));
    guest
        .ledger
        .check(&OperationIr::Float(DType::F32, op))
        .expect("the shapes fit")
        .flops
}

#[test]
fn a_matrix_product_is_2mnk() {
    assert_eq!(matmul(&[3, 5], &[5, 7]), 2 * 3 * 5 * 7);
    assert_eq!(matmul(&[4, 3, 5], &[4, 5, 7]), 4 * 2 * 3 * 5 * 7);
    assert_eq!(matmul(&[4, 1, 3, 5], &[1, 2, 5, 7]), 8 * 2 * 3 * 5 * 7);
}

#[test]
fn a_linear_layer_is_a_matrix_product_forward_and_backward() {
    let mut guest = Guest::new();
    let (x, weight, bias) = (guest.f32(&[8, 6, 5]), guest.f32(&[5, 7]), guest.f32(&[7]));
    let grad = guest.f32(&[8, 6, 7]);
    let product = 2 * (8 * 6) * 5 * 7;
    let mut flops = |op| guest.ledger.check(&OperationIr::Module(op)).unwrap().flops;
    let mut ids = (100..).map(TensorId::new);
    let mut id = || ids.next().unwrap();
    let op = LinearOpIr::create(x.clone(), weight.clone(), Some(bias), &mut id);
    assert_eq!(flops(ModuleOperationIr::Linear(op)), product + 8 * 6 * 7);
    let op = LinearXBackwardOpIr::create(weight, grad.clone(), &mut id);
    assert_eq!(flops(ModuleOperationIr::LinearXBackward(op)), product);
    let op = LinearWeightBackwardOpIr::create(x, grad.clone(), &mut id);
    assert_eq!(flops(ModuleOperationIr::LinearWeightBackward(op)), product);
    let op = LinearBiasBackwardOpIr::create(grad, &mut id);
    assert_eq!(flops(ModuleOperationIr::LinearBiasBackward(op)), 8 * 6 * 7);
}

#[test]
fn a_convolution_is_2_out_in_kernel_forward_and_backward() {
    let mut guest = Guest::new();
    let (groups, batch, channels_in, channels_out) = (2, 3, 4, 6);
    let x = guest.f32(&[batch, channels_in, 9, 8]);
    let weight = guest.f32(&[channels_out, channels_in / groups, 3, 2]);
    let options = Conv2dOptionsIr {
        stride: [2, 1],
        padding: [(1, 1), (0, 0)],
        dilation: [1, 1],
        groups,
    };
    // (9 + 2 - 3) / 2 + 1 = 5 and 8 - 2 + 1 = 7
    let grad = guest.f32(&[batch, channels_out, 5, 7]);
    let product = (2 * batch * channels_out * 5 * 7 * (channels_in / groups) * 3 * 2) as u64;
    let mut flops = |op| guest.ledger.check(&OperationIr::Module(op)).unwrap().flops;
    let mut ids = (100..).map(TensorId::new);
    let mut id = || ids.next().unwrap();
    let op = Conv2dOpIr::create(x.clone(), weight.clone(), None, options.clone(), &mut id);
    assert_eq!(op.out.shape, Shape::from([batch, channels_out, 5, 7]));
    assert_eq!(flops(ModuleOperationIr::Conv2d(op)), product);
    let op = Conv2dXBackwardOpIr::create(
        x.clone(),
        weight.clone(),
        grad.clone(),
        options.clone(),
        &mut id,
    );
    assert_eq!(flops(ModuleOperationIr::Conv2dXBackward(op)), product);
    let op = Conv2dWeightBackwardOpIr::create(x, weight, grad, options, &mut id);
    assert_eq!(flops(ModuleOperationIr::Conv2dWeightBackward(op)), product);
}

#[test]
fn only_the_selected_rows_of_a_table_are_paid_for() {
    let mut guest = Guest::new();
    let (weights, indices) = (guest.f32(&[50_000, 64]), guest.i64(&[2, 8]));
    let id = guest.id();
    let op = EmbeddingOpIr::create(weights, indices, || id);
    let cost = guest
        .ledger
        .check(&OperationIr::Module(ModuleOperationIr::Embedding(op)))
        .unwrap();
    assert_eq!(
        (cost.flops, cost.bytes_moved),
        (0, 16 * 8 + 2 * 16 * 64 * 4)
    );
}

#[test]
fn sorting_costs_n_log_n() {
    let mut guest = Guest::new();
    let input = guest.f32(&[10, 1000]);
    let id = guest.id();
    let op = NumericOperationIr::Sort(SortOpIr::create(input, 1, false, || id));
    let cost = guest
        .ledger
        .check(&OperationIr::NumericFloat(DType::F32, op))
        .unwrap();
    assert_eq!(cost.flops, 2 * 10 * 1000 * 10);
}

#[test]
fn views_are_free_but_for_the_fixed_cost_and_their_copies_are_paid_for() {
    let mut guest = Guest::new();
    let input = guest.f32(&[100, 100]);
    let id = guest.id();
    let flat = |guest: &mut Guest, input: TensorIr| {
        let id = guest.id();
        let op = ShapeOpIr::reshape(input, Shape::from([10_000]), || id);
        guest
            .ledger
            .check(&OperationIr::BaseFloat(BaseOperationIr::Reshape(op)))
            .unwrap()
    };
    let fixed = OPERATION + 2 * OPERAND;
    assert_eq!(flat(&mut guest, input.clone()).work, fixed);
    let op = PermuteOpIr::create(input, vec![1, 0], || id);
    let turned = TensorIr {
        status: TensorStatus::ReadOnly,
        ..op.out.clone()
    };
    let op = BaseOperationIr::Permute(op);
    let cost = guest.ledger.check(&OperationIr::BaseFloat(op)).unwrap();
    assert_eq!((cost.flops, cost.bytes_moved, cost.work), (0, 0, fixed));
    // What lies by columns has to be copied to lie in a row.
    assert_eq!(flat(&mut guest, turned).work, fixed + 2 * 40_000);
}
