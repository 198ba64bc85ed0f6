//! JSON: objects or lists one after another, or in one list. It is read twice, the first time for the
//! keys, because one may come late.

mod parser;
mod row;
mod strings;

use std::collections::HashMap;
use std::io::Read;

use self::parser::Parser;
use self::row::{Row, Sort};
use super::format::{Format, Kind, Note};
use super::header::distinct;
use super::input::Bytes;
use super::limits::{MAX_BATCH, MAX_COLUMNS};
use super::options::Options;
use crate::batch::{Batch, Cells, Texts};
use crate::error::DataError;

/// What to do where a file is another kind of JSON.
const LINES: &str = "write an object for each row, such as pandas does with \
                     `df.to_json(\"rows.jsonl\", orient=\"records\", lines=True)`";

/// Whether a text begins as JSON does, and not as a table with a bracket in its first cell.
pub(super) fn begins(start: &[u8]) -> bool {
    let mut bytes = start.iter().filter(|byte| !byte.is_ascii_whitespace());
    match (bytes.next(), bytes.next()) {
        (Some(b'{'), Some(b'"' | b'}') | None) => true,
        (Some(b'['), Some(next)) => {
            matches!(next, b'{' | b'[' | b']' | b'"' | b'-' | b'0'..=b'9')
        }
        (Some(b'['), None) => true,
        _ => false,
    }
}

/// Rows of a file, one after another.
struct Rows<R> {
    parser: Parser<R>,
    /// Whether they are in one list.
    in_list: bool,
    begun: bool,
    ended: bool,
}

impl<R: Read> Rows<R> {
    fn new(text: R, in_list: bool) -> Self {
        Self {
            parser: Parser::new(text),
            in_list,
            begun: false,
            ended: false,
        }
    }

    /// Reads the next one; false behind the last.
    fn read(&mut self, row: &mut Row) -> Result<bool, DataError> {
        if self.ended {
            return Ok(false);
        }
        if self.in_list {
            let first = !std::mem::replace(&mut self.begun, true);
            if first {
                self.parser.takes(b'[')?;
            }
            if self.parser.takes(b']')? {
                self.ended = true;
                return match self.parser.ahead()? {
                    None => Ok(false),
                    Some(_) => Err(self
                        .parser
                        .fault("something follows behind the end of the list")),
                };
            }
            if !first && !self.parser.takes(b',')? {
                let problem = match self.parser.ahead()? {
                    None => "the file ends before its list does: it is cut off",
                    Some(_) => "a comma is wanted between two rows",
                };
                return Err(self.parser.fault(problem));
            }
        } else if self.parser.ahead()?.is_none() {
            self.ended = true;
            return Ok(false);
        }
        self.parser.row(row)?;
        Ok(true)
    }
}

/// Whether the rows are lists in one list or after each other: the first list of a list begins at once.
fn is_in_list(start: &[u8]) -> bool {
    let mut bytes = start.iter().filter(|byte| !byte.is_ascii_whitespace());
    bytes.next() == Some(&b'[') && matches!(bytes.next(), Some(b'[' | b'{' | b']') | None)
}

/// What the first pass finds.
pub(super) struct Scan {
    in_list: bool,
    of_lists: bool,
    header: bool,
    names: Vec<String>,
    notes: Vec<Note>,
}

/// Reads all rows for their keys.
pub(super) fn scan(start: &[u8], text: impl Read, options: &Options) -> Result<Scan, DataError> {
    let in_list = is_in_list(start);
    let mut rows = Rows::new(text, in_list);
    let mut row = Row::default();
    let mut scan = Scan {
        in_list,
        of_lists: false,
        header: true,
        names: Vec::new(),
        notes: Vec::new(),
    };
    let mut places = HashMap::new();
    let (mut count, mut lists) = (0u64, Vec::<(usize, u64)>::new());
    let mut width = 0;
    let mut shape = None;
    loop {
        match rows.read(&mut row) {
            Ok(true) => {}
            Ok(false) => break,
            // One object with a value for each row is not many columns.
            Err(error) if count == 0 && error.limit.is_some() => {
                return Err(other_kind(&row).unwrap_or(error));
            }
            Err(error) => return Err(error),
        }
        count += 1;
        if count == 1 {
            scan.of_lists = row.is_list;
            shape = other_kind(&row);
            width = row.len();
            let names = (0..row.len()).all(|at| row.sort(at) == Sort::Text);
            scan.header = !row.is_list || options.header.unwrap_or(names && row.len() > 0);
            if row.is_list {
                let name = |at| match scan.header {
                    true => row.value(at).unwrap_or_default().to_owned(),
                    false => String::new(),
                };
                scan.names = (0..row.len()).map(name).collect();
            }
        }
        if row.is_list != scan.of_lists {
            return Err(DataError::new("objects and lists are mixed")
                .line(row.line)
                .cure(LINES));
        }
        if scan.of_lists {
            if row.len() != width {
                let problem = format!("{} values, the first row has {width}", row.len());
                return Err(DataError::new(problem)
                    .line(row.line)
                    .cure("every row wants a value for each column; `null` stands for none"));
            }
            continue;
        }
        for at in 0..row.len() {
            let key = row.key(at);
            // Rows mostly have the same keys in the same order.
            if scan.names.get(at).is_some_and(|name| name == key) {
                note_list(&mut lists, &row, at, at);
                continue;
            }
            let place = places
                .get(key)
                .copied()
                .or_else(|| scan.names.iter().take(64).position(|name| name == key));
            let place = match place {
                Some(place) => place,
                None => {
                    let place = scan.names.len();
                    places.insert(key.to_owned(), place);
                    scan.names.push(key.to_owned());
                    if count > 1 {
                        scan.notes.push(
                            Note::new("is not a key of the rows above, which have no value in it")
                                .line(row.line)
                                .column(key),
                        );
                    }
                    place
                }
            };
            note_list(&mut lists, &row, at, place);
        }
        if scan.names.len() > MAX_COLUMNS {
            let problem = format!("the rows up to here have more than {MAX_COLUMNS} keys");
            return Err(DataError::new(problem)
                .line(row.line)
                .limit(MAX_COLUMNS as u64));
        }
    }
    if count == 0 {
        return Err(DataError::new("has no rows").cure(LINES));
    }
    if let (1, false, Some(error)) = (count, in_list, shape) {
        return Err(error);
    }
    if let (1, false, true) = (count, in_list, scan.of_lists) {
        return Err(DataError::new("is one list of values, not of rows").cure(LINES));
    }
    if scan.names.is_empty() {
        return Err(DataError::new("has rows without any value").cure(LINES));
    }
    if scan.notes.len() > 20 {
        let more = scan.notes.len() - 20;
        scan.notes.truncate(20);
        let note = format!("{more} further keys are not in the first row either");
        scan.notes.push(Note::new(note));
    }
    for (place, line) in lists {
        let note = "holds lists, which are read as their text";
        scan.notes
            .push(Note::new(note).line(line).column(scan.names[place].clone()));
    }
    if let Some(line) = rows.parser.lone {
        let note = "half a character (a surrogate without the other) is read as `\u{FFFD}`; \
                    there may be more";
        scan.notes.push(Note::new(note).line(line));
    }
    if scan.of_lists {
        scan.names = distinct(scan.names, &mut scan.notes);
    }
    Ok(scan)
}

