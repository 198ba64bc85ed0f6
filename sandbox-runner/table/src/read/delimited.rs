//! Text with a character between columns.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use super::faults::fault;
use super::format::{Format, Kind, Note, spoken};
use super::header::{decimal_mark, distinct, has_names, row_index};
use super::input::Bytes;
use super::limits::MAX_BATCH;
use super::options::Options;
use super::records::{Record, Records};
use crate::batch::{Batch, Cells, Texts};
use crate::dialect::Dialect;
use crate::error::DataError;

/// Bytes from which it is found out what separates columns: more than a hundred rows of most files.
const LOOKED_AT: u64 = 1 << 20;
/// Rows from which it is found out whether there are names.
const ROWS_LOOKED_AT: usize = 200;

/// A text that is being read.
pub(super) struct Delimited<'a> {
    records: Records<Bytes<'a>>,
    record: Record,
    /// The first row, if it has no names.
    waiting: bool,
    columns: usize,
    /// Columns behind them that have neither name nor value in the first rows.
    left_out: usize,
    delimiter: char,
    blank: u64,
    first_blank: u64,
}

/// What reading has to begin with.
pub(super) struct Begun<'a> {
    pub(super) reader: Delimited<'a>,
    pub(super) format: Format,
    pub(super) names: Vec<String>,
    pub(super) notes: Vec<Note>,
}

/// The first lines, whole.
pub(super) fn start(text: &mut impl BufRead) -> Result<Vec<u8>, DataError> {
    let mut bytes = Vec::new();
    text.take(LOOKED_AT)
        .read_to_end(&mut bytes)
        .map_err(fault)?;
    if bytes.len() as u64 == LOOKED_AT {
        // One that is longer than this again is the reader's to refuse.
        let more = text.take(LOOKED_AT).read_until(b'\n', &mut bytes);
        more.map_err(fault)?;
    }
    Ok(bytes)
}

