//! Operations that are replaced before they are executed.

use burn_ir::{BaseOperationIr, OperationIr};

/// Replace `Empty`, whose elements are whatever the memory held before, by `Zeros`.
///
/// On a GPU that memory may hold another run's tensors. Price and result are
/// those that [`Ledger::check`](crate::Ledger::check) gives the original.
#[must_use]
pub fn sanitise(op: OperationIr) -> OperationIr {
    match op {
        OperationIr::BaseFloat(op) => OperationIr::BaseFloat(zeroed(op)),
        OperationIr::BaseInt(op) => OperationIr::BaseInt(zeroed(op)),
        OperationIr::BaseBool(op) => OperationIr::BaseBool(zeroed(op)),
        other => other,
    }
}

fn zeroed(op: BaseOperationIr) -> BaseOperationIr {
    match op {
        BaseOperationIr::Empty(op) => BaseOperationIr::Zeros(op),
        other => other,
    }
}
