//! What it costs to check an operation, the ledger alone.

use std::hint::black_box;
use std::time::Instant;

use burn_backend::{DType, Shape};
use burn_ir::{
    BinaryOpIr, FloatOperationIr, MatmulOpIr, NumericOperationIr, OperationIr, TensorId, TensorIr,
    TensorStatus,
};
use gauntlet_validator::{Ledger, Limits};

use crate::error::BenchError;

/// Operations of one step of training.
const STEP: u64 = 100;
/// As many other tensors as a model with its optimiser has.
const OTHERS: u64 = 500;
const ROUNDS: usize = 2_000;

/// Nanoseconds that the ledger takes for an operation: the quickest of many rounds, as
/// other processes only ever add to the time.
///
/// # Errors
/// If the ledger refuses what is valid.
pub fn nanos_per_operation() -> Result<f64, BenchError> {
    let mut ledger = Ledger::new(Limits {
        tensor_bytes: 1 << 32,
        tensors: 100_000,
        work: u64::MAX,
        elements_per_tensor: 1 << 30,
        dims: 8,
        int_indices: Some(DType::I64),
        guards_indices: false,
        threads: 2,
    });
    let shape = [64, 64];
    let upload = |ledger: &mut Ledger, id| {
        ledger
            .check_upload(id, &shape, DType::F32, 4 * 64 * 64)
            .map_err(BenchError::failed)
    };
    for id in 1..=OTHERS {
        upload(&mut ledger, id)?;
    }
    upload(&mut ledger, 999 + STEP)?;
    let operations = step(shape);
    let mut quickest = u128::MAX;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        for operation in &operations {
            black_box(
                ledger
                    .check(black_box(operation))
                    .map_err(BenchError::failed)?,
            );
        }
        quickest = quickest.min(start.elapsed().as_nanos());
    }
    Ok(quickest as f64 / STEP as f64)
}

/// Every operation frees the result of the one before, as most of Adam's do; the
/// last one's is what the first one takes when the steps repeat.
fn step(shape: [usize; 2]) -> Vec<OperationIr> {
    let tensor = |id, status| TensorIr {
        id: TensorId::new(id),
        shape: Shape::new(shape),
        status,
        dtype: DType::F32,
    };
    (0..STEP)
        .map(|number| {
            let previous = 1_000 + (number + STEP - 1) % STEP;
            let lhs = tensor(previous, TensorStatus::ReadWrite);
            let rhs = tensor(1 + number % OTHERS, TensorStatus::ReadOnly);
            let next = || TensorId::new(1_000 + number);
            if number % 10 == 0 {
                let operation = MatmulOpIr::create(lhs, rhs, next);
                OperationIr::Float(DType::F32, FloatOperationIr::Matmul(operation))
            } else {
                let operation = BinaryOpIr::create(lhs, rhs, next);
                OperationIr::NumericFloat(DType::F32, NumericOperationIr::Mul(operation))
            }
        })
        .collect()
}
