//! Parquet files of plain columns and groups of them, read page by page.

mod cells;
mod meaning;
mod schema;

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use ::parquet::column::reader::{ColumnReader, ColumnReaderImpl, get_column_reader};
use ::parquet::data_type::DataType;
use ::parquet::errors::ParquetError;
use ::parquet::file::reader::FileReader;
use ::parquet::file::serialized_reader::SerializedFileReader;

use self::cells::{Value, none, push_missing};
use self::schema::{Picked, check_chunks, pick};
use super::faults::fault;
use super::format::{Format, Kind, Note};
use super::header::{distinct, row_index};
use super::meter::Meter;
use super::options::Options;
use crate::batch::{Batch, Cells};
use crate::error::DataError;

/// Rows of a batch with texts, whose lengths are not known before.
const ROWS_WITH_TEXTS: usize = 16_384;
/// Rows from which it is found out whether a column counts them.
const ROWS_LOOKED_AT: usize = 200;

/// A file that is being read.
pub(super) struct Parquet<'a> {
    file: SerializedFileReader<File>,
    picked: Vec<Picked>,
    meter: Meter<'a>,
    /// The next group.
    group: usize,
    /// Of the group that is being read, one a column.
    readers: Vec<ColumnReader>,
    /// Rows of it that are left.
    left: usize,
    /// Rows that have been read.
    rows: u64,
    /// The reader has given up.
    broken: bool,
}

/// What the library does, which panics over some damaged files (a dictionary that is missing, a page
/// that is too short); nothing of it is used after that.
fn guarded<T>(work: impl FnOnce() -> Result<T, DataError>) -> Result<T, DataError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        Err(DataError::new(
            "is damaged: the Parquet reader gave up on it",
        ))
    })
}

/// Opens a file.
pub(super) fn open<'a>(
    file: File,
    options: &Options,
    meter: Meter<'a>,
) -> Result<(Parquet<'a>, Format, Vec<String>, Vec<Note>), DataError> {
    guarded(|| {
        let bytes = file.metadata().map_err(fault)?.len();
        let again = file.try_clone().map_err(fault)?;
        let file = SerializedFileReader::new(file).map_err(|error| {
            DataError::new(format!("cannot be read as Parquet: {}", words(&error)))
                .cure("copy or write it anew")
        })?;
        let (picked, left_out) = pick(file.metadata(), &options.leave_out)?;
        check_chunks(file.metadata(), &picked, bytes)?;
        let mut notes = Vec::new();
        for name in &left_out {
            notes.push(Note::new("is left out: its type cannot be read").column(name));
        }
        let names = picked.iter().map(|column| column.name.clone()).collect();
        let names = distinct(names, &mut notes);
        let parquet = Parquet {
            file,
            picked,
            meter,
            group: 0,
            readers: Vec::new(),
            left: 0,
            rows: 0,
            broken: false,
        };
        notes.extend(parquet.index(again, &names)?);
        let mut format = Format::of(Kind::Parquet);
        format.columns = names.len();
        format.left_out = left_out;
        Ok((parquet, format, names, notes))
    })
}

