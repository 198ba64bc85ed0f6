//! Data for uploads: plain numbers, and the ones that break things.

use burn_backend::DType;
use burn_std::{bf16, f16};

use crate::random::Random;

/// Bytes of `elements` elements.
pub fn contents(random: &mut Random, dtype: DType, elements: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(elements * dtype.size());
    let style = random.below(10);
    for _ in 0..elements {
        match dtype {
            DType::F64 => bytes.extend(float(random, style).to_ne_bytes()),
            DType::F32 => bytes.extend((float(random, style) as f32).to_ne_bytes()),
            DType::F16 => bytes.extend(f16::from_f64(float(random, style)).to_ne_bytes()),
            DType::BF16 => bytes.extend(bf16::from_f64(float(random, style)).to_ne_bytes()),
            DType::I64 | DType::U64 => bytes.extend(int(random, style).to_ne_bytes()),
            DType::I32 | DType::U32 => bytes.extend((int(random, style) as i32).to_ne_bytes()),
            DType::I16 | DType::U16 => bytes.extend((int(random, style) as i16).to_ne_bytes()),
            DType::I8 | DType::U8 => bytes.push(int(random, style) as u8),
            // The import refuses any other byte of a boolean before the executor sees it.
            _ => bytes.extend((0..dtype.size()).map(|_| random.below(2) as u8)),
        }
    }
    bytes
}

fn float(random: &mut Random, style: usize) -> f64 {
    const ODD: [f64; 12] = [
        0.0,
        -0.0,
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::MAX,
        f64::MIN,
        f64::MIN_POSITIVE,
        1e-40,
        3.4e38,
        65_504.0,
        -9.3e18,
    ];
    let plain = |random: &mut Random| (random.bits() >> 40) as f64 / f64::from(1 << 22) - 2.0;
    match style {
        0..6 => plain(random),
        6 => 0.0,
        7 => plain(random) * 1e6,
        _ if random.below(3) == 0 => ODD[random.below(ODD.len())],
        _ => plain(random),
    }
}

fn int(random: &mut Random, style: usize) -> i64 {
    const ODD: [i64; 10] = [
        -1,
        -2,
        i64::MIN,
        i64::MAX,
        i32::MIN as i64,
        i32::MAX as i64,
        255,
        -128,
        1 << 40,
        63,
    ];
    match style {
        // Indices into nearly anything.
        0..3 => 0,
        3..5 => random.below(2) as i64,
        5..7 => 1 + random.below(3) as i64,
        7 => random.below(7) as i64 - 3,
        8 => ODD[random.below(ODD.len())],
        _ => random.bits() as i64,
    }
}

/// Small numbers for floats, either for booleans, and `int` for integers.
pub fn plain(random: &mut Random, tensor: &burn_ir::TensorIr, int: i64) -> Vec<u8> {
    let elements = tensor.shape.num_elements();
    if tensor.dtype.is_float() {
        let mut bytes = Vec::new();
        for _ in 0..elements {
            let value = (random.bits() >> 40) as f64 / f64::from(1 << 23) + 0.25;
            match tensor.dtype {
                DType::F64 => bytes.extend(value.to_ne_bytes()),
                DType::F32 => bytes.extend((value as f32).to_ne_bytes()),
                DType::F16 => bytes.extend(f16::from_f64(value).to_ne_bytes()),
                _ => bytes.extend(bf16::from_f64(value).to_ne_bytes()),
            }
        }
        return bytes;
    }
    // Little-endian: of a number that fits in a byte the rest is zero.
    let size = tensor.dtype.size();
    let mut bytes = vec![0; elements * size];
    for element in bytes.chunks_exact_mut(size) {
        element[0] = if tensor.dtype.is_bool() {
            random.below(2) as u8
        } else {
            int as u8
        };
    }
    bytes
}
