//! Sheets of Excel and OpenDocument, which are read as a whole: their cells lie packed in no order
//! that would serve.

mod cells;
mod workbook;

use std::fs::File;

pub(super) use self::cells::Sheet;
use self::cells::{Grid, Value};
use super::format::{Format, Kind, Note};
use super::header::{distinct, has_names, row_index};
use super::options::Options;
use super::records::Record;
use crate::batch::Cells;
use crate::dialect::Dialect;
use crate::error::DataError;

/// Rows from which it is found out where the table begins.
const ROWS_LOOKED_AT: usize = 200;

/// Opens a workbook. `is_old` is what Excel wrote before 2007.
pub(super) fn open(
    file: File,
    is_old: bool,
    options: &Options,
) -> Result<(Sheet, Format, Vec<String>, Vec<Note>), DataError> {
    let mut notes = Vec::new();
    let (name, mut grid) = workbook::grid(file, is_old, options.sheet.as_deref(), &mut notes)?;
    let mut format = Format::of(Kind::Sheet);
    format.sheet = Some(name);
    let skipped = match options.skip_lines {
        Some(lines) => lines as usize,
        None => titles(&grid),
    };
    let above = grid.rows.iter().filter(|row| row.line <= skipped as u64);
    let above = above.count();
    if above > 0 && options.skip_lines.is_none() {
        notes.push(Note::new(match above {
            1 => "the row above the columns is left out".to_owned(),
            rows => format!("the {rows} rows above the columns are left out"),
        }));
    }
    grid.rows.drain(..above);
    let looked_at = grid.rows.len().min(ROWS_LOOKED_AT);
    let records: Vec<Record> = (0..looked_at).map(|row| grid.record(row)).collect();
    let Some((first, below)) = records.split_first() else {
        return Err(DataError::new("has no rows in this sheet")
            .cure("a row of names and rows below it are wanted"));
    };
    format.skipped_lines = first.line - 1;
    format.header = options.header.unwrap_or_else(|| has_names(first, below));
    let mut names: Vec<String> = first.iter().map(str::to_owned).collect();
    if format.header {
        grid.rows.remove(0);
    } else {
        names = vec![String::new(); names.len()];
        if options.header.is_none() {
            let note = "the first row has values like those below it, no names";
            notes.push(Note::new(note).line(first.line));
        }
    }
    let nameless: Vec<usize> = (0..names.len())
        .filter(|at| names[*at].is_empty())
        .collect();
    let empty = |column: &usize| grid.is_empty(*column);
    let gone: Vec<usize> = nameless.into_iter().filter(empty).collect();
    grid.remove(&gone);
    let mut at = 0;
    names.retain(|_| {
        at += 1;
        !gone.contains(&(at - 1))
    });
    if names.is_empty() {
        return Err(DataError::new("has no columns in this sheet"));
    }
    let names = if format.header {
        distinct(names, &mut notes)
    } else {
        (1..=names.len()).map(|at| format!("column {at}")).collect()
    };
    format.columns = names.len();
    let sheet = Sheet::new(grid, &names, &mut notes);
    if let Some(Cells::Integers(values)) = sheet.first_column(ROWS_LOOKED_AT) {
        notes.extend(row_index(&names[0], &values));
    }
    Ok((sheet, format, names, notes))
}

/// Rows of the sheet above the names of columns, found out as in a text.
fn titles(grid: &Grid) -> usize {
    let mut text = String::new();
    let mut line = 1;
    for row in grid.rows.iter().take(ROWS_LOOKED_AT) {
        while line < row.line {
            text.push('\n');
            line += 1;
        }
        for column in 0..grid.width {
            if column > 0 {
                text.push(',');
            }
            let filled = !matches!(row.value(column), Value::Empty);
            text.push_str(if filled { "x" } else { "" });
        }
        text.push('\n');
        line += 1;
    }
    Dialect::detect_only(&text, b',').skipped
}
