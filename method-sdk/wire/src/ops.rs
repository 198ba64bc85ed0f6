//! The tensor channel: batches of operations on the host's tensors.

use burn_ir::OperationIr;
use serde::{Deserialize, Serialize};

/// One message of the tensor channel, as the host reads it. A batch is their
/// postcard encodings, one after another.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[expect(
    clippy::large_enum_variant,
    reason = "operations are by far the commonest"
)]
pub enum Message {
    /// Execute an operation.
    Op(OperationIr),
    /// Restart the device's random stream.
    Seed(u64),
}

/// The same message as the guest writes it: borrowed, because operations are large to move.
#[derive(Clone, Copy, Debug, Serialize)]
pub enum MessageRef<'a> {
    /// Execute an operation.
    Op(&'a OperationIr),
    /// Restart the device's random stream.
    Seed(u64),
}
