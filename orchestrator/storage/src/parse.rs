//! Columns into domain types. What does not parse is damage, not bad input:
//! everything was checked on its way in.

use std::fmt::Display;
use std::str::FromStr;

use serde::de::DeserializeOwned;

use crate::{Error, Result};

/// A column that holds the text of a `T`.
pub(crate) fn text<T: FromStr>(column: &str, text: &str) -> Result<T>
where
    T::Err: Display,
{
    text.parse()
        .map_err(|error| Error::Corrupt(format!("{column} is `{text}`: {error}")))
}

/// The same where it may be null.
pub(crate) fn optional<T: FromStr>(column: &str, value: Option<&str>) -> Result<Option<T>>
where
    T::Err: Display,
{
    value.map(|value| text(column, value)).transpose()
}

/// A JSON column.
pub(crate) fn json<T: DeserializeOwned>(column: &str, value: serde_json::Value) -> Result<T> {
    serde_json::from_value(value).map_err(|error| Error::Corrupt(format!("{column}: {error}")))
}

/// A JSON column, read as text.
pub(crate) fn json_text<T: DeserializeOwned>(column: &str, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| Error::Corrupt(format!("{column}: {error}")))
}

/// A value for a JSON column.
pub(crate) fn to_json(value: &impl serde::Serialize) -> Result<serde_json::Value> {
    serde_json::to_value(value)
        .map_err(|error| Error::Corrupt(format!("cannot be stored: {error}")))
}

/// A count or number that is never negative.
pub(crate) fn number<T>(column: &str, value: impl TryInto<T> + Copy + Display) -> Result<T> {
    value
        .try_into()
        .map_err(|_| Error::Corrupt(format!("{column} is {value}")))
}

/// A number as the database counts.
pub(crate) fn int4(what: &str, value: u32) -> Result<i32> {
    number(what, value)
}
