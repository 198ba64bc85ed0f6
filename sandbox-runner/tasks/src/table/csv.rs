//! Values separated by commas, or by whatever the file has, with a line of names.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use gauntlet_table::{Dialect, Encoding, decoded, first_line};

use super::cell::{Cell, is_missing};
use super::memory::{Lines, Table, builders, check_size};
use crate::error::TaskError;
use crate::input;

/// Bytes from which it is found out what separates columns: more than a hundred rows of most files.
const LOOKED_AT: u64 = 1 << 20;

/// Reads a file; `usual` is what its name says to be between columns. It is read twice, the
/// first time for its encoding.
pub(super) fn read(
    path: &Path,
    usual: u8,
    progress: &mut dyn FnMut(u64),
) -> Result<Table, TaskError> {
    let unreadable = |line, error: &dyn std::fmt::Display| TaskError::Data {
        path: path.to_owned(),
        line,
        problem: error.to_string(),
    };
    let encoding =
        Encoding::detect(input::open(path, &mut |_| {})?).map_err(|error| unreadable(1, &error))?;
    let mut text = BufReader::new(decoded(input::open(path, progress)?, encoding));
    let start = start(&mut text).map_err(|error| unreadable(1, &error))?;
    let dialect = Dialect::detect(&start, usual);
    let mut all = BufReader::new(start.as_bytes().chain(text));
    for line in 0..dialect.skipped {
        all.skip_until(b'\n')
            .map_err(|error| unreadable(line as u64 + 1, &error))?;
    }
    let mut notes: Vec<String> = dialect.note(usual).into_iter().collect();
    if encoding != Encoding::Utf8 {
        notes.push(format!("the characters are read as {}", encoding.as_str()));
    }
    let mut table = rows(path, all, dialect, &mut notes)?;
    notes.append(&mut table.notes);
    table.notes = notes;
    Ok(table)
}

/// The first lines, whole.
fn start(text: &mut impl BufRead) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    text.take(LOOKED_AT).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == LOOKED_AT {
        // One that is longer than this again is the reader's to refuse.
        text.take(LOOKED_AT).read_until(b'\n', &mut bytes)?;
    }
    // What was decoded is UTF-8, and a line feed ends no character in the middle.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn rows(
    path: &Path,
    text: impl Read,
    dialect: Dialect,
    notes: &mut Vec<String>,
) -> Result<Table, TaskError> {
    let above = dialect.skipped as u64;
    let fault = |line: u64, problem: String| TaskError::Data {
        path: path.to_owned(),
        line: line + above,
        problem,
    };
    let mut reader = ::csv::ReaderBuilder::new()
        .delimiter(dialect.delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(text);
    let mut record = ::csv::StringRecord::new();
    reader
        .read_record(&mut record)
        .map_err(|error| fault(1, error.to_string()))?;
    let mut waiting = is_a_row(&record);
    if waiting {
        notes.push(format!(
            "the first line has no names of columns: they are called `column 1` to `column {}`",
            record.len()
        ));
    }
    let names = names(&record, waiting, notes);
    let mut columns = builders(path, &names)?;
    let mut lines = Vec::new();
    let mut blank = 0;
    loop {
        if !std::mem::take(&mut waiting) {
            let before = reader.position().line();
            match reader.read_record(&mut record) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => return Err(fault(before, error.to_string())),
            }
        }
        let line = first_line(reader.position().line(), &record);
        if columns.len() > 1 && record.iter().all(|text| text.trim().is_empty()) {
            blank += 1;
            continue;
        }
        let more = record.iter().skip(columns.len());
        if record.len() < columns.len() || more.clone().any(|text| !text.trim().is_empty()) {
            let quote = match record.as_slice().contains('\n') {
                true => "; is a quote that is opened on this line not closed?",
                false => "",
            };
            let (found, wanted) = (record.len(), columns.len());
            let problem = format!("{found} columns, the header has {wanted}{quote}");
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
        lines.push(line + above);
        check_size(path, lines.len(), columns.len())?;
    }
    match blank {
        0 => {}
        1 => notes.push("a row without any value is left out".to_owned()),
        rows => notes.push(format!("{rows} rows without any value are left out")),
    }
    Table::finish(path, columns, lines.len(), Lines::On(lines))
}

/// Whether the first line is a row already: numbers, which no list of names would be.
fn is_a_row(first: &::csv::StringRecord) -> bool {
    let number = |text: &str| text.trim().parse::<f64>().is_ok();
    let broken = |text: &str| text.contains('.');
    first.len() > 1 && first.iter().all(number) && first.iter().any(broken)
}

/// Names of the columns; one without is called by its place.
fn names(first: &::csv::StringRecord, none: bool, notes: &mut Vec<String>) -> Vec<String> {
    let place = |at: usize| format!("column {}", at + 1);
    if none {
        return (0..first.len()).map(place).collect();
    }
    let mut names: Vec<String> = first.iter().map(|name| name.trim().to_owned()).collect();
    for at in 0..names.len() {
        if names[at].is_empty() && !names.contains(&place(at)) {
            names[at] = place(at);
            notes.push(format!(
                "column {} has no name: it is called `{}`",
                at + 1,
                place(at)
            ));
        }
    }
    names
}
