//! What operations cost.

use crate::limits::Cost;

/// Fixed cost of an operation, whatever its size. Building, checking and starting
/// one takes two to three microseconds, in which the backend does about this much
/// work on large tensors: with a lower price, methods of many small operations
/// would get far more time out of the same budget.
pub const OPERATION: u64 = 16_384;
/// Fixed cost of naming a tensor in an operation, so that a `cat` of many empty ones is not free.
pub const OPERAND: u64 = 16;
/// FLOPs of `exp`, `log`, `tanh`, `pow` and the like, per element.
pub(crate) const TRANSCENDENTAL: u64 = 8;
/// FLOPs of a random number.
pub(crate) const RANDOM: u64 = 16;

/// Moving data between host and device.
pub(crate) fn transfer(bytes: u64) -> Cost {
    Cost {
        flops: 0,
        bytes_moved: bytes,
        work: bytes.saturating_add(OPERATION),
    }
}

/// Saturating product.
pub(crate) fn product(factors: &[u64]) -> u64 {
    factors
        .iter()
        .fold(1, |product, &factor| product.saturating_mul(factor))
}

/// Comparisons of a sort of `rows` rows of `length` elements.
pub(crate) fn sort(rows: u64, length: u64) -> u64 {
    let levels = u64::from(u64::BITS - length.leading_zeros()).max(1);
    product(&[2, rows, length, levels])
}
