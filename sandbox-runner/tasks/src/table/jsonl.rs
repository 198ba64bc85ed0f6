//! A JSON object on each line.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use serde_json::{Map, Value};

use super::{Cell, ColumnBuilder, Table, builders, check_size};
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
        let object: Map<String, Value> =
            serde_json::from_str(&text).map_err(|error| fault(line, error.to_string()))?;
        if rows == 0 {
            // The first object names the columns.
            let names: Vec<String> = object.keys().cloned().collect();
            columns = builders(path, &names)?;
            places = names.into_iter().zip(0..).collect();
        }
        if let Some(name) = object.keys().find(|name| !places.contains_key(*name)) {
            let problem = format!("`{name}` is not among the keys of the first line");
            return Err(fault(line, problem));
        }
        for (name, place) in &places {
            let cell = match object.get(name) {
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
            columns[*place].push(&cell);
        }
        rows += 1;
        check_size(path, rows, columns.len())?;
    }
    Table::finish(path, columns, rows, 1)
}
