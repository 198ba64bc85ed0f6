//! Are two results the same?
//!
//! Bit for bit, but for floats that were added up in another order because an operand
//! lay differently in memory: they may differ by what rounding does.

use burn_backend::DType;
use burn_std::{bf16, f16};

/// The first difference, in words; `None` if there is none.
#[must_use]
pub fn difference(dtype: DType, a: &[u8], b: &[u8]) -> Option<String> {
    if a == b {
        return None;
    }
    if a.len() != b.len() {
        return Some(format!("{} bytes against {}", a.len(), b.len()));
    }
    if !dtype.is_float() {
        let at = a.iter().zip(b).position(|(a, b)| a != b).unwrap_or(0);
        return Some(format!("byte {at} is {} against {}", a[at], b[at]));
    }
    let (a, b) = (floats(dtype, a), floats(dtype, b));
    // Of what cancels out, rounding errors of the largest number remain.
    let scale = (a.iter().chain(&b))
        .filter(|value| value.is_finite())
        .fold(0.0_f64, |most, value| most.max(value.abs()));
    let close = match dtype {
        DType::F64 => 1e-9,
        DType::F32 => 1e-3,
        _ => 0.1,
    };
    let same = |a: f64, b: f64| {
        a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= close * scale.max(1e-3)
    };
    let at = a.iter().zip(&b).position(|(&a, &b)| !same(a, b))?;
    Some(format!("element {at} is {} against {}", a[at], b[at]))
}

/// Elements of a float tensor.
#[must_use]
pub fn floats(dtype: DType, bytes: &[u8]) -> Vec<f64> {
    fn each<const N: usize>(bytes: &[u8], number: impl Fn([u8; N]) -> f64) -> Vec<f64> {
        bytes
            .chunks_exact(N)
            .filter_map(|chunk| chunk.try_into().ok())
            .map(number)
            .collect()
    }
    match dtype {
        DType::F64 => each(bytes, f64::from_ne_bytes),
        DType::F32 => each(bytes, |bytes| f64::from(f32::from_ne_bytes(bytes))),
        DType::F16 => each(bytes, |bytes| f16::from_ne_bytes(bytes).to_f64()),
        _ => each(bytes, |bytes| bf16::from_ne_bytes(bytes).to_f64()),
    }
}

/// Elements of an integer tensor; unsigned ones beyond `i64` become negative.
#[must_use]
pub fn ints(dtype: DType, bytes: &[u8]) -> Vec<i64> {
    fn each<const N: usize>(bytes: &[u8], number: impl Fn([u8; N]) -> i64) -> Vec<i64> {
        bytes
            .chunks_exact(N)
            .filter_map(|chunk| chunk.try_into().ok())
            .map(number)
            .collect()
    }
    match dtype {
        DType::I64 | DType::U64 => each(bytes, i64::from_ne_bytes),
        DType::I32 => each(bytes, |bytes| i64::from(i32::from_ne_bytes(bytes))),
        DType::U32 => each(bytes, |bytes| i64::from(u32::from_ne_bytes(bytes))),
        DType::I16 => each(bytes, |bytes| i64::from(i16::from_ne_bytes(bytes))),
        DType::U16 => each(bytes, |bytes| i64::from(u16::from_ne_bytes(bytes))),
        DType::I8 => each(bytes, |bytes| i64::from(i8::from_ne_bytes(bytes))),
        _ => each(bytes, |[byte]: [u8; 1]| i64::from(byte)),
    }
}
