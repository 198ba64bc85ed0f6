//! Columns of Arrow: which are read, and how their values become cells.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowDictionaryKeyType, ArrowPrimitiveType, Date32Type, Date64Type, Decimal128Type,
    DurationMicrosecondType, DurationMillisecondType, DurationNanosecondType, DurationSecondType,
    Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    Time32MillisecondType, Time32SecondType, Time64MicrosecondType, Time64NanosecondType,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema, TimeUnit};

use crate::batch::{Cells, Texts};
use crate::error::DataError;

/// Structures within each other.
const MAX_DEPTH: usize = 32;
const SECONDS_OF_A_DAY: f64 = 86_400.0;

/// A column that is read: one of the file's, or one within a structure.
pub(super) struct Leaf {
    pub(super) name: String,
    path: Vec<usize>,
    data_type: DataType,
}

/// Columns to read, in the order of the file, and those of `unwanted` that cannot be.
pub(super) fn leaves(
    schema: &Schema,
    unwanted: &[String],
) -> Result<(Vec<Leaf>, Vec<String>), DataError> {
    let (mut leaves, mut left_out) = (Vec::new(), Vec::new());
    for (at, field) in schema.fields().iter().enumerate() {
        let mut own = Vec::new();
        match collect(field, field.name().clone(), vec![at], &mut own) {
            Ok(()) => leaves.append(&mut own),
            Err(_) if unwanted.contains(field.name()) => left_out.push(field.name().clone()),
            Err(problem) => {
                return Err(DataError::new(problem)
                    .cure(format!("leave it out with --drop '{}'", field.name()))
                    .column(field.name()));
            }
        }
    }
    Ok((leaves, left_out))
}

fn collect(
    field: &Field,
    name: String,
    path: Vec<usize>,
    leaves: &mut Vec<Leaf>,
) -> Result<(), String> {
    match field.data_type() {
        DataType::Struct(fields) if path.len() < MAX_DEPTH => {
            for (at, field) in fields.iter().enumerate() {
                let path = [path.as_slice(), &[at]].concat();
                collect(field, format!("{name}.{}", field.name()), path, leaves)?;
            }
            Ok(())
        }
        data_type if is_readable(data_type) => {
            leaves.push(Leaf {
                name,
                path,
                data_type: data_type.clone(),
            });
            Ok(())
        }
        other => {
            let what: String = other.to_string().chars().take(100).collect();
            Err(format!(
                "has the type {what}, of which neither numbers nor texts are made"
            ))
        }
    }
}

fn is_readable(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => {
            matches!(
                **values,
                DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View
            ) || (values.is_primitive() && is_readable(values))
        }
        DataType::Decimal128(_, scale) => *scale >= 0,
        other => {
            matches!(
                other,
                DataType::Null
                    | DataType::Boolean
                    | DataType::Utf8
                    | DataType::LargeUtf8
                    | DataType::Utf8View
                    | DataType::Date32
                    | DataType::Date64
                    | DataType::Timestamp(..)
                    | DataType::Time32(_)
                    | DataType::Time64(_)
                    | DataType::Duration(_)
            ) || other.is_integer()
                || other.is_floating()
        }
    }
}

impl Leaf {
    /// Its values; `before` rows are before them.
    pub(super) fn cells(&self, batch: &RecordBatch, before: u64) -> Result<Cells, DataError> {
        let damaged = || DataError::new("is damaged").column(&self.name);
        let (first, within) = self.path.split_first().ok_or_else(damaged)?;
        let mut array = batch.columns().get(*first).ok_or_else(damaged)?;
        // A row without the structure has none of its values.
        let mut absent = vec![false; batch.num_rows()];
        for at in within {
            let group = array.as_struct_opt().ok_or_else(damaged)?;
            for (row, absent) in absent.iter_mut().enumerate() {
                *absent |= group.is_null(row);
            }
            array = group.columns().get(*at).ok_or_else(damaged)?;
        }
        let rows = Rows {
            array: array.as_ref(),
            absent: &absent,
        };
        let cells = rows.cells(&self.data_type).map_err(|(row, problem)| {
            let error = DataError::new(problem).column(&self.name);
            row.map_or(error.clone(), |row| error.line(before + row as u64 + 1))
        })?;
        if cells.len() == batch.num_rows() {
            Ok(cells)
        } else {
            Err(damaged())
        }
    }
}

