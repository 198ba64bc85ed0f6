//! Scalars that go with an operation.

use burn_backend::DType;
use burn_ir::ScalarIr;

use crate::dtype::{self, Class};
use crate::violation::{Checked, require};

/// Can the host turn this scalar into one of the tensor's dtype?
///
/// Any number is a float, though perhaps an infinite one. An integer tensor
/// takes what fits in 64 bits of its own sign; fractions are cut off.
pub(crate) fn fits(scalar: ScalarIr, dtype: DType) -> Checked {
    if dtype::of(dtype) != Some(Class::Int) {
        return Ok(());
    }
    // 2^63 and 2^64, which floats hold exactly.
    const SIGNED: f64 = 9_223_372_036_854_775_808.0;
    const UNSIGNED: f64 = 2.0 * SIGNED;
    let unsigned = dtype.is_uint();
    let fits = match scalar {
        ScalarIr::Float(value) if unsigned => {
            value > -1.0
                && value
                    < if dtype == DType::U64 {
                        UNSIGNED
                    } else {
                        SIGNED
                    }
        }
        ScalarIr::Float(value) => (-SIGNED..SIGNED).contains(&value),
        ScalarIr::Int(value) => !unsigned || value >= 0,
        ScalarIr::UInt(value) => dtype == DType::U64 || i64::try_from(value).is_ok(),
        ScalarIr::Bool(_) => true,
    };
    require!(fits, "{scalar:?} does not fit in {}", dtype.name());
    Ok(())
}

/// Is it zero for an integer tensor, which cannot be divided by it?
pub(crate) fn divides(scalar: ScalarIr, dtype: DType) -> Checked {
    let zero = match scalar {
        ScalarIr::Float(value) => value.trunc() == 0.0,
        ScalarIr::Int(value) => value == 0,
        ScalarIr::UInt(value) => value == 0,
        ScalarIr::Bool(value) => !value,
    };
    require!(
        !zero || dtype::of(dtype) != Some(Class::Int),
        "an integer is divided by zero"
    );
    Ok(())
}

/// A scalar as a float.
pub(crate) fn float(scalar: ScalarIr) -> f64 {
    match scalar {
        ScalarIr::Float(value) => value,
        ScalarIr::Int(value) => value as f64,
        ScalarIr::UInt(value) => value as f64,
        ScalarIr::Bool(value) => f64::from(u8::from(value)),
    }
}
