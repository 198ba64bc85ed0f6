//! Shape arithmetic that cannot overflow.

use burn_backend::DType;

use crate::limits::{Limits, MAX_DIMS};
use crate::violation::{Checked, Fault, require};

/// Elements of a tensor of this shape, if the limits allow it.
///
/// Dimensions of length zero count as one against the limit: a backend still
/// computes strides from the other ones.
pub(crate) fn elements(dims: &[usize], limits: &Limits) -> Checked<u64> {
    require!(
        dims.len() <= limits.dims.min(MAX_DIMS),
        "{} dimensions are more than the {} allowed",
        dims.len(),
        limits.dims.min(MAX_DIMS)
    );
    let mut span = 1_u64;
    let mut empty = false;
    for &dim in dims {
        empty |= dim == 0;
        span = span.saturating_mul((dim as u64).max(1));
    }
    if span > limits.elements_per_tensor {
        return Err(Fault::Memory {
            what: "elements of a tensor",
            limit: limits.elements_per_tensor,
            live: 0,
            asked: span,
        });
    }
    Ok(if empty { 0 } else { span })
}

/// Bytes of a tensor of this shape and dtype, if the limits allow it.
pub(crate) fn bytes(dims: &[usize], dtype: DType, limits: &Limits) -> Checked<u64> {
    Ok(elements(dims, limits)?.saturating_mul(dtype.size() as u64))
}

/// Elements of a shape that is known to be within the limits.
pub(crate) fn count(dims: &[usize]) -> u64 {
    dims.iter()
        .fold(1_u64, |product, &dim| product.saturating_mul(dim as u64))
}

/// A dimension in which two shapes are broadcast against each other.
pub(crate) fn broadcast(lhs: usize, rhs: usize) -> Checked<usize> {
    match (lhs, rhs) {
        (1, other) | (other, 1) => Ok(other),
        (a, b) if a == b => Ok(a),
        (a, b) => Err(Fault::Invalid(format!(
            "dimensions {a} and {b} do not broadcast"
        ))),
    }
}
