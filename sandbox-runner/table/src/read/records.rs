//! Rows of a text with a character between columns.

use std::io::{self, Read};

use memchr::{memchr_iter, memchr2};

use super::faults::fault;
use super::limits::{MAX_CELL, MAX_COLUMNS, MAX_ROW};
use crate::error::DataError;

/// One row: its cells in one piece of memory.
#[derive(Debug, Default)]
pub(super) struct Record {
    text: String,
    /// Where each cell ends.
    ends: Vec<usize>,
    /// Line on which it begins, from 1.
    pub(super) line: u64,
}

impl Record {
    /// A row of these cells.
    pub(super) fn of(cells: impl Iterator<Item = String>, line: u64) -> Self {
        let mut record = Self {
            line,
            ..Self::default()
        };
        for cell in cells {
            record.text.push_str(&cell);
            record.ends.push(record.text.len());
        }
        record
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Bytes of all cells.
    pub(super) fn bytes(&self) -> usize {
        self.text.len()
    }

    /// A cell without blanks around it.
    pub(super) fn get(&self, at: usize) -> Option<&str> {
        let end = *self.ends.get(at)?;
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.text.get(start..end).map(str::trim)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).filter_map(|at| self.get(at))
    }

    /// Whether no cell has anything in it.
    pub(super) fn is_blank(&self) -> bool {
        self.iter().all(str::is_empty)
    }
}

/// Reads rows of UTF-8 whose lines end with a line feed.
pub(super) struct Records<R> {
    input: R,
    buffer: Box<[u8]>,
    at: usize,
    end: usize,
    /// Line of the next byte, from 1.
    line: u64,
    delimiter: u8,
    quotes: bool,
}

/// Where in a row the reader is.
enum State {
    /// Before a cell.
    Before,
    /// In a cell without quotes.
    Plain,
    /// Within quotes.
    Quoted,
    /// Behind a quote that was the last or the first of two.
    Behind,
}

impl<R: Read> Records<R> {
    /// Begins on `line`.
    pub(super) fn new(input: R, delimiter: u8, quotes: bool, line: u64) -> Self {
        Self {
            input,
            buffer: vec![0; 1 << 16].into(),
            at: 0,
            end: 0,
            line,
            delimiter,
            quotes,
        }
    }

    /// What is there, at least a byte unless the text ends.
    fn fill(&mut self) -> Result<bool, DataError> {
        while self.at == self.end {
            match self.input.read(&mut self.buffer) {
                Ok(0) => return Ok(false),
                Ok(read) => (self.at, self.end) = (0, read),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(fault(error)),
            }
        }
        Ok(true)
    }

    /// Reads the next row that is not an empty line; false behind the last.
    ///
    /// # Errors
    /// Quotes that are not closed or stand where none may, with the line on which the cell's was opened;
    /// cells, rows and numbers of columns beyond the limits.
    pub(super) fn read(&mut self, record: &mut Record) -> Result<bool, DataError> {
        let mut bytes = std::mem::take(&mut record.text).into_bytes();
        bytes.clear();
        record.ends.clear();
        let read = self.read_into(&mut bytes, record);
        // What was decoded is UTF-8, and an ASCII byte ends no character in the middle.
        record.text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(_) => return Err(DataError::new("is no UTF-8").line(record.line)),
        };
        read
    }

    fn read_into(&mut self, bytes: &mut Vec<u8>, record: &mut Record) -> Result<bool, DataError> {
        let mut state = State::Before;
        let (mut cell_start, mut opened) = (0, 0);
        record.line = self.line;
        loop {
            if !self.fill()? {
                if matches!(state, State::Quoted) {
                    let problem = "a quote that is opened on this line is never closed";
                    return Err(quoting(problem.to_owned(), opened));
                }
                if bytes.is_empty() && record.ends.is_empty() && matches!(state, State::Before) {
                    return Ok(false);
                }
                record.ends.push(bytes.len());
                return Ok(true);
            }
            let piece = &self.buffer[self.at..self.end];
            match state {
                State::Before => match piece[0] {
                    b'\n' if record.ends.is_empty() => {
                        // An empty line.
                        self.at += 1;
                        self.line += 1;
                        record.line = self.line;
                    }
                    b' ' if self.delimiter != b' ' => self.at += 1,
                    b'"' if self.quotes => {
                        self.at += 1;
                        opened = self.line;
                        state = State::Quoted;
                    }
                    _ => state = State::Plain,
                },
                State::Plain => {
                    let found = memchr2(self.delimiter, b'\n', piece);
                    bytes.extend_from_slice(&piece[..found.unwrap_or(piece.len())]);
                    let Some(found) = found else {
                        self.at = self.end;
                        self.check(bytes.len(), cell_start, record.line, None)?;
                        continue;
                    };
                    let is_end = piece[found] == b'\n';
                    self.at += found + 1;
                    cell_start = self.ended(bytes, cell_start, record)?;
                    if is_end {
                        self.line += 1;
                        return Ok(true);
                    }
                    state = State::Before;
                }
                State::Quoted => {
                    let found = memchr::memchr(b'"', piece);
                    let within = &piece[..found.unwrap_or(piece.len())];
                    bytes.extend_from_slice(within);
                    self.line += memchr_iter(b'\n', within).count() as u64;
                    self.at += within.len();
                    if found.is_some() {
                        self.at += 1;
                        state = State::Behind;
                    }
                    self.check(bytes.len(), cell_start, record.line, Some(opened))?;
                }
                State::Behind => match piece[0] {
                    b'"' => {
                        bytes.push(b'"');
                        self.at += 1;
                        state = State::Quoted;
                    }
                    b'\n' => {
                        self.at += 1;
                        self.line += 1;
                        self.ended(bytes, cell_start, record)?;
                        return Ok(true);
                    }
                    byte if byte == self.delimiter => {
                        self.at += 1;
                        cell_start = self.ended(bytes, cell_start, record)?;
                        state = State::Before;
                    }
                    b' ' => self.at += 1,
                    _ => {
                        let line = self.line;
                        let place = if line == opened {
                            String::new()
                        } else {
                            format!(" on line {line}")
                        };
                        let problem = format!(
                            "a quote that is opened on this line is closed{place} in the middle of a cell"
                        );
                        return Err(quoting(problem, opened));
                    }
                },
            }
        }
    }

    /// Ends a cell; where the next begins.
    fn ended(
        &self,
        bytes: &[u8],
        cell_start: usize,
        record: &mut Record,
    ) -> Result<usize, DataError> {
        self.check(bytes.len(), cell_start, record.line, None)?;
        record.ends.push(bytes.len());
        if record.len() > MAX_COLUMNS {
            let problem = format!("has more than {MAX_COLUMNS} columns");
            return Err(DataError::new(problem)
                .line(record.line)
                .limit(MAX_COLUMNS as u64));
        }
        Ok(bytes.len())
    }

    fn check(
        &self,
        bytes: usize,
        cell_start: usize,
        line: u64,
        opened: Option<u64>,
    ) -> Result<(), DataError> {
        let (limit, what) = match bytes {
            _ if bytes - cell_start > MAX_CELL => (MAX_CELL, "cell"),
            _ if bytes > MAX_ROW => (MAX_ROW, "row"),
            _ => return Ok(()),
        };
        let error = match opened {
            Some(opened) => quoting(
                format!("a quote that is opened on this line is not closed within {limit} bytes"),
                opened,
            ),
            None => DataError::new(format!("has a {what} of more than {limit} bytes")).line(line),
        };
        Err(error.limit(limit as u64))
    }
}

