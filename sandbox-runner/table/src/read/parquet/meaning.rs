//! What a Parquet column's values mean.

use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type};
use parquet::schema::types::ColumnDescriptor;

/// What the numbers and bytes of a column stand for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Meaning {
    /// Truth values.
    Boolean,
    /// Numbers as they are.
    Number,
    /// Whole numbers.
    Integer,
    /// Whole numbers without a sign.
    Unsigned,
    /// Whole numbers without a sign, some of which are beyond those with one: as digits.
    Digits,
    /// Whole numbers, to be divided by ten to this power.
    Decimal(i32),
    /// Days since 1970.
    Days,
    /// Parts of a second since 1970, so many to a second.
    Ticks(f64),
    /// Parts of a second since midnight, so many to a second.
    OfDay(f64),
    /// Nanoseconds of a Julian day.
    Julian,
    /// Half-precision floats.
    Half,
    /// Texts.
    Text,
    /// Sixteen bytes.
    Uuid,
    /// Nothing but nulls.
    Nothing,
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
        let meaning = match column.logical_type_ref() {
            Some(LogicalType::String | LogicalType::Enum | LogicalType::Json) => Self::Text,
            Some(LogicalType::Decimal(decimal)) => Self::Decimal(decimal.scale),
            Some(LogicalType::Unknown) => Self::Nothing,
            Some(LogicalType::Date) => Self::Days,
            Some(LogicalType::Time(time)) => Self::OfDay(per_second(&time.unit)),
            Some(LogicalType::Timestamp(time)) => Self::Ticks(per_second(&time.unit)),
            Some(LogicalType::Integer(integer)) if integer.is_signed => Self::Integer,
            Some(LogicalType::Integer(_)) => Self::Unsigned,
            Some(LogicalType::Float16) => Self::Half,
            Some(LogicalType::Uuid) => Self::Uuid,
            Some(other) => return refused(other),
            // What writers said before there were logical types.
            None => match column.converted_type() {
                ConvertedType::UTF8 | ConvertedType::ENUM | ConvertedType::JSON => Self::Text,
                ConvertedType::DECIMAL => Self::Decimal(column.type_scale()),
                ConvertedType::DATE => Self::Days,
                ConvertedType::TIME_MILLIS => Self::OfDay(1e3),
                ConvertedType::TIME_MICROS => Self::OfDay(1e6),
                ConvertedType::TIMESTAMP_MILLIS => Self::Ticks(1e3),
                ConvertedType::TIMESTAMP_MICROS => Self::Ticks(1e6),
                ConvertedType::UINT_8
                | ConvertedType::UINT_16
                | ConvertedType::UINT_32
                | ConvertedType::UINT_64 => Self::Unsigned,
                ConvertedType::NONE
                | ConvertedType::INT_8
                | ConvertedType::INT_16
                | ConvertedType::INT_32
                | ConvertedType::INT_64 => match physical {
                    Type::BOOLEAN => Self::Boolean,
                    Type::INT32 | Type::INT64 => Self::Integer,
                    Type::INT96 => Self::Julian,
                    Type::FLOAT | Type::DOUBLE => Self::Number,
                    Type::BYTE_ARRAY => Self::Text,
                    Type::FIXED_LEN_BYTE_ARRAY => return refused(&"of bytes"),
                },
                other => return refused(&other),
            },
        };
        let fits = match meaning {
            Self::Boolean | Self::Number | Self::Julian | Self::Nothing => true,
            Self::Text => matches!(physical, Type::BYTE_ARRAY | Type::FIXED_LEN_BYTE_ARRAY),
            Self::Half | Self::Uuid => physical == Type::FIXED_LEN_BYTE_ARRAY,
            Self::Decimal(scale) => {
                (0..=i32::from(u8::MAX)).contains(&scale)
                    && !matches!(
                        physical,
                        Type::BOOLEAN | Type::INT96 | Type::FLOAT | Type::DOUBLE
                    )
            }
            _ => matches!(physical, Type::INT32 | Type::INT64),
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
