//! Tables as people bring them, whatever the format.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use gauntlet_table::read::{self, Format, Kind, Options};
use gauntlet_table::{self as table, Cells, DataError};

use super::cell::{Cell, is_missing};
use super::column::ColumnBuilder;
use super::memory::{Lines, Table, builders, check_size};
use crate::error::TaskError;

/// Rows that are read at a time.
const ROWS: usize = 4096;

/// Reads a table; what it is decides its content. `progress` hears how many bytes of the file are
/// read. Columns of `unwanted` are left out where their type is one that cannot be read.
///
/// # Errors
/// [`TaskError`] that names the file, the line or row and the column.
pub(crate) fn read(
    path: &Path,
    unwanted: &[String],
    progress: &mut dyn FnMut(u64),
) -> Result<Table, TaskError> {
    let options = Options {
        leave_out: unwanted.to_vec(),
        ..Options::default()
    };
    let fault = |error: DataError| TaskError::Brought {
        path: path.to_owned(),
        error: Box::new(error),
    };
    let read_bytes = AtomicU64::new(0);
    let mut hear = |bytes| read_bytes.store(bytes, Ordering::Relaxed);
    let mut reader = read::open(path, &options, &mut hear).map_err(fault)?;
    let mut columns = builders(path, reader.columns())?;
    let format = reader.format().clone();
    let (mut lines, mut commas) = (Vec::new(), false);
    while let Some(batch) = reader.next(ROWS).map_err(fault)? {
        for (cells, column) in batch.columns.iter().zip(&mut columns) {
            push(cells, column, &format, &mut commas).map_err(|(row, problem)| {
                TaskError::Cell {
                    path: path.to_owned(),
                    line: batch.lines.get(row).copied().unwrap_or_default(),
                    column: column.name().to_owned(),
                    problem,
                }
            })?;
        }
        lines.extend(batch.lines);
        check_size(path, lines.len(), columns.len())?;
        progress(read_bytes.load(Ordering::Relaxed));
    }
    let notes = reader.notes().iter();
    // Columns that count rows are pointed out below, whatever they are called.
    let notes = notes.filter(|note| !note.is_row_index());
    let mut notes: Vec<String> = notes.map(ToString::to_string).collect();
    if commas {
        notes.push("commas in numbers are read as decimal commas".to_owned());
    }
    let mut table = Table::finish(path, columns, lines.len(), Lines::new(lines))?;
    notes.append(&mut table.notes);
    table.notes = notes;
    table.left_unread = format.left_out;
    Ok(table)
}

/// Adds a column's cells; a row that cannot be used, and why.
fn push(
    cells: &Cells,
    column: &mut ColumnBuilder,
    format: &Format,
    commas: &mut bool,
) -> Result<(), (usize, String)> {
    for row in 0..cells.len() {
        column.push(&match cells.cell(row) {
            table::Cell::Missing => Cell::Missing,
            table::Cell::Text(text) => of_text(text, format, commas),
            table::Cell::Number(number) if number.is_finite() => Cell::Number(number),
            table::Cell::Number(number) => {
                return Err((row, format!("is {number}; finite numbers are wanted")));
            }
            table::Cell::Integer(number) => Cell::Number(number as f64),
            table::Cell::Boolean(value) => Cell::Number(f64::from(u8::from(value))),
            table::Cell::Time(seconds) => Cell::Number(seconds),
        });
    }
    Ok(())
}

/// What a text means: JSON says by itself what is missing and what is true.
fn of_text<'a>(text: &'a str, format: &Format, commas: &mut bool) -> Cell<'a> {
    match format.kind {
        Kind::JsonLines | Kind::JsonArray => match text {
            "true" => Cell::Number(1.0),
            "false" => Cell::Number(0.0),
            text => Cell::Text(text),
        },
        Kind::Delimited | Kind::Sheet if is_missing(text) => Cell::Missing,
        Kind::Delimited if format.delimiter == Some(';') => match number_with_comma(text) {
            Some(number) => {
                *commas = true;
                Cell::Number(number)
            }
            None => Cell::Text(text),
        },
        _ => Cell::Text(text),
    }
}

/// A number with a decimal comma, and points between thousands or none: semicolons stand between
/// columns where commas stand in numbers.
fn number_with_comma(text: &str) -> Option<f64> {
    let (whole, fraction) = text.split_once(',')?;
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let mut groups = whole.strip_prefix(['-', '+']).unwrap_or(whole).split('.');
    let first = groups.next().unwrap_or_default();
    let is_number = digits(first) && groups.all(|group| digits(group) && group.len() == 3);
    if !is_number || !digits(fraction) {
        return None;
    }
    format!("{}.{fraction}", whole.replace('.', ""))
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::number_with_comma;

    #[test]
    fn a_comma_is_decimal_where_a_number_has_one() {
        for (text, number) in [
            ("1,5", Some(1.5)),
            ("-0,25", Some(-0.25)),
            ("1.234.567,8", Some(1_234_567.8)),
            ("12.34,5", None),
            ("1,2,3", None),
            ("a,5", None),
            ("5,", None),
            (",5", None),
            ("1.5", None),
        ] {
            assert_eq!(number_with_comma(text), number, "{text}");
        }
    }
}
