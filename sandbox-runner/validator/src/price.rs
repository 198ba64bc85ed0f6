//! What operations cost, and what else a method asks the host for.

use crate::limits::Cost;

/// Fixed cost of an operation, whatever its size: decoding, checking and starting one on
/// the host. With a lower price, methods of many small operations would get far more time
/// out of the same budget. What the method computes to ask for it is paid by the
/// instruction, beside this.
pub const OPERATION: u64 = 9_216;
/// Fixed cost of naming a tensor in an operation, so that a `cat` of many empty ones is not free.
pub const OPERAND: u64 = 16;
/// FLOPs of `exp`, `log`, `tanh`, `pow` and the like, per element.
pub(crate) const TRANSCENDENTAL: u64 = 8;
/// FLOPs of a random number.
pub(crate) const RANDOM: u64 = 16;

/// Fixed cost of a call of the host's, whatever it asks for, beside the call's own instructions.
pub const CROSSING: u64 = 1_024;
/// Fixed cost of a structured call beside that, such as a batch or a report.
pub const STRUCTURED_CALL: u64 = 8_192;
/// Cost of a byte of a structured call or its answer, which are parsed and written.
pub const STRUCTURED_BYTE: u64 = 16;
/// Fixed cost of waiting for the device: a tensor that is read, a synchronisation. The two
/// threads of a run hand over to each other and back, which takes some microseconds.
pub const ROUND_TRIP: u64 = 32_768;
/// Fixed cost of a line of the log.
pub const LOG_LINE: u64 = 4_096;
/// Cost of a byte of a line of the log.
pub const LOG_BYTE: u64 = 8;
/// Cost of a random byte for the method's own use.
pub const RANDOM_BYTE: u64 = 8;

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
