//! How values of a Parquet column become cells.

use parquet::data_type::{ByteArray, FixedLenByteArray, Int96};

use super::meaning::Meaning;
use crate::batch::{Cells, Texts};

const SECONDS_OF_A_DAY: f64 = 86_400.0;
/// The Julian day of 1970-01-01, from which INT96 counts.
const FIRST_DAY: i64 = 2_440_588;
/// Bytes of a batch's texts of one column.
const MAX_TEXTS: usize = 1 << 30;

/// Cells of a column that is read, none yet.
pub(super) fn none(meaning: Meaning) -> Cells {
    match meaning {
        Meaning::Boolean => Cells::Booleans(Vec::new()),
        Meaning::Integer | Meaning::Unsigned | Meaning::Decimal(0) => Cells::Integers(Vec::new()),
        Meaning::Days | Meaning::Ticks(_) | Meaning::Julian => Cells::Times(Vec::new()),
        Meaning::Text | Meaning::Uuid | Meaning::Digits => Cells::Texts(Texts::default()),
        Meaning::Number
        | Meaning::Decimal(_)
        | Meaning::OfDay(_)
        | Meaning::Half
        | Meaning::Nothing => Cells::Numbers(Vec::new()),
    }
}

/// Adds a row without a value.
pub(super) fn push_missing(cells: &mut Cells) {
    match cells {
        Cells::Texts(texts) => texts.push(None),
        Cells::Numbers(numbers) | Cells::Times(numbers) => numbers.push(f64::NAN),
        Cells::Integers(integers) => integers.push(None),
        Cells::Booleans(booleans) => booleans.push(None),
    }
}

fn push_number(cells: &mut Cells, number: f64) {
    if let Cells::Numbers(numbers) | Cells::Times(numbers) = cells {
        numbers.push(number);
    }
}

fn push_text(cells: &mut Cells, text: &str) -> Result<(), String> {
    if let Cells::Texts(texts) = cells {
        if texts.bytes() + text.len() > MAX_TEXTS {
            return Err(format!(
                "texts of a few rows have more than {MAX_TEXTS} bytes"
            ));
        }
        texts.push(Some(text.trim()));
    }
    Ok(())
}

/// A value as it lies in the file.
pub(super) trait Value {
    /// Adds the cell it stands for.
    ///
    /// # Errors
    /// What is wrong with it.
    fn push(&self, meaning: Meaning, cells: &mut Cells) -> Result<(), String>;
}

impl Value for bool {
    fn push(&self, _: Meaning, cells: &mut Cells) -> Result<(), String> {
        if let Cells::Booleans(booleans) = cells {
            booleans.push(Some(*self));
        }
        Ok(())
    }
}

impl Value for i32 {
    fn push(&self, meaning: Meaning, cells: &mut Cells) -> Result<(), String> {
        match meaning {
            Meaning::Unsigned | Meaning::Digits => {
                whole(i128::from(self.cast_unsigned()), meaning, cells)
            }
            _ => whole(i128::from(*self), meaning, cells),
        }
    }
}

impl Value for i64 {
    fn push(&self, meaning: Meaning, cells: &mut Cells) -> Result<(), String> {
        match meaning {
            Meaning::Unsigned | Meaning::Digits => {
                whole(i128::from(self.cast_unsigned()), meaning, cells)
            }
            _ => whole(i128::from(*self), meaning, cells),
        }
    }
}

impl Value for Int96 {
    /// A timestamp as old writers have it: nanoseconds of a day, and its number.
    fn push(&self, _: Meaning, cells: &mut Cells) -> Result<(), String> {
        let [low, high, day] = *self.data() else {
            return Err("is no timestamp of 96 bits".to_owned());
        };
        let nanoseconds = (u64::from(high) << 32 | u64::from(low)) as f64;
        let days = (i64::from(day.cast_signed()) - FIRST_DAY) as f64;
        push_number(cells, days * SECONDS_OF_A_DAY + nanoseconds / 1e9);
        Ok(())
    }
}

impl Value for f32 {
    /// As the shortest decimal that stands for it, which is what a CSV would say.
    fn push(&self, _: Meaning, cells: &mut Cells) -> Result<(), String> {
        let wide = self.to_string().parse();
        push_number(cells, wide.unwrap_or_else(|_| f64::from(*self)));
        Ok(())
    }
}

impl Value for f64 {
    fn push(&self, _: Meaning, cells: &mut Cells) -> Result<(), String> {
        push_number(cells, *self);
        Ok(())
    }
}

impl Value for ByteArray {
    fn push(&self, meaning: Meaning, cells: &mut Cells) -> Result<(), String> {
        of_bytes(self.data(), meaning, cells)
    }
}

impl Value for FixedLenByteArray {
    fn push(&self, meaning: Meaning, cells: &mut Cells) -> Result<(), String> {
        of_bytes(self.data(), meaning, cells)
    }
}

