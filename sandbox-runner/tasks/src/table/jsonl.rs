//! A JSON object on each line. The first names the columns, in its order.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::cell::Cell;
use super::column::ColumnBuilder;
use super::memory::{Lines, Table, builders, check_size};
use crate::error::TaskError;

/// Longest line, in bytes.
const MAX_LINE: u64 = 16 << 20;

pub(super) fn read(path: &Path, reader: impl Read) -> Result<Table, TaskError> {
    let mut reader = BufReader::new(reader);
    let fault = |line, problem: String| TaskError::Data {
        path: path.to_owned(),
        line,
        problem,
    };
    let mut columns: Vec<ColumnBuilder> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    let (mut rows, mut line) = (0, 0);
    let mut text = String::new();
    loop {
        text.clear();
        line += 1;
        let read = (&mut reader)
            .take(MAX_LINE)
            .read_line(&mut text)
            .map_err(|error| fault(line, error.to_string()))?;
        if read == 0 {
            break;
        }
        if read as u64 == MAX_LINE {
            return Err(fault(line, format!("is longer than {MAX_LINE} bytes")));
        }
        if text.trim().is_empty() {
            return Err(fault(line, "is empty; an object is wanted".to_owned()));
        }
        let Object(object) =
            serde_json::from_str(&text).map_err(|error| fault(line, error.to_string()))?;
        if rows == 0 {
            let names: Vec<String> = object.iter().map(|(name, _)| name.clone()).collect();
            columns = builders(path, &names)?;
            places = names.into_iter().zip(0..).collect();
        }
        let mut values = vec![None; columns.len()];
        for (name, value) in object {
            let Some(place) = places.get(&name) else {
                let problem = format!("`{name}` is not among the keys of the first line");
                return Err(fault(line, problem));
            };
            if values[*place].replace(value).is_some() {
                return Err(fault(line, format!("`{name}` is there twice")));
            }
        }
        for (value, column) in values.iter().zip(&mut columns) {
            let name = column.name();
            let cell = match value {
                None | Some(Value::Null) => Cell::Missing,
                Some(Value::Bool(true)) => Cell::Number(1.0),
                Some(Value::Bool(false)) => Cell::Number(0.0),
                Some(Value::Number(number)) => match number.as_f64() {
                    Some(number) if number.is_finite() => Cell::Number(number),
                    _ => return Err(fault(line, format!("`{name}`: {number} is too large"))),
                },
                Some(Value::String(text)) => Cell::Text(text),
                Some(Value::Array(_) | Value::Object(_)) => {
                    let problem = format!("`{name}` holds a list or an object; a value is wanted");
                    return Err(fault(line, problem));
                }
            };
            column.push(&cell);
        }
        rows += 1;
        check_size(path, rows, columns.len())?;
    }
    Table::finish(path, columns, rows, Lines::OneEach)
}

/// Keys and values in the order of the line, so that columns come as they are written.
struct Object(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Object;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Object(entries))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}
