//! Guests whose predictions are not what can be scored.

use burn_backend::DType;
use gauntlet_wire::calls::Call;

use super::Row;
use crate::expected::Expected::{Completed, Harmless, Memory, Unscored};
use crate::guest::Guest;
use crate::harness::{INPUTS, floats};

/// A guest that predicts this, whatever it sees.
fn predicts(shape: &[usize], dtype: DType, data: &[u8]) -> Guest {
    let mut guest = Guest::honest();
    let code = guest.upload(1, shape, dtype, data) + &guest.call(&Call::Predictions { tensor: 1 });
    guest.predict(&code)
}

/// Right predictions, but for one number.
fn but_for(place: usize, value: f32) -> Guest {
    let mut values = INPUTS;
    values[place] = value;
    predicts(&[4, 2], DType::F32, &floats(&values))
}

/// Guests whose predictions are not what can be scored.
pub(super) fn rows() -> Vec<Row> {
    let right = floats(&INPUTS);
    let doubles: Vec<u8> = INPUTS
        .iter()
        .flat_map(|value| f64::from(*value).to_le_bytes())
        .collect();
    let integers: Vec<u8> = INPUTS
        .iter()
        .flat_map(|value| (*value as i64).to_le_bytes())
        .collect();
    let floats_of = |shape: &[usize], bytes: &[u8]| predicts(shape, DType::F32, bytes);
    let shape = Unscored("shape");
    vec![
        (
            "right answers without a look",
            floats_of(&[4, 2], &right),
            Harmless,
        ),
        (
            "a prediction that is no number",
            but_for(0, f32::NAN),
            Unscored("NaN"),
        ),
        (
            "an infinite prediction",
            but_for(7, f32::INFINITY),
            Unscored("inf"),
        ),
        (
            "a prediction below everything",
            but_for(3, f32::NEG_INFINITY),
            Unscored("-inf"),
        ),
        (
            "the largest number there is",
            but_for(0, f32::MAX),
            Harmless,
        ),
        ("a number next to nothing", but_for(1, 1e-45), Harmless),
        ("a nothing below nothing", but_for(1, -0.0), Harmless),
        (
            "all answers the same",
            floats_of(&[4, 2], &[0; 32]),
            Completed,
        ),
        ("too few rows", floats_of(&[3, 2], &right[..24]), shape),
        ("too many rows", floats_of(&[8, 2], &[0; 64]), shape),
        ("no rows", floats_of(&[0, 2], &[]), shape),
        ("rows for columns", floats_of(&[2, 4], &right), shape),
        ("one long row", floats_of(&[8], &right), shape),
        ("a dimension too many", floats_of(&[4, 2, 1], &right), shape),
        ("a class too many", floats_of(&[4, 3], &[0; 48]), shape),
        ("a class too few", floats_of(&[4, 1], &[0; 16]), shape),
        (
            "numbers of twice the width",
            predicts(&[4, 2], DType::F64, &doubles),
            Unscored("F64"),
        ),
        (
            "integers",
            predicts(&[4, 2], DType::I64, &integers),
            Unscored("I64"),
        ),
        (
            "truth values",
            predicts(&[4, 2], DType::Bool(burn_std::BoolStore::Native), &[1; 8]),
            Unscored("BOOL"),
        ),
        (
            "numbers of half the width",
            predicts(&[4, 2], DType::F16, &[0; 16]),
            Unscored("F16"),
        ),
        (
            "forty kilobytes of predictions",
            floats_of(&[10_000, 1], &vec![0; 40_000]),
            Unscored("bytes"),
        ),
        (
            "more predictions than a file may have",
            floats_of(&[40_000, 1], &vec![0; 160_000]),
            Memory("output"),
        ),
    ]
}
