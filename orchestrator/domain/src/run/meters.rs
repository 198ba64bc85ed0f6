//! What a phase of a run used.

use serde::{Deserialize, Serialize};

/// Meter readings of one phase.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Meters {
    /// Metered work.
    pub work: u64,
    /// Floating-point operations.
    pub flops: u64,
    /// Bytes moved by operations.
    pub bytes_moved: u64,
    /// Tensor operations.
    pub operations: u64,
    /// Training batches served.
    pub batches: u64,
    /// Most tensor bytes alive at once.
    pub peak_tensor_bytes: u64,
    /// Wall time in microseconds.
    pub wall_micros: u64,
}