impl Parquet<'_> {
    /// A note on columns that count the rows.
    fn index(&self, file: File, names: &[String]) -> Result<Vec<Note>, DataError> {
        let mut notes = Vec::new();
        for (column, name) in self.picked.iter().zip(names) {
            if !name.starts_with("__index_level_") {
                continue;
            }
            let file = file.try_clone().map_err(fault)?;
            let file =
                SerializedFileReader::new(file).map_err(|error| DataError::new(words(&error)))?;
            let mut alone = Parquet {
                file,
                picked: vec![column.clone()],
                meter: Meter::silent(),
                group: 0,
                readers: Vec::new(),
                left: 0,
                rows: 0,
                broken: false,
            };
            // A column that cannot be read is refused with its row later on.
            let Ok(Some(batch)) = alone.read(ROWS_LOOKED_AT) else {
                continue;
            };
            let counted = match batch.columns.first() {
                Some(Cells::Integers(values)) => row_index(name, values),
                _ => None,
            };
            notes.push(counted.unwrap_or_else(|| {
                Note::new("is the row index of the program that wrote the file").column(name)
            }));
        }
        Ok(notes)
    }

    /// The next rows.
    pub(super) fn next(&mut self, max_rows: usize) -> Result<Option<Batch>, DataError> {
        if self.broken {
            return Ok(None);
        }
        let read = guarded(|| self.read(max_rows));
        self.broken = read.is_err();
        read
    }

    fn read(&mut self, max_rows: usize) -> Result<Option<Batch>, DataError> {
        while self.left == 0 {
            if self.group >= self.file.metadata().num_row_groups() {
                return Ok(None);
            }
            self.next_group()?;
        }
        let mut columns: Vec<Cells> = self.picked.iter().map(|c| none(c.meaning)).collect();
        let has_texts = columns.iter().any(|cells| matches!(cells, Cells::Texts(_)));
        let most = if has_texts { ROWS_WITH_TEXTS } else { max_rows };
        let wanted = self.left.min(max_rows).min(most).max(1);
        for ((column, reader), cells) in self.picked.iter().zip(&mut self.readers).zip(&mut columns)
        {
            let place = Place {
                column,
                group: self.group,
                rows: self.rows,
                wanted,
            };
            place.read(reader, cells)?;
        }
        self.left -= wanted;
        let lines = (self.rows + 1..).take(wanted).collect();
        self.rows += wanted as u64;
        if self.left == 0 {
            let group = self.file.metadata().row_group(self.group - 1);
            let bytes = |column: &Picked| group.column(column.place).compressed_size();
            let bytes = self.picked.iter().map(bytes).sum::<i64>();
            self.meter.add(bytes.unsigned_abs());
        }
        Ok(Some(Batch { lines, columns }))
    }

    fn next_group(&mut self) -> Result<(), DataError> {
        let group = self.file.get_row_group(self.group);
        self.group += 1;
        let broken = |error: &ParquetError| {
            DataError::new(format!("row group {}: {}", self.group, words(error)))
        };
        let group = group.map_err(|error| broken(&error))?;
        self.left = group.metadata().num_rows() as usize;
        self.readers.clear();
        for column in &self.picked {
            let pages = group
                .get_column_page_reader(column.place)
                .map_err(|error| broken(&error).column(column.name.clone()))?;
            let reader = get_column_reader(Arc::clone(&column.descriptor), pages);
            self.readers.push(reader);
        }
        Ok(())
    }
}

/// Rows of a column that are being read.
struct Place<'a> {
    column: &'a Picked,
    /// Row group, from 1.
    group: usize,
    /// Rows before.
    rows: u64,
    /// Rows to read.
    wanted: usize,
}

impl Place<'_> {
    fn read(&self, reader: &mut ColumnReader, cells: &mut Cells) -> Result<(), DataError> {
        match reader {
            ColumnReader::BoolColumnReader(reader) => self.values(reader, cells),
            ColumnReader::Int32ColumnReader(reader) => self.values(reader, cells),
            ColumnReader::Int64ColumnReader(reader) => self.values(reader, cells),
            ColumnReader::Int96ColumnReader(reader) => self.values(reader, cells),
            ColumnReader::FloatColumnReader(reader) => self.values(reader, cells),
            ColumnReader::DoubleColumnReader(reader) => self.values(reader, cells),
            ColumnReader::ByteArrayColumnReader(reader) => self.values(reader, cells),
            ColumnReader::FixedLenByteArrayColumnReader(reader) => self.values(reader, cells),
        }
    }

    fn values<T: DataType>(
        &self,
        reader: &mut ColumnReaderImpl<T>,
        cells: &mut Cells,
    ) -> Result<(), DataError>
    where
        T::T: Value,
    {
        let there = self.column.descriptor.max_def_level();
        let (mut levels, mut values) = (Vec::<i16>::new(), Vec::<T::T>::new());
        let mut rows = 0;
        while rows < self.wanted {
            levels.clear();
            values.clear();
            let levels_wanted = (there > 0).then_some(&mut levels);
            let (read, ..) = reader
                .read_records(self.wanted - rows, levels_wanted, None, &mut values)
                .map_err(|error| self.fault(words(&error)))?;
            if read == 0 {
                let row = self.rows + rows as u64;
                return Err(self.fault(format!("ends after {row} rows of the file")));
            }
            let mut values = values.iter();
            for row in 0..read {
                let present = there == 0 || levels.get(row) == Some(&there);
                match if present { values.next() } else { None } {
                    None => push_missing(cells),
                    Some(value) => value.push(self.column.meaning, cells).map_err(|problem| {
                        DataError::new(problem)
                            .line(self.rows + (rows + row) as u64 + 1)
                            .column(self.column.name.clone())
                    })?,
                }
            }
            rows += read;
        }
        Ok(())
    }

    fn fault(&self, problem: String) -> DataError {
        DataError::new(format!("row group {}: {problem}", self.group))
            .column(self.column.name.clone())
    }
}

/// The library's message, of bounded length.
fn words(error: &ParquetError) -> String {
    let text = error.to_string();
    let text = text.strip_prefix("Parquet error: ").unwrap_or(&text);
    text.chars().take(200).collect()
}
