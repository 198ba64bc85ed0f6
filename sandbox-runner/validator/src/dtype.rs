//! Dtypes and the classes of tensors they make.

use burn_backend::DType;
use burn_std::BoolStore;

use crate::violation::{Checked, Fault, require};

/// The three kinds of tensors, which a backend keeps apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Float,
    Int,
    Bool,
}

impl Class {
    pub(crate) fn contains(self, dtype: DType) -> bool {
        of(dtype) == Some(self)
    }

    pub(crate) fn require(self, dtype: DType) -> Checked {
        require!(
            self.contains(dtype),
            "{} is not a dtype of a {self:?} tensor",
            dtype.name()
        );
        Ok(())
    }
}

/// Class of a dtype; `None` for one that the host does not take.
///
/// Flex32 and booleans of 32 bits are unknown to the CPU backend, and quantised
/// tensors have no operations in the interpreter.
pub(crate) fn of(dtype: DType) -> Option<Class> {
    match dtype {
        DType::F64 | DType::F32 | DType::F16 | DType::BF16 => Some(Class::Float),
        DType::I64
        | DType::I32
        | DType::I16
        | DType::I8
        | DType::U64
        | DType::U32
        | DType::U16
        | DType::U8 => Some(Class::Int),
        DType::Bool(BoolStore::Native | BoolStore::U8) => Some(Class::Bool),
        DType::Flex32 | DType::Bool(BoolStore::U32) | DType::QFloat(_) => None,
    }
}

pub(crate) fn allowed(dtype: DType) -> Checked<Class> {
    of(dtype).ok_or(Fault::Unsupported(
        "the dtype is none of f64, f32, f16, bf16, i8 to i64, u8 to u64 and bool",
    ))
}
