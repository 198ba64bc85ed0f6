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
    let encoding = Encoding::detect(input::open(path, &mut |_| {})?)
        .map_err(|error| unreadable(error.line(), &error))?;
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
    let mut decimal_commas = false;
    loop {
        let before = reader.position().line();
        if !std::mem::take(&mut waiting) {
            match reader.read_record(&mut record) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => return Err(fault(before, error.to_string())),
            }
        }
        if let Some(line) = unclosed(before, reader.position().line(), &record) {
            let problem = "a quote that is opened on this line is never closed";
            return Err(fault(line, problem.to_owned()));
        }
        let line = first_line(reader.position().line(), &record);
        if columns.len() > 1 && record.iter().all(|text| text.trim().is_empty()) {
            blank += 1;
            continue;
        }
        let more = record.iter().skip(columns.len());
        if record.len() < columns.len() || more.clone().any(|text| !text.trim().is_empty()) {
            let (found, wanted) = (record.len(), columns.len());
            let problem = format!("{found} columns, the header has {wanted}");
            return Err(fault(line, problem));
        }
        for (text, column) in record.iter().zip(&mut columns) {
            let text = text.trim();
            let number = match dialect.delimiter {
                b';' => number_with_comma(text),
                _ => None,
            };
            decimal_commas |= number.is_some();
            column.push(&match number {
                _ if is_missing(text) => Cell::Missing,
                Some(number) => Cell::Number(number),
                None => Cell::Text(text),
            });
        }
        lines.push(line + above);
        check_size(path, lines.len(), columns.len())?;
    }
    if decimal_commas {
        notes.push("commas in numbers are read as decimal commas".to_owned());
    }
    match blank {
        0 => {}
        1 => notes.push("a row without any value is left out".to_owned()),
        rows => notes.push(format!("{rows} rows without any value are left out")),
    }
    Table::finish(path, columns, lines.len(), Lines::On(lines))
}

/// The line on which a quote was opened that goes on to the end of the file, of a record that was read
/// from line `before` to line `after`. Every other record is followed by a line end of its own.
fn unclosed(before: u64, after: u64, record: &::csv::StringRecord) -> Option<u64> {
    let lines = |text: &str| text.bytes().filter(|byte| *byte == b'\n').count() as u64;
    let last = record.iter().next_back()?;
    let is_open = last.ends_with('\n') && after - before == lines(record.as_slice());
    is_open.then(|| after - lines(last))
}

/// Whether the first line is a row already: numbers, which no list of names would be.
fn is_a_row(first: &::csv::StringRecord) -> bool {
    let number = |text: &str| text.trim().parse::<f64>().is_ok();
    let broken = |text: &str| text.contains('.');
    first.len() > 1 && first.iter().all(number) && first.iter().any(broken)
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