fn note_list(lists: &mut Vec<(usize, u64)>, row: &Row, at: usize, place: usize) {
    if row.sort(at) == Sort::List && lists.iter().all(|(known, _)| *known != place) {
        lists.push((place, row.line));
    }
}

/// What a single object is that is no row, by its own name.
fn other_kind(row: &Row) -> Option<DataError> {
    if row.is_list {
        return None;
    }
    let has =
        |name: &str| (0..row.len()).any(|at| row.key(at) == name && row.sort(at) == Sort::List);
    let all_lists = row.len() > 0 && (0..row.len()).all(|at| row.sort(at) == Sort::List);
    let what = if has("columns") && has("data") {
        "is one object of columns and data, as pandas writes with orient=\"split\""
    } else if row.keys > 0 && (row.numbered == row.keys || row.counted == row.keys) {
        "is one object of objects whose keys count rows, as pandas writes with orient=\"columns\" or \
         orient=\"index\""
    } else if has("data") && row.nested > 1 {
        "is one object with a schema and data, as pandas writes with orient=\"table\""
    } else if all_lists && row.len() == 1 {
        "is one object that holds the rows in a list"
    } else if all_lists {
        "is one object with a list for each column, as pandas writes with `to_dict(\"list\")`"
    } else {
        return None;
    };
    Some(DataError::new(what).line(row.line).cure(LINES))
}

/// A file that is being read.
pub(super) struct Json<'a> {
    rows: Rows<Bytes<'a>>,
    row: Row,
    places: HashMap<String, usize>,
    names: Vec<String>,
    of_lists: bool,
    /// The first row has names, and has not been passed over.
    header_ahead: bool,
}

/// Begins the second pass.
pub(super) fn rows(scan: Scan, text: Bytes<'_>) -> (Json<'_>, Format, Vec<String>, Vec<Note>) {
    let mut format = Format::of(if scan.in_list {
        Kind::JsonArray
    } else {
        Kind::JsonLines
    });
    format.header = scan.header;
    format.columns = scan.names.len();
    let json = Json {
        rows: Rows::new(text, scan.in_list),
        row: Row::default(),
        places: scan.names.iter().cloned().zip(0..).collect(),
        names: scan.names.clone(),
        of_lists: scan.of_lists,
        header_ahead: scan.of_lists && scan.header,
    };
    (json, format, scan.names, scan.notes)
}

impl Json<'_> {
    /// The next rows.
    pub(super) fn next(&mut self, max_rows: usize) -> Result<Option<Batch>, DataError> {
        let mut columns = vec![Texts::default(); self.names.len()];
        let mut values: Vec<Option<usize>> = vec![None; self.names.len()];
        let mut lines = Vec::new();
        let mut bytes = 0;
        while lines.len() < max_rows && bytes < MAX_BATCH {
            if !self.rows.read(&mut self.row)? {
                break;
            }
            if std::mem::take(&mut self.header_ahead) {
                continue;
            }
            let row = &self.row;
            values.fill(None);
            for at in 0..row.len() {
                let place = if self.of_lists {
                    Some(at)
                } else {
                    let key = row.key(at);
                    let same = self.names.get(at).is_some_and(|name| name == key);
                    if same {
                        Some(at)
                    } else {
                        self.places.get(key).copied()
                    }
                };
                // The first pass has seen all keys, unless the file has changed.
                let Some(value) = place.and_then(|place| values.get_mut(place)) else {
                    return Err(DataError::new("the file has changed while it was read"));
                };
                if value.replace(at).is_some() {
                    return Err(DataError::new("is there twice")
                        .line(row.line)
                        .column(row.key(at))
                        .cure("a row has each key once"));
                }
            }
            for (value, column) in values.iter().zip(&mut columns) {
                column.push(value.and_then(|at| row.value(at)));
            }
            bytes += row.bytes.len();
            lines.push(row.line);
        }
        if lines.is_empty() {
            return Ok(None);
        }
        let columns = columns.into_iter().map(Cells::Texts).collect();
        Ok(Some(Batch { lines, columns }))
    }
}
