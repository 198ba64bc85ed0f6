//! How long a check takes: `cargo run --release -p gauntlet-validator --example cost_of_checking`.

use std::hint::black_box;
use std::time::Instant;

use burn_backend::{DType, Shape};
use burn_ir::{
    BinaryOpIr, FloatOperationIr, MatmulOpIr, NumericOperationIr, OperationIr, TensorId, TensorIr,
    TensorStatus,
};
use gauntlet_validator::{Ledger, Limits};

fn tensor(id: u64, shape: [usize; 2], status: TensorStatus) -> TensorIr {
    TensorIr {
        id: TensorId::new(id),
        shape: Shape::new(shape),
        status,
        dtype: DType::F32,
    }
}

fn main() {
    let mut ledger = Ledger::new(Limits {
        tensor_bytes: 1 << 32,
        tensors: 100_000,
        work: u64::MAX,
        elements_per_tensor: 1 << 30,
        dims: 8,
        int_indices: Some(DType::I64),
    });
    let shape = [64, 64];
    // As many other tensors as a model with its optimiser has.
    for id in 1..=500 {
        ledger
            .check_upload(id, &shape, DType::F32, 4 * 64 * 64)
            .expect("it is valid");
    }
    // Every operation frees the result of the one before, as most of Adam's do; the
    // last one's is what the first one takes when the steps repeat.
    let operations: Vec<OperationIr> = (0..STEP)
        .map(|number| {
            let previous = 1_000 + (number + STEP - 1) % STEP;
            let lhs = tensor(previous, shape, TensorStatus::ReadWrite);
            let rhs = tensor(1 + number % 500, shape, TensorStatus::ReadOnly);
            let next = TensorId::new(1_000 + number);
            if number % 10 == 0 {
                let op = MatmulOpIr::create(lhs, rhs, || next);
                OperationIr::Float(DType::F32, FloatOperationIr::Matmul(op))
            } else {
                let op = BinaryOpIr::create(lhs, rhs, || next);
                OperationIr::NumericFloat(DType::F32, NumericOperationIr::Mul(op))
            }
        })
        .collect();
    ledger
        .check_upload(999 + STEP, &shape, DType::F32, 4 * 64 * 64)
        .expect("it is valid");
    // The quickest of many rounds, as other processes only ever add to the time.
    let mut quickest = u128::MAX;
    for _ in 0..2_000 {
        let start = Instant::now();
        for op in &operations {
            black_box(ledger.check(black_box(op)).expect("it is valid"));
        }
        quickest = quickest.min(start.elapsed().as_nanos());
    }
    println!("{} ns per operation", quickest / u128::from(STEP));
}

/// Operations of one step of training.
const STEP: u64 = 100;
