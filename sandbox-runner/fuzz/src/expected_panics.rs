//! Was a panic the data's fault?
//!
//! The ledger does not see data. The CPU backend checks indices and divisors while it
//! executes, and panics; that is expected, and costs the method its run.

use burn_ir::{
    BaseOperationIr, ModuleOperationIr, NumericOperationIr, OperationIr, TensorId, TensorIr,
};

use crate::compare::ints;

/// Contents of an operand.
pub type Contents<'a> = &'a dyn Fn(TensorId) -> Option<Vec<u8>>;

/// Is there an index outside, or a division of integers that has no result?
#[must_use]
pub fn is_expected(op: &OperationIr, guarding: bool, contents: Contents<'_>) -> bool {
    match op {
        // Where indices are guarded, none outside gets as far.
        OperationIr::BaseFloat(_)
        | OperationIr::BaseInt(_)
        | OperationIr::BaseBool(_)
        | OperationIr::Module(_)
            if guarding =>
        {
            false
        }
        OperationIr::BaseFloat(op) | OperationIr::BaseInt(op) | OperationIr::BaseBool(op) => {
            base(op, contents)
        }
        OperationIr::Module(op) => module(op, contents),
        OperationIr::NumericInt(_, NumericOperationIr::Div(op) | NumericOperationIr::Rem(op)) => {
            let divisors = numbers(&op.rhs, contents);
            // The least number of all has no counterpart above zero.
            let least = op.lhs.dtype.is_int() && {
                let least = i64::MIN >> (64 - 8 * op.lhs.dtype.size());
                numbers(&op.lhs, contents).contains(&least)
            };
            divisors.contains(&0) || least && divisors.contains(&-1)
        }
        _ => false,
    }
}

fn base(op: &BaseOperationIr, contents: Contents<'_>) -> bool {
    use BaseOperationIr as Op;
    match op {
        Op::Select(op) => outside(&op.indices, op.tensor.shape[op.dim], contents),
        Op::SelectAssign(op) => outside(&op.indices, op.tensor.shape[op.dim], contents),
        Op::Gather(op) => outside(&op.indices, op.tensor.shape[op.dim], contents),
        Op::Scatter(op) => outside(&op.indices, op.tensor.shape[op.dim], contents),
        Op::GatherNd(op) => coordinates_outside(&op.indices, &op.data, contents),
        Op::ScatterNd(op) => coordinates_outside(&op.indices, &op.data, contents),
        _ => false,
    }
}

fn module(op: &ModuleOperationIr, contents: Contents<'_>) -> bool {
    use ModuleOperationIr as Op;
    match op {
        Op::Embedding(op) => outside(&op.indices, op.weights.shape[0], contents),
        Op::EmbeddingBackward(op) => outside(&op.indices, op.weights.shape[0], contents),
        Op::MaxPool1dWithIndicesBackward(op) => outside(&op.indices, op.x.shape[2], contents),
        Op::MaxPool2dWithIndicesBackward(op) => {
            outside(&op.indices, op.x.shape[2] * op.x.shape[3], contents)
        }
        _ => false,
    }
}

fn numbers(tensor: &TensorIr, contents: Contents<'_>) -> Vec<i64> {
    contents(tensor.id).map_or_else(Vec::new, |bytes| ints(tensor.dtype, &bytes))
}

fn outside(indices: &TensorIr, length: usize, contents: Contents<'_>) -> bool {
    numbers(indices, contents)
        .iter()
        .any(|&index| usize::try_from(index).map_or(true, |index| index >= length))
}

fn coordinates_outside(indices: &TensorIr, data: &TensorIr, contents: Contents<'_>) -> bool {
    let Some(&k) = indices.shape.as_slice().last() else {
        return false;
    };
    numbers(indices, contents)
        .iter()
        .enumerate()
        .any(|(i, &index)| {
            let length = data.shape[i % k];
            usize::try_from(index).map_or(true, |index| index >= length)
        })
}
