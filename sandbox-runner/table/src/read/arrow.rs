//! Arrow's own format, as files (also called Feather) and as streams.

mod columns;

use std::fs::File;
use std::io::BufReader;
use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow_array::RecordBatch;
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::{ArrowError, SchemaRef};

use self::columns::{Leaf, leaves};
use super::format::{Format, Kind, Note};
use super::header::{distinct, row_index};
use super::input::Bytes;
use super::limits::MAX_COLUMNS;
use super::meter::Counted;
use super::options::Options;
use crate::batch::{Batch, Cells};
use crate::error::DataError;

/// Rows of a batch with texts, whose lengths are not known before.
const MOST_ROWS: usize = 65_536;

/// A file that is being read.
pub(super) struct Arrow<'a> {
    batches: Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>> + Send + 'a>,
    leaves: Vec<Leaf>,
    /// Of which rows are given.
    current: Option<RecordBatch>,
    /// Rows of it that have been given.
    given: usize,
    /// Rows that have been given.
    rows: u64,
}

/// Where batches come from.
pub(super) enum Origin<'a> {
    File(Counted<'a, File>),
    Stream(Bytes<'a>),
}

/// What the library does, which may panic over damaged files; nothing of it is used after that.
fn guarded<T>(work: impl FnOnce() -> Result<T, DataError>) -> Result<T, DataError> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(DataError::new("is damaged: the Arrow reader gave up on it")))
}

/// Opens a file or a stream.
pub(super) fn open<'a>(
    from: Origin<'a>,
    options: &Options,
) -> Result<(Arrow<'a>, Format, Vec<String>, Vec<Note>), DataError> {
    guarded(|| {
        let (schema, batches): (SchemaRef, Box<dyn Iterator<Item = _> + Send + 'a>) = match from {
            Origin::File(file) => {
                let file = BufReader::new(file);
                let reader = FileReader::try_new(file, None).map_err(|error| broken(&error))?;
                (reader.schema(), Box::new(reader))
            }
            Origin::Stream(bytes) => {
                let reader = StreamReader::try_new(bytes, None).map_err(|error| broken(&error))?;
                (reader.schema(), Box::new(reader))
            }
        };
        let mut notes = Vec::new();
        let (leaves, left_out) = leaves(&schema, &options.leave_out)?;
        for name in &left_out {
            notes.push(Note::new("is left out: its type cannot be read").column(name));
        }
        if leaves.is_empty() {
            return Err(DataError::new("has no columns"));
        }
        if leaves.len() > MAX_COLUMNS {
            let problem = format!("has {} columns", leaves.len());
            return Err(DataError::new(problem).limit(MAX_COLUMNS as u64));
        }
        let names = leaves.iter().map(|leaf| leaf.name.clone()).collect();
        let names = distinct(names, &mut notes);
        let mut format = Format::of(Kind::Arrow);
        format.columns = names.len();
        format.left_out = left_out;
        let mut arrow = Arrow {
            batches,
            leaves,
            current: None,
            given: 0,
            rows: 0,
        };
        arrow.advance()?;
        if let Some(first) = &arrow.current {
            let first = first.slice(0, first.num_rows().min(200));
            for (leaf, name) in arrow.leaves.iter().zip(&names) {
                // What cannot be read is refused with its row later on.
                if let Ok(Cells::Integers(values)) = leaf.cells(&first, 0) {
                    notes.extend(row_index(name, &values));
                }
            }
        }
        Ok((arrow, format, names, notes))
    })
}

impl Arrow<'_> {
    /// The next batch of the file that has rows.
    fn advance(&mut self) -> Result<(), DataError> {
        self.given = 0;
        self.current = None;
        for batch in self.batches.by_ref() {
            let batch = batch.map_err(|error| broken(&error))?;
            if batch.num_rows() > 0 {
                self.current = Some(batch);
                break;
            }
        }
        Ok(())
    }

    /// The next rows.
    pub(super) fn next(&mut self, max_rows: usize) -> Result<Option<Batch>, DataError> {
        guarded(|| {
            if self
                .current
                .as_ref()
                .is_some_and(|batch| self.given == batch.num_rows())
            {
                self.advance()?;
            }
            let Some(current) = &self.current else {
                return Ok(None);
            };
            let rows = max_rows.min(MOST_ROWS).min(current.num_rows() - self.given);
            let slice = current.slice(self.given, rows);
            let cells = self.leaves.iter().map(|leaf| leaf.cells(&slice, self.rows));
            let columns = cells.collect::<Result<_, _>>()?;
            let lines = (self.rows + 1..).take(rows).collect();
            self.given += rows;
            self.rows += rows as u64;
            Ok(Some(Batch { lines, columns }))
        })
    }
}

/// The library's message, of bounded length.
fn broken(error: &ArrowError) -> DataError {
    let words: String = error.to_string().chars().take(200).collect();
    DataError::new(format!("cannot be read as Arrow: {words}")).cure("copy or write it anew")
}