/// Something is wrong with quotes.
fn quoting(problem: String, line: u64) -> DataError {
    DataError::new(problem).line(line).cure(
        "close it, write quotes within quotes twice (`\"\"`), or say --no-quotes if quotes are \
         characters like others",
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(text: &str) -> Result<Vec<(u64, Vec<String>)>, DataError> {
        let mut records = Records::new(text.as_bytes(), b',', true, 1);
        let mut record = Record::default();
        let mut rows = Vec::new();
        while records.read(&mut record)? {
            rows.push((record.line, record.iter().map(str::to_owned).collect()));
        }
        Ok(rows)
    }

    #[test]
    fn lines_are_counted_as_an_editor_does() {
        let rows = all("a,b\n\n\"x\ny\",1\n \"p\"\"q\" ,\n,\nlast").unwrap();
        let wanted = [
            (1, vec!["a", "b"]),
            (3, vec!["x\ny", "1"]),
            (5, vec!["p\"q", ""]),
            (6, vec!["", ""]),
            (7, vec!["last"]),
        ];
        let wanted =
            wanted.map(|(line, cells)| (line, cells.iter().map(|c| c.to_string()).collect()));
        assert_eq!(rows, wanted);
    }

    #[test]
    fn a_quote_is_refused_where_it_was_opened() {
        for (text, line, part) in [
            ("a\n1\n\"x\ny\n", 3, "never closed"),
            ("a,b\n\"x,1\ny,\"2\"\n", 2, "closed on line 3 in the middle"),
            ("a\n\"x\"y\n", 2, "is closed in the middle"),
        ] {
            let error = all(text).unwrap_err();
            assert_eq!(error.line, Some(line), "{error}");
            assert!(error.problem.contains(part), "{error}");
        }
        // Quotes that begin no cell are characters.
        assert_eq!(all("5\" nail,1\n").unwrap()[0].1[0], "5\" nail");
    }

    #[test]
    fn a_cell_without_end_stops_at_the_limit() {
        for (start, line) in [("a\n\"", 2), ("a\nb,", 2)] {
            let endless = start.as_bytes().chain(io::repeat(b'x'));
            let mut records = Records::new(endless, b',', true, 1);
            let mut record = Record::default();
            records.read(&mut record).unwrap();
            let error = records.read(&mut record).unwrap_err();
            assert_eq!(
                (error.line, error.limit),
                (Some(line), Some(MAX_CELL as u64))
            );
        }
        let mut commas = Records::new(io::repeat(b','), b',', true, 1);
        let error = commas.read(&mut Record::default()).unwrap_err();
        assert_eq!(error.limit, Some(MAX_COLUMNS as u64));
    }

    proptest! {
        #[test]
        fn what_the_csv_crate_writes_is_read(
            rows in proptest::collection::vec(proptest::collection::vec("[ab,\"\n;ä]{0,4}", 3), 1..6)
        ) {
            let mut writer = csv::WriterBuilder::new()
                .quote_style(csv::QuoteStyle::Always)
                .from_writer(Vec::new());
            for row in &rows {
                writer.write_record(row).unwrap();
            }
            let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            let read: Vec<Vec<String>> = all(&text).unwrap().into_iter().map(|row| row.1).collect();
            let trimmed: Vec<Vec<String>> = rows
                .iter()
                .map(|row| row.iter().map(|cell| cell.trim().to_owned()).collect())
                .collect();
            prop_assert_eq!(read, trimmed);
        }
    }
}
