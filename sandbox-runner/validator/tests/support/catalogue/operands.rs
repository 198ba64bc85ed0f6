//! Operands, classes and the choice of variants.

use burn_backend::DType;
use burn_ir::*;

use super::source::Source;

/// One of several variants with the same fields.
macro_rules! variants {
    ($s:ident, $enum:ident :: [$($name:ident),+ $(,)?]) => {{
        let makers = [$($enum::$name),+];
        makers[$s.below(makers.len())]
    }};
}

pub(super) use variants;

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Class {
    Float,
    Int,
    Bool,
}

pub(super) fn class(s: &mut Source<'_>) -> (Class, DType) {
    match s.below(4) {
        0 => (Class::Bool, s.bool()),
        1 => (Class::Int, s.int()),
        _ => (Class::Float, s.float()),
    }
}

pub(super) fn number(s: &mut Source<'_>) -> (Class, DType) {
    if s.either() {
        (Class::Float, s.float())
    } else {
        (Class::Int, s.int())
    }
}

pub(super) fn base(class: Class, op: BaseOperationIr) -> OperationIr {
    match class {
        Class::Float => OperationIr::BaseFloat(op),
        Class::Int => OperationIr::BaseInt(op),
        Class::Bool => OperationIr::BaseBool(op),
    }
}

pub(super) fn numeric(class: Class, dtype: DType, op: NumericOperationIr) -> OperationIr {
    match class {
        Class::Float => OperationIr::NumericFloat(dtype, op),
        _ => OperationIr::NumericInt(dtype, op),
    }
}

pub(super) fn scalar(dtype: DType) -> ScalarIr {
    ScalarIr::new(2, &dtype)
}

pub(super) fn operand(s: &mut Source<'_>, dtype: DType) -> TensorIr {
    if let Some(tensor) = s.any_pooled(dtype) {
        return tensor;
    }
    let rank = s.within(1, 4);
    let shape = s.shape(rank);
    s.tensor(&shape, dtype)
}

pub(super) fn pair(s: &mut Source<'_>, dtype: DType) -> (TensorIr, TensorIr) {
    let lhs = operand(s, dtype);
    let shape = s.broadcastable(&lhs.shape);
    (lhs, s.tensor(&shape, dtype))
}

pub(super) fn module(op: ModuleOperationIr) -> OperationIr {
    OperationIr::Module(op)
}

pub(super) fn maybe<T>(s: &mut Source<'_>, make: impl FnOnce(&mut Source<'_>) -> T) -> Option<T> {
    if s.either() { Some(make(s)) } else { None }
}