/// The rows of a text that begins with `start`.
pub(super) fn rows<'a>(
    start: Vec<u8>,
    rest: Bytes<'a>,
    usual: u8,
    options: &Options,
) -> Result<Begun<'a>, DataError> {
    let text = String::from_utf8_lossy(&start);
    let dialect = dialect(&text, usual, options)?;
    let quotes = options.quotes.unwrap_or(true);
    let first_line = dialect.skipped as u64 + 1;
    let below_titles = behind_lines(&start, dialect.skipped);
    let sample = sample(below_titles, dialect.delimiter, quotes, first_line)?;
    let mut notes = Vec::new();
    if dialect.delimiter != usual && options.delimiter.is_none() {
        let delimiter = spoken(char::from(dialect.delimiter));
        notes.push(Note::new(format!("columns are separated by {delimiter}")));
    }
    let is_sep = text.starts_with("sep=") && dialect.skipped == 1;
    if dialect.skipped > 0 && options.skip_lines.is_none() && !is_sep {
        notes.push(Note::new(match dialect.skipped {
            1 => "the line above the columns is left out".to_owned(),
            lines => format!("the {lines} lines above the columns are left out"),
        }));
    }
    let Some((first, below)) = sample.split_first() else {
        let problem = if first_line == 1 {
            "is empty"
        } else {
            "has no rows below the lines that are left out"
        };
        return Err(DataError::new(problem).cure("a line of names and rows below it are wanted"));
    };
    let is_there = options.header.unwrap_or_else(|| has_names(first, below));
    let mut names: Vec<String> = if is_there {
        first.iter().map(str::to_owned).collect()
    } else {
        vec![String::new(); first.len()]
    };
    if !is_there && options.header.is_none() {
        let note = format!(
            "the first row has values like those below it, no names: columns are called \
             `column 1` to `column {}`; --header if it has names",
            first.len()
        );
        notes.push(Note::new(note).line(first.line));
    }
    let mut left_out = 0;
    if is_there {
        if has_row_names(first, below) {
            names.insert(0, String::new());
        }
        let filled = |at: usize| {
            let value = |row: &Record| row.get(at).is_some_and(|cell| !cell.is_empty());
            !names[at].is_empty() || below.iter().any(value)
        };
        let kept = (0..names.len())
            .rfind(|at| filled(*at))
            .map_or(0, |at| at + 1);
        left_out = names.len() - kept;
        names.truncate(kept);
        match left_out {
            0 => {}
            1 => notes.push(Note::new(
                "the last column has neither name nor values and is left out",
            )),
            more => notes.push(Note::new(format!(
                "the last {more} columns have neither names nor values and are left out"
            ))),
        }
        if names.is_empty() {
            return Err(DataError::new("the first row has no names").line(first.line));
        }
    }
    if is_there {
        names = distinct(names, &mut notes);
    } else {
        names = (1..=names.len()).map(|at| format!("column {at}")).collect();
    }
    let of_first = |row: &Record| row.get(0).and_then(|cell| cell.parse().ok());
    let counted: Vec<Option<i64>> = below.iter().map(of_first).collect();
    if is_there {
        notes.extend(row_index(&names[0], &counted));
    }
    let mut format = Format::of(Kind::Delimited);
    format.delimiter = Some(char::from(dialect.delimiter));
    format.quotes = Some(quotes);
    format.header = is_there;
    format.skipped_lines = dialect.skipped as u64;
    format.decimal_comma = options
        .decimal_comma
        .unwrap_or_else(|| dialect.delimiter != b',' && has_decimal_commas(below));
    format.columns = names.len();

    let skipped = start.len() - below_titles.len();
    let mut again = Cursor::new(start);
    again.set_position(skipped as u64);
    let mut all: Bytes<'a> = Box::new(again.chain(rest));
    if skipped == 0 && dialect.skipped > 0 {
        // More lines than were looked at.
        all = skip(all, dialect.skipped)?;
    }
    let mut records = Records::new(all, dialect.delimiter, quotes, first_line);
    let mut record = Record::default();
    let waiting = records.read(&mut record)? && !is_there;
    let reader = Delimited {
        records,
        record,
        waiting,
        columns: names.len(),
        left_out,
        delimiter: char::from(dialect.delimiter),
        blank: 0,
        first_blank: 0,
    };
    Ok(Begun {
        reader,
        format,
        names,
        notes,
    })
}

/// What is said, and else what the first lines tell.
fn dialect(text: &str, usual: u8, options: &Options) -> Result<Dialect, DataError> {
    let said = match options.delimiter {
        None => None,
        Some(delimiter) if delimiter.is_ascii() && !matches!(delimiter, '"' | '\n' | '\r') => {
            u8::try_from(delimiter).ok()
        }
        Some(delimiter) => {
            let problem = format!("`{delimiter}` cannot be between columns");
            return Err(DataError::new(problem).cure("one ASCII character can, no quote"));
        }
    };
    let skip = options.skip_lines.map(|lines| lines as usize);
    let below = match skip {
        Some(lines) => std::str::from_utf8(behind_lines(text.as_bytes(), lines)).unwrap_or(text),
        None => text,
    };
    let mut found = match said {
        Some(delimiter) => Dialect::detect_only(below, delimiter),
        None => Dialect::detect(below, usual),
    };
    if let Some(lines) = skip {
        found.skipped = lines;
    }
    Ok(found)
}

/// What is behind so many lines; nothing is left out if there are not as many.
fn behind_lines(text: &[u8], lines: usize) -> &[u8] {
    match lines.checked_sub(1) {
        None => text,
        Some(last) => memchr::memchr_iter(b'\n', text)
            .nth(last)
            .map_or(text, |at| &text[at + 1..]),
    }
}

