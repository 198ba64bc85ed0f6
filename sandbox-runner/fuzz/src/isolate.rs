//! One operation on copies of its operands, in an executor of its own.

use burn_backend::{Bytes, DType, TensorData};
use burn_ir::{
    BaseOperationIr, FloatOperationIr, NumericOperationIr, OperationIr, TensorIr, TensorStatus,
};
use gauntlet_worker::executor_harness::Ended;

use crate::memory;
use crate::step::Allowance;

/// Room for anything that a stream may do.
const AMPLE: Allowance = Allowance {
    tensor_bytes: 1 << 28,
    tensors: 1000,
    work: u64::MAX,
    guarding: false,
};

/// Outputs as bytes, of the operation on operands of these contents.
///
/// # Errors
/// If the operation does not succeed there.
pub fn isolated(
    op: &OperationIr,
    operands: &[(TensorIr, Vec<u8>)],
    guarding: bool,
) -> Result<Vec<Vec<u8>>, Ended> {
    // Other garbage than the stream's memory has.
    memory::poison(0x3c);
    let outputs = execute(op, operands, guarding);
    memory::poison(0xa5);
    outputs
}

fn execute(
    op: &OperationIr,
    operands: &[(TensorIr, Vec<u8>)],
    guarding: bool,
) -> Result<Vec<Vec<u8>>, Ended> {
    let mut harness = Allowance { guarding, ..AMPLE }.harness(0);
    for (tensor, contents) in operands {
        harness.upload(tensor.id.value(), data(tensor, contents.clone()))?;
    }
    harness.execute(op.clone())?;
    op.outputs()
        .map(|output| Ok(harness.observe(output.id.value())?.as_bytes().to_vec()))
        .collect()
}

/// A tensor's data.
#[must_use]
pub fn data(tensor: &TensorIr, contents: Vec<u8>) -> TensorData {
    TensorData::from_bytes(
        Bytes::from_bytes_vec(contents),
        tensor.shape.clone(),
        tensor.dtype,
    )
}

/// Does the result depend on more than the operands, by design?
#[must_use]
pub fn is_random(op: &OperationIr) -> bool {
    matches!(
        op,
        OperationIr::Float(_, FloatOperationIr::Random(_))
            | OperationIr::NumericInt(_, NumericOperationIr::IntRandom(_))
    )
}

/// Is every element of the output zero, whatever the memory was?
#[must_use]
pub fn is_empty(op: &OperationIr) -> bool {
    matches!(
        op,
        OperationIr::BaseFloat(BaseOperationIr::Empty(_))
            | OperationIr::BaseInt(BaseOperationIr::Empty(_))
            | OperationIr::BaseBool(BaseOperationIr::Empty(_))
    )
}

/// Bytes of a tensor of this shape and dtype, if it is of a size that a test uploads.
#[must_use]
pub fn small(tensor: &TensorIr, most: usize) -> Option<usize> {
    if matches!(tensor.dtype, DType::QFloat(_)) {
        return None;
    }
    let elements = tensor
        .shape
        .iter()
        .try_fold(1_usize, |product, &dim| product.checked_mul(dim))?;
    let bytes = elements.checked_mul(tensor.dtype.size())?;
    (bytes <= most && tensor.shape.num_dims() <= 12).then_some(elements)
}

/// The tensor as an operand that stays.
#[must_use]
pub fn shared(tensor: &TensorIr) -> TensorIr {
    TensorIr {
        status: TensorStatus::ReadOnly,
        ..tensor.clone()
    }
}
