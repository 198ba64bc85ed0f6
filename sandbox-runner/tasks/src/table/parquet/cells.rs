//! What a Parquet column's values mean, and how they become cells.

use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type};
use parquet::data_type::{ByteArray, FixedLenByteArray, Int96};
use parquet::schema::types::ColumnDescriptor;

use crate::table::cell::Cell;

const SECONDS_OF_A_DAY: f64 = 86_400.0;
/// The Julian day of 1970-01-01, from which INT96 counts.
const FIRST_DAY: i64 = 2_440_588;

/// What the numbers and bytes of a column stand for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Meaning {
    /// Numbers as they are, or truth values.
    Plain,
    /// Whole numbers without a sign.
    Unsigned,
    /// Whole numbers, to be divided by ten to this power.
    Decimal(i32),
    /// Parts of a second, so many to a second: since 1970 or since midnight.
    Ticks(f64),
    /// Half-precision floats.
    Half,
    /// Texts.
    Text,
}

impl Meaning {
    /// What a column's type says.
    ///
    /// # Errors
    /// The type, where no number and no text can be made of it.
    pub(super) fn of(column: &ColumnDescriptor) -> Result<Self, String> {
        let physical = column.physical_type();
        let refused = |what: &dyn std::fmt::Debug| {
            let what = format!("{what:?}").to_uppercase();
            Err(format!(
                "has the type {physical} {what}, of which neither numbers nor texts are made"
            ))
        };
        let bytes = matches!(physical, Type::BYTE_ARRAY | Type::FIXED_LEN_BYTE_ARRAY);
        let meaning = match column.logical_type_ref() {
            Some(LogicalType::String | LogicalType::Enum | LogicalType::Json) => Self::Text,
            Some(LogicalType::Decimal(decimal)) => Self::Decimal(decimal.scale),
            Some(LogicalType::Date | LogicalType::Unknown) => Self::Plain,
            Some(LogicalType::Time(time) | LogicalType::Timestamp(time)) => {
                Self::Ticks(per_second(&time.unit))
            }
            Some(LogicalType::Integer(integer)) if integer.is_signed => Self::Plain,
            Some(LogicalType::Integer(_)) => Self::Unsigned,
            Some(LogicalType::Float16) => Self::Half,
            Some(other) => return refused(other),
            // What writers said before there were logical types.
            None => match column.converted_type() {
                ConvertedType::UTF8 | ConvertedType::ENUM | ConvertedType::JSON => Self::Text,
                ConvertedType::DECIMAL => Self::Decimal(column.type_scale()),
                ConvertedType::TIME_MILLIS | ConvertedType::TIMESTAMP_MILLIS => Self::Ticks(1e3),
                ConvertedType::TIME_MICROS | ConvertedType::TIMESTAMP_MICROS => Self::Ticks(1e6),
                ConvertedType::UINT_8
                | ConvertedType::UINT_16
                | ConvertedType::UINT_32
                | ConvertedType::UINT_64 => Self::Unsigned,
                ConvertedType::NONE if physical == Type::BYTE_ARRAY => Self::Text,
                ConvertedType::NONE if physical == Type::FIXED_LEN_BYTE_ARRAY => {
                    return refused(&"of bytes");
                }
                ConvertedType::NONE
                | ConvertedType::DATE
                | ConvertedType::INT_8
                | ConvertedType::INT_16
                | ConvertedType::INT_32
                | ConvertedType::INT_64 => Self::Plain,
                other => return refused(&other),
            },
        };
        let fits = match meaning {
            Self::Text => physical == Type::BYTE_ARRAY,
            Self::Half => physical == Type::FIXED_LEN_BYTE_ARRAY,
            Self::Decimal(scale) => scale >= 0,
            Self::Unsigned | Self::Ticks(_) => matches!(physical, Type::INT32 | Type::INT64),
            // A column of nothing but nulls may have any type.
            Self::Plain => !bytes || column.logical_type_ref() == Some(&LogicalType::Unknown),
        };
        if fits { Ok(meaning) } else { refused(&meaning) }
    }
}

fn per_second(unit: &TimeUnit) -> f64 {
    match unit {
        TimeUnit::MILLIS => 1e3,
        TimeUnit::MICROS => 1e6,
        TimeUnit::NANOS => 1e9,
    }
}

/// A value as it lies in the file.
pub(super) trait Value {
    /// The cell it stands for.
    ///
    /// # Errors
    /// What is wrong with it.
    fn cell(&self, meaning: &Meaning) -> Result<Cell<'_>, String>;
}

impl Value for bool {
    fn cell(&self, _: &Meaning) -> Result<Cell<'_>, String> {
        Ok(Cell::Number(f64::from(u8::from(*self))))
    }
}

impl Value for i32 {
    fn cell(&self, meaning: &Meaning) -> Result<Cell<'_>, String> {
        match meaning {
            Meaning::Unsigned => Ok(Cell::Number(f64::from(self.cast_unsigned()))),
            _ => whole(i128::from(*self), meaning),
        }
    }
}

impl Value for i64 {
    fn cell(&self, meaning: &Meaning) -> Result<Cell<'_>, String> {
        match meaning {
            Meaning::Unsigned => Ok(Cell::Number(self.cast_unsigned() as f64)),
            _ => whole(i128::from(*self), meaning),
        }
    }
}

