//! Comma- or tab-separated values with a header.

use std::io::Read;
use std::path::Path;

use super::cell::{Cell, is_missing};
use super::memory::{Table, builders, check_size};
use crate::error::TaskError;

pub(super) fn read(path: &Path, reader: impl Read, delimiter: u8) -> Result<Table, TaskError> {
    let mut reader = ::csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .from_reader(reader);
    let fault = |line, problem: String| TaskError::Data {
        path: path.to_owned(),
        line,
        problem,
    };
    let header = reader
        .headers()
        .map_err(|error| fault(1, error.to_string()))?;
    // Spreadsheets begin a file with a byte order mark.
    let names: Vec<String> = header
        .iter()
        .map(|name| name.trim_start_matches('\u{feff}').trim().to_owned())
        .collect();
    let mut columns = builders(path, &names)?;
    let mut record = ::csv::StringRecord::new();
    let mut rows = 0;
    loop {
        let line = reader.position().line();
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => return Err(fault(line, error.to_string())),
        }
        if record.len() != columns.len() {
            let problem = format!("{} columns, the header has {}", record.len(), columns.len());
            return Err(fault(line, problem));
        }
        for (text, column) in record.iter().zip(&mut columns) {
            let text = text.trim();
            column.push(&if is_missing(text) {
                Cell::Missing
            } else {
                Cell::Text(text)
            });
        }
        rows += 1;
        check_size(path, rows, columns.len())?;
    }
    Table::finish(path, columns, rows, 2)
}