fn of_bytes(bytes: &[u8], meaning: Meaning, cells: &mut Cells) -> Result<(), String> {
    match (meaning, bytes) {
        (Meaning::Half, [low, high]) => {
            push_number(cells, half::f16::from_le_bytes([*low, *high]).to_f64());
            Ok(())
        }
        (Meaning::Decimal(_), []) => Err("is a decimal without digits".to_owned()),
        (Meaning::Decimal(_), [first, ..]) => {
            if bytes.len() > 16 {
                let bits = bytes.len() * 8;
                return Err(format!(
                    "is a decimal of {bits} bits, at most 128 can be used"
                ));
            }
            // Two's complement, the most significant byte first.
            let start = if *first >= 0x80 { -1 } else { 0 };
            let digits = bytes
                .iter()
                .fold(start, |number: i128, byte| number << 8 | i128::from(*byte));
            whole(digits, meaning, cells)
        }
        (Meaning::Uuid, _) if bytes.len() == 16 => {
            let mut text = String::with_capacity(36);
            for (at, byte) in bytes.iter().enumerate() {
                if matches!(at, 4 | 6 | 8 | 10) {
                    text.push('-');
                }
                text.push_str(&format!("{byte:02x}"));
            }
            push_text(cells, &text)
        }
        (Meaning::Text, _) => match std::str::from_utf8(bytes) {
            Ok(text) => push_text(cells, text),
            Err(_) => Err("is neither a number nor a text in UTF-8".to_owned()),
        },
        _ => Err(format!(
            "has {} bytes, which stand for nothing",
            bytes.len()
        )),
    }
}

fn whole(number: i128, meaning: Meaning, cells: &mut Cells) -> Result<(), String> {
    match meaning {
        Meaning::Digits => return push_text(cells, &number.to_string()),
        Meaning::Decimal(scale) if scale > 0 => {
            // Parsed rather than divided: rounded once, as the same digits in a CSV are.
            let value = format!("{number}e-{scale}").parse();
            push_number(cells, value.map_err(|_| "is no decimal".to_owned())?);
        }
        Meaning::Ticks(per_second) | Meaning::OfDay(per_second) => {
            push_number(cells, number as f64 / per_second);
        }
        Meaning::Days => push_number(cells, number as f64 * SECONDS_OF_A_DAY),
        _ => match (i64::try_from(number), cells) {
            (Ok(number), Cells::Integers(integers)) => integers.push(Some(number)),
            // Of a column of nothing but nulls, which has a value after all.
            (_, Cells::Numbers(numbers)) => numbers.push(number as f64),
            _ => {
                return Err(format!(
                    "is {number}, beyond the whole numbers of 64 bits; save the column as text"
                ));
            }
        },
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Meaning, Value, none, of_bytes};
    use crate::batch::{Cell, Cells};

    fn one(value: &impl Value, meaning: Meaning) -> Cells {
        let mut cells = none(meaning);
        value.push(meaning, &mut cells).unwrap();
        cells
    }

    fn number(cells: &Cells) -> f64 {
        match cells.cell(0) {
            Cell::Number(number) | Cell::Time(number) => number,
            Cell::Integer(number) => number as f64,
            Cell::Missing => f64::NAN,
            other => panic!("{other:?}"),
        }
    }

    fn decimal(bytes: &[u8], scale: i32) -> Result<f64, String> {
        let mut cells = none(Meaning::Decimal(scale));
        of_bytes(bytes, Meaning::Decimal(scale), &mut cells)?;
        Ok(number(&cells))
    }

    #[test]
    fn decimals_are_what_their_digits_say() {
        assert_eq!(number(&one(&1234i32, Meaning::Decimal(2))), 12.34);
        assert_eq!(number(&one(&-5i64, Meaning::Decimal(3))), -0.005);
        assert_eq!(decimal(&[0xff, 0x38], 1), Ok(-20.0));
        assert_eq!(decimal(&[0, 0, 100], 0), Ok(100.0));
        assert!(decimal(&[1; 17], 0).is_err());
        assert!(decimal(&[], 0).is_err());
    }

    #[test]
    fn floats_are_what_a_csv_would_say() {
        assert_eq!(number(&one(&0.1f32, Meaning::Number)), 0.1);
        assert_eq!(number(&one(&f32::MAX, Meaning::Number)), 3.402_823_5e38);
        assert!(number(&one(&f32::NAN, Meaning::Number)).is_nan());
        let mut half = none(Meaning::Half);
        of_bytes(&[0, 0x3c], Meaning::Half, &mut half).unwrap();
        assert_eq!(number(&half), 1.0);
    }

    #[test]
    fn times_are_seconds() {
        assert_eq!(number(&one(&1500i64, Meaning::Ticks(1e3))), 1.5);
        assert_eq!(number(&one(&2i32, Meaning::Days)), 172_800.0);
        let mut old = parquet::data_type::Int96::new();
        old.set_data(1_500_000_000, 0, 2_440_589);
        assert_eq!(number(&one(&old, Meaning::Julian)), 86_401.5);
    }

    #[test]
    fn numbers_without_a_sign_keep_their_digits() {
        assert_eq!(number(&one(&-1i32, Meaning::Unsigned)), 4_294_967_295.0);
        let large = one(&-1i64, Meaning::Digits);
        assert_eq!(large.cell(0), Cell::Text("18446744073709551615"));
        let mut cells = none(Meaning::Unsigned);
        assert!((-1i64).push(Meaning::Unsigned, &mut cells).is_err());
    }
}