impl Value for Int96 {
    /// A timestamp as old writers have it: nanoseconds of a day, and its number.
    fn cell(&self, _: &Meaning) -> Result<Cell<'_>, String> {
        let [low, high, day] = *self.data() else {
            return Err("is no timestamp of 96 bits".to_owned());
        };
        let nanoseconds = (u64::from(high) << 32 | u64::from(low)) as f64;
        let days = (i64::from(day.cast_signed()) - FIRST_DAY) as f64;
        Ok(Cell::Number(days * SECONDS_OF_A_DAY + nanoseconds / 1e9))
    }
}

impl Value for f32 {
    /// As the shortest decimal that stands for it, which is what a CSV would say.
    fn cell(&self, _: &Meaning) -> Result<Cell<'_>, String> {
        let wide = self.to_string().parse();
        finite(wide.unwrap_or_else(|_| f64::from(*self)))
    }
}

impl Value for f64 {
    fn cell(&self, _: &Meaning) -> Result<Cell<'_>, String> {
        finite(*self)
    }
}

impl Value for ByteArray {
    fn cell(&self, meaning: &Meaning) -> Result<Cell<'_>, String> {
        of_bytes(self.data(), meaning)
    }
}

impl Value for FixedLenByteArray {
    fn cell(&self, meaning: &Meaning) -> Result<Cell<'_>, String> {
        of_bytes(self.data(), meaning)
    }
}

fn of_bytes<'a>(bytes: &'a [u8], meaning: &Meaning) -> Result<Cell<'a>, String> {
    match (meaning, bytes) {
        (Meaning::Half, [low, high]) => finite(half::f16::from_le_bytes([*low, *high]).to_f64()),
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
            whole(digits, meaning)
        }
        (Meaning::Text, _) => match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Cell::Text(text)),
            Err(_) => Err("is neither a number nor a text in UTF-8".to_owned()),
        },
        _ => Err(format!(
            "has {} bytes, which stand for nothing",
            bytes.len()
        )),
    }
}

fn whole(number: i128, meaning: &Meaning) -> Result<Cell<'static>, String> {
    let value = match meaning {
        // Parsed rather than divided: rounded once, as the same digits in a CSV are.
        Meaning::Decimal(scale) => format!("{number}e-{scale}")
            .parse()
            .map_err(|_| "is no decimal".to_owned())?,
        Meaning::Ticks(per_second) => number as f64 / per_second,
        _ => number as f64,
    };
    Ok(Cell::Number(value))
}

fn finite(number: f64) -> Result<Cell<'static>, String> {
    match number {
        number if number.is_nan() => Ok(Cell::Missing),
        number if number.is_finite() => Ok(Cell::Number(number)),
        number => Err(format!("is {number}; finite numbers are wanted")),
    }
}

#[cfg(test)]
mod tests {
    use super::{Meaning, Value, of_bytes};
    use crate::table::cell::Cell;

    fn number(cell: Result<Cell<'_>, String>) -> f64 {
        match cell {
            Ok(Cell::Number(number)) => number,
            Ok(Cell::Missing) => f64::NAN,
            Ok(Cell::Text(text)) => panic!("{text}"),
            Err(problem) => panic!("{problem}"),
        }
    }

    #[test]
    fn decimals_are_what_their_digits_say() {
        assert_eq!(number(1234i32.cell(&Meaning::Decimal(2))), 12.34);
        assert_eq!(number((-5i64).cell(&Meaning::Decimal(3))), -0.005);
        assert_eq!(number(of_bytes(&[0xff, 0x38], &Meaning::Decimal(1))), -20.0);
        assert_eq!(number(of_bytes(&[0, 0, 100], &Meaning::Decimal(0))), 100.0);
        assert!(of_bytes(&[1; 17], &Meaning::Decimal(0)).is_err());
        assert!(of_bytes(&[], &Meaning::Decimal(0)).is_err());
    }

    #[test]
    fn floats_are_what_a_csv_would_say() {
        assert_eq!(number(0.1f32.cell(&Meaning::Plain)), 0.1);
        assert_eq!(number(f32::MAX.cell(&Meaning::Plain)), 3.402_823_5e38);
        assert!(number(f32::NAN.cell(&Meaning::Plain)).is_nan());
        assert!(f64::INFINITY.cell(&Meaning::Plain).is_err());
        assert_eq!(number(of_bytes(&[0, 0x3c], &Meaning::Half)), 1.0);
    }

    #[test]
    fn times_are_seconds() {
        assert_eq!(number(1500i64.cell(&Meaning::Ticks(1e3))), 1.5);
        let mut old = parquet::data_type::Int96::new();
        old.set_data(1_500_000_000, 0, 2_440_589);
        assert_eq!(number(old.cell(&Meaning::Plain)), 86_401.5);
    }

    #[test]
    fn numbers_without_a_sign_keep_their_size() {
        assert_eq!(number((-1i32).cell(&Meaning::Unsigned)), 4_294_967_295.0);
        assert_eq!(number((-1i64).cell(&Meaning::Unsigned)), u64::MAX as f64);
    }
}