fn skip(text: Bytes<'_>, lines: usize) -> Result<Bytes<'_>, DataError> {
    let mut text = BufReader::new(text);
    for _ in 0..lines {
        if text.skip_until(b'\n').map_err(fault)? == 0 {
            break;
        }
    }
    Ok(Box::new(text))
}

/// The first rows, as far as they can be read: what cannot is refused when it is read for good.
fn sample(
    text: &[u8],
    delimiter: u8,
    quotes: bool,
    first_line: u64,
) -> Result<Vec<Record>, DataError> {
    let mut records = Records::new(io::Cursor::new(text), delimiter, quotes, first_line);
    let mut rows: Vec<Record> = Vec::new();
    while rows.len() < ROWS_LOOKED_AT {
        let mut record = Record::default();
        match records.read(&mut record) {
            Ok(true) if record.is_blank() && !rows.is_empty() => {}
            Ok(true) => rows.push(record),
            Ok(false) => break,
            Err(error) if rows.is_empty() => return Err(error),
            Err(_) => break,
        }
    }
    Ok(rows)
}

/// Whether rows have a cell more than there are names, and it is no empty one behind the last: they
/// begin with names of their own.
fn has_row_names(first: &Record, below: &[Record]) -> bool {
    let more = |row: &&Record| {
        row.len() == first.len() + 1 && row.get(first.len()).is_some_and(|cell| !cell.is_empty())
    };
    !below.is_empty() && below.iter().filter(more).count() * 10 >= below.len() * 9
}

/// Whether numbers have decimal commas and none has a point.
fn has_decimal_commas(rows: &[Record]) -> bool {
    let marks = rows.iter().flat_map(Record::iter).filter_map(decimal_mark);
    let (mut commas, mut points) = (0, 0);
    for mark in marks {
        *if mark == ',' {
            &mut commas
        } else {
            &mut points
        } += 1;
    }
    commas > points
}

impl Delimited<'_> {
    /// The next rows.
    pub(super) fn next(&mut self, max_rows: usize) -> Result<Option<Batch>, DataError> {
        let mut columns = vec![Texts::default(); self.columns];
        let mut lines = Vec::new();
        let mut bytes = 0;
        while lines.len() < max_rows && bytes < MAX_BATCH {
            if !std::mem::take(&mut self.waiting) && !self.records.read(&mut self.record)? {
                break;
            }
            let record = &self.record;
            if record.is_blank() && (self.columns > 1 || record.len() > 1) {
                if self.blank == 0 {
                    self.first_blank = record.line;
                }
                self.blank += 1;
                continue;
            }
            let more = |at| record.get(at).is_some_and(|cell: &str| !cell.is_empty());
            if record.len() < self.columns || (self.columns..record.len()).any(more) {
                return Err(self.uneven());
            }
            for (at, column) in columns.iter_mut().enumerate() {
                column.push(record.get(at));
            }
            bytes += record.bytes();
            lines.push(record.line);
        }
        if lines.is_empty() {
            return Ok(None);
        }
        let columns = columns.into_iter().map(Cells::Texts).collect();
        Ok(Some(Batch { lines, columns }))
    }

    /// The row has another number of cells.
    fn uneven(&self) -> DataError {
        let (found, wanted) = (self.record.len(), self.columns);
        let delimiter = spoken(self.delimiter);
        if self.left_out > 0 && found >= wanted && found <= wanted + self.left_out {
            let problem = format!(
                "has a value in a column without a name, which is empty in the first rows: column {}",
                wanted + 1
            );
            return DataError::new(problem)
                .line(self.record.line)
                .cure("give the column a name, or delete the value");
        }
        let cure = if found > wanted {
            format!(
                "put cells that have {delimiter} in them into quotes, or delete what is too much"
            )
        } else {
            format!("add the {delimiter} that are missing, or delete the line if it is no row")
        };
        let s = if found == 1 { "" } else { "s" };
        DataError::new(format!("{found} column{s}, the header has {wanted}"))
            .line(self.record.line)
            .cure(cure)
    }

    /// What is known at the end.
    pub(super) fn closing_note(&self) -> Option<Note> {
        let note = match self.blank {
            0 => return None,
            1 => "a row without any value is left out".to_owned(),
            rows => {
                format!("{rows} rows without any value are left out; the first is on this line")
            }
        };
        Some(Note::new(note).line(self.first_blank))
    }
}
