//! Guests whose data the ledger cannot see: indices that lie outside, divisors that are
//! zero. The backend finds out, and panics.

use burn_backend::DType;
use burn_ir::{
    BaseOperationIr, BinaryOpIr, GatherOpIr, NumericOperationIr, OperationIr, SelectOpIr,
    TensorStatus,
};

use super::Row;
use super::operations::{base, fresh, read};
use crate::expected::Expected::Method;
use crate::guest::{Guest, ones, typed};

/// A guest that picks a row by this index.
fn picks(index: i64) -> Guest {
    let mut guest = Guest::honest();
    let indices = typed(11, &[1], TensorStatus::ReadOnly, DType::I64);
    let pick = base(BaseOperationIr::Select(SelectOpIr {
        tensor: read(10, &[4, 4]),
        dim: 0,
        indices,
        out: fresh(12, &[1, 4]),
    }));
    let code = guest.submit(&[ones(10, &[4, 4])])
        + &guest.upload(11, &[1], DType::I64, &index.to_le_bytes())
        + &guest.submit(&[pick])
        + "(call $sync)";
    let honest = guest.batch(1, 2) + &guest.checkpoint("weights", 1);
    guest.train(&(code + &honest))
}

/// A guest that gathers by this index.
fn gathers(index: i64) -> Guest {
    let mut guest = Guest::honest();
    let gather = base(BaseOperationIr::Gather(GatherOpIr {
        tensor: read(10, &[4, 4]),
        dim: 1,
        indices: typed(11, &[1, 1], TensorStatus::ReadOnly, DType::I64),
        out: fresh(12, &[1, 1]),
    }));
    let code = guest.submit(&[ones(10, &[4, 4])])
        + &guest.upload(11, &[1, 1], DType::I64, &index.to_le_bytes())
        + &guest.submit(&[gather])
        + "(call $sync)";
    let honest = guest.batch(1, 2) + &guest.checkpoint("weights", 1);
    guest.train(&(code + &honest))
}

/// A guest that divides integers by a tensor of zeros, which the ledger cannot know.
pub(crate) fn divides_by_zero() -> Guest {
    let mut guest = Guest::honest();
    let int = |id, status| typed(id, &[1], status, DType::I64);
    let divide = OperationIr::NumericInt(
        DType::I64,
        NumericOperationIr::Div(BinaryOpIr {
            lhs: int(10, TensorStatus::ReadOnly),
            rhs: int(11, TensorStatus::ReadOnly),
            out: int(12, TensorStatus::NotInit),
        }),
    );
    let code = guest.upload(10, &[1], DType::I64, &1_i64.to_le_bytes())
        + &guest.upload(11, &[1], DType::I64, &0_i64.to_le_bytes())
        + &guest.submit(&[divide])
        + "(call $sync)";
    let honest = guest.batch(1, 2) + &guest.checkpoint("weights", 1);
    guest.train(&(code + &honest))
}

/// Guests whose data the ledger cannot see.
pub(super) fn rows() -> Vec<Row> {
    vec![
        ("a row far outside", picks(99), Method("")),
        ("a row before the first", picks(-1), Method("")),
        (
            "the last row that a number can name",
            picks(i64::MAX),
            Method(""),
        ),
        (
            "the first row that a number can name",
            picks(i64::MIN),
            Method(""),
        ),
        ("an element far outside", gathers(1 << 40), Method("")),
        ("an element before the first", gathers(-5), Method("")),
        (
            "integers divided by a zero on the device",
            divides_by_zero(),
            Method(""),
        ),
    ]
}
