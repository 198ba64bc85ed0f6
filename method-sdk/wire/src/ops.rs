//! The tensor channel: batches of operations on the host's tensors.

use burn_ir::OperationIr;
use serde::{Deserialize, Serialize};

/// One message of the tensor channel. A batch is their postcard encodings, one after another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
// Operations are by far the commonest; boxing them would cost an allocation each.
#[expect(clippy::large_enum_variant, reason = "the large variant is the common one")]
pub enum Message {
    /// Execute an operation.
    Op(OperationIr),
    /// Restart the device's random stream.
    Seed(u64),
}