/// A row that is wrong, and why.
type Wrong = (Option<usize>, String);

/// Values of some rows.
#[derive(Clone, Copy)]
struct Rows<'a> {
    array: &'a dyn Array,
    absent: &'a [bool],
}

impl Rows<'_> {
    fn is_there(self, row: usize) -> bool {
        !self.absent[row] && self.array.is_valid(row)
    }

    /// Numbers, NaN where there is none.
    fn numbers<T: ArrowPrimitiveType>(self, number: impl Fn(T::Native) -> f64) -> Vec<f64> {
        let values = self.array.as_primitive::<T>();
        let row = |row| {
            if self.is_there(row) {
                number(values.value(row))
            } else {
                f64::NAN
            }
        };
        (0..self.array.len()).map(row).collect()
    }

    fn integers<T: ArrowPrimitiveType>(self) -> Cells
    where
        T::Native: Into<i64>,
    {
        let values = self.array.as_primitive::<T>();
        let row = |row| self.is_there(row).then(|| values.value(row).into());
        Cells::Integers((0..self.array.len()).map(row).collect())
    }

    /// Texts of any layout.
    fn texts<'t>(self, text: impl Fn(usize) -> &'t str) -> Cells {
        let mut texts = Texts::default();
        for row in 0..self.array.len() {
            texts.push(self.is_there(row).then(|| text(row).trim()));
        }
        Cells::Texts(texts)
    }

    fn cells(self, data_type: &DataType) -> Result<Cells, Wrong> {
        let per = |unit: &TimeUnit| match unit {
            TimeUnit::Second => 1.0,
            TimeUnit::Millisecond => 1e3,
            TimeUnit::Microsecond => 1e6,
            TimeUnit::Nanosecond => 1e9,
        };
        let days = |days: i32| f64::from(days) * SECONDS_OF_A_DAY;
        Ok(match data_type {
            DataType::Null => Cells::Numbers(vec![f64::NAN; self.array.len()]),
            DataType::Boolean => {
                let values = self.array.as_boolean();
                let row = |row| self.is_there(row).then(|| values.value(row));
                Cells::Booleans((0..self.array.len()).map(row).collect())
            }
            DataType::Int8 => self.integers::<Int8Type>(),
            DataType::Int16 => self.integers::<Int16Type>(),
            DataType::Int32 => self.integers::<Int32Type>(),
            DataType::Int64 => self.integers::<Int64Type>(),
            DataType::UInt8 => self.integers::<UInt8Type>(),
            DataType::UInt16 => self.integers::<UInt16Type>(),
            DataType::UInt32 => self.integers::<UInt32Type>(),
            DataType::UInt64 => {
                // Some may be beyond the whole numbers with a sign: as digits.
                let values = self.array.as_primitive::<UInt64Type>();
                let mut texts = Texts::default();
                for row in 0..self.array.len() {
                    let digits = self.is_there(row).then(|| values.value(row).to_string());
                    texts.push(digits.as_deref());
                }
                Cells::Texts(texts)
            }
            DataType::Float16 => Cells::Numbers(self.numbers::<Float16Type>(|x| x.to_f64())),
            // As the shortest decimal that stands for it, which is what a CSV would say.
            DataType::Float32 => Cells::Numbers(self.numbers::<Float32Type>(|number| {
                let wide = number.to_string().parse();
                wide.unwrap_or_else(|_| f64::from(number))
            })),
            DataType::Float64 => Cells::Numbers(self.numbers::<Float64Type>(|number| number)),
            DataType::Decimal128(_, scale) => {
                let number = |digits: i128| format!("{digits}e-{scale}").parse();
                Cells::Numbers(
                    self.numbers::<Decimal128Type>(|digits| number(digits).unwrap_or(f64::NAN)),
                )
            }
            DataType::Date32 => Cells::Times(self.numbers::<Date32Type>(days)),
            DataType::Date64 => Cells::Times(self.numbers::<Date64Type>(|ms| ms as f64 / 1e3)),
            DataType::Timestamp(unit, _) => {
                let seconds = |ticks: i64| ticks as f64 / per(unit);
                Cells::Times(match unit {
                    TimeUnit::Second => self.numbers::<TimestampSecondType>(seconds),
                    TimeUnit::Millisecond => self.numbers::<TimestampMillisecondType>(seconds),
                    TimeUnit::Microsecond => self.numbers::<TimestampMicrosecondType>(seconds),
                    TimeUnit::Nanosecond => self.numbers::<TimestampNanosecondType>(seconds),
                })
            }
            DataType::Duration(unit) => {
                let seconds = |ticks: i64| ticks as f64 / per(unit);
                Cells::Numbers(match unit {
                    TimeUnit::Second => self.numbers::<DurationSecondType>(seconds),
                    TimeUnit::Millisecond => self.numbers::<DurationMillisecondType>(seconds),
                    TimeUnit::Microsecond => self.numbers::<DurationMicrosecondType>(seconds),
                    TimeUnit::Nanosecond => self.numbers::<DurationNanosecondType>(seconds),
                })
            }
            DataType::Time32(unit) => {
                let seconds = |ticks: i32| f64::from(ticks) / per(unit);
                Cells::Numbers(match unit {
                    TimeUnit::Second => self.numbers::<Time32SecondType>(seconds),
                    _ => self.numbers::<Time32MillisecondType>(seconds),
                })
            }
            DataType::Time64(unit) => {
                let seconds = |ticks: i64| ticks as f64 / per(unit);
                Cells::Numbers(match unit {
                    TimeUnit::Nanosecond => self.numbers::<Time64NanosecondType>(seconds),
                    _ => self.numbers::<Time64MicrosecondType>(seconds),
                })
            }
            DataType::Utf8 => {
                let texts = self.array.as_string::<i32>();
                self.texts(|row| texts.value(row))
            }
            DataType::LargeUtf8 => {
                let texts = self.array.as_string::<i64>();
                self.texts(|row| texts.value(row))
            }
            DataType::Utf8View => {
                let texts = self.array.as_string_view();
                self.texts(|row| texts.value(row))
            }
            DataType::Dictionary(key, values) => match **key {
                DataType::Int8 => self.dictionary::<Int8Type>(values)?,
                DataType::Int16 => self.dictionary::<Int16Type>(values)?,
                DataType::Int32 => self.dictionary::<Int32Type>(values)?,
                DataType::Int64 => self.dictionary::<Int64Type>(values)?,
                DataType::UInt8 => self.dictionary::<UInt8Type>(values)?,
                DataType::UInt16 => self.dictionary::<UInt16Type>(values)?,
                DataType::UInt32 => self.dictionary::<UInt32Type>(values)?,
                _ => self.dictionary::<UInt64Type>(values)?,
            },
            other => return Err((None, format!("has the type {other}"))),
        })
    }

    /// Values that are written once each.
    fn dictionary<K: ArrowDictionaryKeyType>(self, data_type: &DataType) -> Result<Cells, Wrong> {
        let dictionary = self.array.as_dictionary::<K>();
        let values = dictionary.values();
        let absent = vec![false; values.len()];
        let values = Rows {
            array: values.as_ref(),
            absent: &absent,
        };
        let values = values.cells(data_type)?;
        let keys = (0..self.array.len()).map(|row| {
            let key = self.is_there(row).then(|| dictionary.key(row)).flatten();
            key.filter(|key| *key < values.len())
        });
        Ok(match &values {
            Cells::Texts(texts) => {
                let mut all = Texts::default();
                for key in keys {
                    all.push(key.and_then(|key| texts.get(key)));
                }
                Cells::Texts(all)
            }
            Cells::Numbers(numbers) => Cells::Numbers(
                keys.map(|key| key.map_or(f64::NAN, |key| numbers[key]))
                    .collect(),
            ),
            Cells::Times(times) => Cells::Times(
                keys.map(|key| key.map_or(f64::NAN, |key| times[key]))
                    .collect(),
            ),
            Cells::Integers(integers) => {
                Cells::Integers(keys.map(|key| key.and_then(|key| integers[key])).collect())
            }
            Cells::Booleans(booleans) => {
                Cells::Booleans(keys.map(|key| key.and_then(|key| booleans[key])).collect())
            }
        })
    }
}
