//! Scalars, distributions and dtypes that a backend would panic on.

mod support;

use burn_backend::{DType, Distribution, Shape};
use burn_ir::*;
use support::{Guest, invalid, last, out, unsupported};

#[test]
fn distributions_are_possible() {
    let mut guest = Guest::new();
    let float = [
        Distribution::Bernoulli(1.5),
        Distribution::Bernoulli(-0.1),
        Distribution::Bernoulli(f64::NAN),
        Distribution::Uniform(1.0, 1.0),
        Distribution::Uniform(2.0, 1.0),
        Distribution::Uniform(0.0, f64::INFINITY),
        Distribution::Uniform(f64::NAN, 1.0),
        Distribution::Uniform(-3e38, 3e38),
        // Equal once they are single precision.
        Distribution::Uniform(1.0, 1.0 + 1e-12),
        Distribution::Normal(0.0, -1.0),
        Distribution::Normal(0.0, f64::NAN),
        Distribution::Normal(f64::INFINITY, 1.0),
    ];
    for distribution in float {
        let out = out(&mut guest, [2], DType::F32);
        let op = FloatOperationIr::Random(RandomOpIr { out, distribution });
        invalid(&mut guest, OperationIr::Float(DType::F32, op));
    }
    let int = [
        Distribution::Uniform(0.2, 0.9),
        Distribution::Uniform(0.0, 300.0),
    ];
    for distribution in int {
        let out = out(&mut guest, [2], DType::U8);
        let op = NumericOperationIr::IntRandom(RandomOpIr { out, distribution });
        invalid(&mut guest, OperationIr::NumericInt(DType::U8, op));
    }
}

#[test]
fn integers_are_not_divided_by_zero_nor_given_what_they_cannot_hold() {
    let mut guest = Guest::new();
    let x = guest.i64(&[2]);
    let byte = guest.tensor(&[2], DType::U8);
    let scalar = |x: &TensorIr, guest: &mut Guest, rhs| {
        let id = guest.id();
        ScalarOpIr {
            lhs: x.clone(),
            rhs,
            out: TensorIr::uninit(id, Shape::from([2]), x.dtype),
        }
    };
    for rhs in [
        ScalarIr::Int(0),
        ScalarIr::UInt(0),
        ScalarIr::Float(0.5),
        ScalarIr::Bool(false),
    ] {
        let op = scalar(&x, &mut guest, rhs);
        invalid(
            &mut guest,
            OperationIr::NumericInt(DType::I64, NumericOperationIr::DivScalar(op.clone())),
        );
        invalid(
            &mut guest,
            OperationIr::NumericInt(DType::I64, NumericOperationIr::RemScalar(op)),
        );
    }
    for rhs in [
        ScalarIr::Float(f64::NAN),
        ScalarIr::Float(1e19),
        ScalarIr::UInt(u64::MAX),
    ] {
        let op = scalar(&x, &mut guest, rhs);
        invalid(
            &mut guest,
            OperationIr::NumericInt(DType::I64, NumericOperationIr::AddScalar(op)),
        );
    }
    let op = scalar(&byte, &mut guest, ScalarIr::Int(-1));
    invalid(
        &mut guest,
        OperationIr::NumericInt(DType::U8, NumericOperationIr::AddScalar(op)),
    );
    for rhs in [ScalarIr::Int(64), ScalarIr::Int(-1), ScalarIr::Float(1e9)] {
        let op = scalar(&x, &mut guest, rhs);
        invalid(
            &mut guest,
            OperationIr::Int(IntOperationIr::BitwiseLeftShiftScalar(op)),
        );
    }
    let out = out(&mut guest, [2], DType::I64);
    let (min, max) = (ScalarIr::Int(2), ScalarIr::Int(1));
    let op = ClampOpIr {
        tensor: x,
        min,
        max,
        out,
    };
    invalid(
        &mut guest,
        OperationIr::NumericInt(DType::I64, NumericOperationIr::Clamp(op)),
    );
}

#[test]
fn what_the_host_does_not_execute_is_named() {
    let mut guest = Guest::new();
    let x = guest.f32(&[2]);
    let custom = CustomOpIr::new("anything", std::slice::from_ref(&x), &[]);
    unsupported(&mut guest, OperationIr::Custom(custom));
    unsupported(
        &mut guest,
        OperationIr::Distributed(DistributedOperationIr::SyncCollective),
    );
    let out = out(&mut guest, [2], DType::F32);
    let op = DequantizeOpIr {
        input: x.clone(),
        out,
    };
    unsupported(
        &mut guest,
        OperationIr::Float(DType::F32, FloatOperationIr::Dequantize(op)),
    );
    let shared = OperationIr::Drop(x.clone());
    invalid(&mut guest, shared);
    guest.ledger.check(&OperationIr::Drop(last(&x))).unwrap();
}

#[test]
fn indices_of_int_tensors_have_the_dtype_that_the_backend_makes() {
    let mut guest = Guest::new();
    let short = guest.tensor(&[2, 3], DType::I8);
    let id = guest.id();
    let op = ReduceDimOpIr::create(short, 1, 1, || id);
    invalid(
        &mut guest,
        OperationIr::NumericInt(DType::I8, NumericOperationIr::ArgMax(op.clone())),
    );
    let mut guest = Guest::with(gauntlet_validator::Limits {
        int_indices: None,
        ..support::limits()
    });
    guest.tensor(&[2, 3], DType::I8);
    guest
        .ledger
        .check(&OperationIr::NumericInt(
            DType::I8,
            NumericOperationIr::ArgMax(op),
        ))
        .unwrap();
}
