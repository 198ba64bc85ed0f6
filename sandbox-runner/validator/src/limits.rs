//! What a run may use.

use burn_backend::DType;

use crate::violation::{Checked, Fault};

/// Most dimensions a tensor can have, whatever [`Limits::dims`] says.
pub const MAX_DIMS: usize = 16;

/// Ids from here on are for tensors that the host makes for itself.
pub const FIRST_HOST_ID: u64 = 1 << 63;

/// What a run may use. Every limit is required.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of live tensors, work space of the operation in hand included.
    pub tensor_bytes: u64,
    /// Live tensors.
    pub tensors: usize,
    /// Metered work: FLOPs, bytes moved, fixed costs, and what the guest computes itself.
    pub work: u64,
    /// Elements of one tensor, dimensions of length zero counted as one.
    pub elements_per_tensor: u64,
    /// Dimensions of one tensor; at most [`MAX_DIMS`].
    pub dims: usize,
    /// Dtype of the indices that the backend makes for integer tensors (`argmax`,
    /// `sort_with_indices` ...), which it is not told: `Some(I64)` for Flex,
    /// `None` where it is the tensor's own dtype (CUDA).
    pub int_indices: Option<DType>,
    /// Does the host itself check indices on the device before an operation uses them?
    pub guards_indices: bool,
    /// Threads of the backend. Some operations take work space on each of them.
    pub threads: usize,
}

/// What an operation costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Floating-point operations; integer ones count the same.
    pub flops: u64,
    /// Bytes read and written.
    pub bytes_moved: u64,
    /// What is charged: both, and the fixed costs.
    pub work: u64,
}

/// What a run has used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Meters {
    /// Floating-point operations.
    pub flops: u64,
    /// Bytes moved by operations, uploads and reads.
    pub bytes_moved: u64,
    /// Operations, uploads and reads.
    pub operations: u64,
    /// Bytes charged for live tensors.
    pub live_bytes: u64,
    /// Most bytes that were charged at once, with what an operation needed while it ran.
    pub peak_bytes: u64,
    /// Live tensors.
    pub live_tensors: usize,
}

/// Are so many more bytes within the limit?
pub(crate) fn live(now: u64, more: u64, limits: &Limits) -> Checked {
    let asked = now.saturating_add(more);
    if asked > limits.tensor_bytes {
        return Err(Fault::Memory {
            what: "tensor bytes",
            limit: limits.tensor_bytes,
            live: now,
            asked: more,
        });
    }
    Ok(())
}

/// Are so many more tensors within the limit?
pub(crate) fn handles(now: usize, more: usize, limits: &Limits) -> Checked {
    let asked = now.saturating_add(more);
    if asked > limits.tensors {
        return Err(Fault::Memory {
            what: "live tensors",
            limit: limits.tensors as u64,
            live: now as u64,
            asked: more as u64,
        });
    }
    Ok(())
}
