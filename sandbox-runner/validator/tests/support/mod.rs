//! Builds operations the way a guest does, and keeps the ids.

#![allow(
    clippy::allow_attributes,
    reason = "a test binary that uses all of it has nothing to expect"
)]
#![allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "every test binary uses a part of it"
)]

pub mod catalogue;

use burn_backend::{DType, Shape};
use burn_ir::{OperationIr, TensorId, TensorIr, TensorStatus};
use gauntlet_validator::{Ledger, Limits, Violation};

/// Limits that no test meets by accident.
pub fn limits() -> Limits {
    Limits {
        tensor_bytes: 1 << 40,
        tensors: 10_000,
        work: u64::MAX,
        elements_per_tensor: 1 << 36,
        dims: 8,
        int_indices: Some(DType::I64),
        guards_indices: false,
        threads: 1,
    }
}

/// A ledger and the next free id.
pub struct Guest {
    pub ledger: Ledger,
    /// What was uploaded.
    pub uploads: Vec<TensorIr>,
    /// Tensors that operations may use instead of new ones.
    pub pool: Vec<TensorIr>,
    /// Are dimensions of zero and of many elements made, too?
    pub wild: bool,
    /// Are tensors of a quarter of a million elements made, which stay?
    pub large: bool,
    pub next: u64,
}

impl Guest {
    pub fn new() -> Self {
        Self::with(limits())
    }

    pub fn with(limits: Limits) -> Self {
        Self {
            ledger: Ledger::new(limits),
            uploads: Vec::new(),
            pool: Vec::new(),
            wild: false,
            large: false,
            next: 1,
        }
    }

    /// An id that was not used before.
    pub fn id(&mut self) -> TensorId {
        let id = TensorId::new(self.next);
        self.next += 1;
        id
    }

    /// A tensor that was uploaded; to be read and kept.
    pub fn tensor(&mut self, shape: &[usize], dtype: DType) -> TensorIr {
        let id = self.id();
        let bytes = shape.iter().product::<usize>() * dtype.size();
        self.ledger
            .check_upload(id.value(), shape, dtype, bytes)
            .expect("the upload is valid");
        let tensor = TensorIr {
            id,
            shape: Shape::from(shape),
            status: TensorStatus::ReadOnly,
            dtype,
        };
        self.uploads.push(tensor.clone());
        tensor
    }

    pub fn f32(&mut self, shape: &[usize]) -> TensorIr {
        self.tensor(shape, DType::F32)
    }

    pub fn i64(&mut self, shape: &[usize]) -> TensorIr {
        self.tensor(shape, DType::I64)
    }
}

/// The same tensor, used for the last time.
pub fn last(tensor: &TensorIr) -> TensorIr {
    TensorIr {
        status: TensorStatus::ReadWrite,
        ..tensor.clone()
    }
}

/// The output of an operation, to be read and kept.
pub fn kept(tensor: &TensorIr) -> TensorIr {
    TensorIr {
        status: TensorStatus::ReadOnly,
        ..tensor.clone()
    }
}

/// Expects that an operation is refused as malformed or too large.
pub fn invalid(guest: &mut Guest, op: OperationIr) {
    match guest.ledger.check(&op) {
        Err(Violation::Invalid { .. } | Violation::Memory { .. }) => {}
        other => panic!("{other:?} for {op:?}"),
    }
}

/// Expects that an operation is refused as one that the host does not execute.
pub fn unsupported(guest: &mut Guest, op: OperationIr) {
    match guest.ledger.check(&op) {
        Err(Violation::Unsupported { .. }) => {}
        other => panic!("{other:?} for {op:?}"),
    }
}

/// An output of a shape that the operation might be believed to have.
pub fn out(guest: &mut Guest, shape: impl Into<Shape>, dtype: DType) -> TensorIr {
    TensorIr::uninit(guest.id(), shape.into(), dtype)
}
