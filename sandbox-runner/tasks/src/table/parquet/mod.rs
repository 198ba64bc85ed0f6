//! Parquet files of plain columns, read row group by row group and page by page.

mod cells;

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use ::parquet::basic::Compression;
use ::parquet::column::page::PageReader;
use ::parquet::column::reader::{ColumnReader, ColumnReaderImpl, get_column_reader};
use ::parquet::data_type::DataType;
use ::parquet::errors::ParquetError;
use ::parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use ::parquet::file::reader::FileReader;
use ::parquet::file::serialized_reader::SerializedFileReader;
use ::parquet::schema::types::ColumnDescriptor;

use self::cells::{Meaning, Value};
use super::cell::Cell;
use super::column::ColumnBuilder;
use super::memory::{Lines, Table, builders, check_size};
use crate::error::TaskError;
use crate::input;

/// Values of a column that are decoded at a time.
const BATCH: usize = 4096;

/// Reads a table. Columns of `unwanted` whose type cannot be read are left out.
pub(super) fn read(
    path: &Path,
    unwanted: &[String],
    progress: &mut dyn FnMut(u64),
) -> Result<Table, TaskError> {
    let file = File::open(path).map_err(|source| input::unreadable(path, source))?;
    // The library panics over some damaged files (a dictionary that is missing, a page that
    // is too short); nothing of it is used after that.
    let read = catch_unwind(AssertUnwindSafe(|| {
        read_open(path, file, unwanted, progress)
    }));
    read.unwrap_or_else(|_| {
        let problem = "is damaged: the Parquet reader gave up on it";
        Err(Table::whole(path, problem))
    })
}

fn read_open(
    path: &Path,
    file: File,
    unwanted: &[String],
    progress: &mut dyn FnMut(u64),
) -> Result<Table, TaskError> {
    let bytes = file
        .metadata()
        .map_err(|source| input::unreadable(path, source))?
        .len();
    let file = SerializedFileReader::new(file).map_err(|error| {
        let problem = format!("cannot be read as a Parquet file: {}", words(&error));
        Table::whole(path, problem)
    })?;
    let metadata = file.metadata();
    let (picked, left_unread) = pick(path, metadata, unwanted)?;
    let names: Vec<String> = picked.iter().map(|column| column.name.clone()).collect();
    let mut columns = builders(path, &names)?;
    check_chunks(path, metadata, &picked, bytes)?;
    let rows = rows(path, metadata, columns.len())?;

    let (mut before, mut read_bytes) = (0, 0);
    for group in 0..metadata.num_row_groups() {
        let about = metadata.row_group(group);
        let reader = file
            .get_row_group(group)
            .map_err(|error| broken(path, group, None, &error))?;
        let rows = about.num_rows() as usize;
        for (column, builder) in picked.iter().zip(&mut columns) {
            let pages = reader
                .get_column_page_reader(column.place)
                .map_err(|error| broken(path, group, Some(&column.name), &error))?;
            let place = Place {
                path,
                group,
                before,
                rows,
            };
            place.read(column, pages, builder)?;
            read_bytes += about.column(column.place).compressed_size().unsigned_abs();
            progress(read_bytes);
        }
        before += rows;
    }
    let mut table = Table::finish(path, columns, rows, Lines::OneEach)?;
    table.left_unread = left_unread;
    Ok(table)
}

/// A column that is read.
struct Picked {
    /// Place among the columns of the file.
    place: usize,
    name: String,
    meaning: Meaning,
    descriptor: Arc<ColumnDescriptor>,
}

/// Columns to read, in the order of the file, and those that cannot be but nobody wants.
fn pick(
    path: &Path,
    metadata: &ParquetMetaData,
    unwanted: &[String],
) -> Result<(Vec<Picked>, Vec<String>), TaskError> {
    let schema = metadata.file_metadata().schema_descr();
    let (mut picked, mut left_unread) = (Vec::new(), Vec::new());
    for (place, descriptor) in schema.columns().iter().enumerate() {
        let parts = descriptor.path().parts();
        let name = parts.first().cloned().unwrap_or_default();
        let nested = parts.len() > 1 || descriptor.max_rep_level() > 0;
        let meaning = if nested {
            Err("is nested (a list, map or group); plain columns are wanted".to_owned())
        } else {
            Meaning::of(descriptor)
        };
        match meaning {
            Ok(meaning) => picked.push(Picked {
                place,
                name,
                meaning,
                descriptor: Arc::clone(descriptor),
            }),
            Err(_) if unwanted.contains(&name) => {
                // A nested column is several of the file's.
                if !left_unread.contains(&name) {
                    left_unread.push(name);
                }
            }
            Err(problem) => {
                let problem = format!("column `{name}` {problem}. Leave it out with --drop");
                return Err(Table::whole(path, problem));
            }
        }
    }
    Ok((picked, left_unread))
}

/// Refuses what the reader would trip over: other codecs, and chunks that are not in the file.
fn check_chunks(
    path: &Path,
    metadata: &ParquetMetaData,
    picked: &[Picked],
    bytes: u64,
) -> Result<(), TaskError> {
    for (group, about) in metadata.row_groups().iter().enumerate() {
        for column in picked {
            let chunk = about.column(column.place);
            let fault = |problem: String| {
                let name = &column.name;
                let problem = format!("row group {}, column `{name}`: {problem}", group + 1);
                Err(Table::whole(path, problem))
            };
            match chunk.compression() {
                Compression::UNCOMPRESSED
                | Compression::SNAPPY
                | Compression::GZIP(_)
                | Compression::ZSTD(_) => {}
                other => {
                    return fault(format!(
                        "is compressed with {other}; snappy, gzip, zstd and none can be read"
                    ));
                }
            }
            if !lies_within(chunk, bytes) {
                return fault("lies outside the file, which has been cut or damaged".to_owned());
            }
        }
    }
    Ok(())
}

fn lies_within(chunk: &ColumnChunkMetaData, bytes: u64) -> bool {
    let start = chunk
        .dictionary_page_offset()
        .unwrap_or_else(|| chunk.data_page_offset());
    let end = start.checked_add(chunk.compressed_size());
    start >= 0
        && chunk.data_page_offset() >= 0
        && chunk.compressed_size() >= 0
        && end.is_some_and(|end| end.unsigned_abs() <= bytes)
}

/// Rows of all groups; checked before any of them is read.
fn rows(path: &Path, metadata: &ParquetMetaData, columns: usize) -> Result<usize, TaskError> {
    let mut rows = 0usize;
    for (group, about) in metadata.row_groups().iter().enumerate() {
        let here = usize::try_from(about.num_rows()).map_err(|_| {
            let problem = format!(
                "row group {} says it has {} rows",
                group + 1,
                about.num_rows()
            );
            Table::whole(path, problem)
        })?;
        rows = rows.saturating_add(here);
        check_size(path, rows, columns)?;
    }
    Ok(rows)
}

/// A row group that is being read.
struct Place<'a> {
    path: &'a Path,
    group: usize,
    /// Rows of the groups before it.
    before: usize,
    /// Rows that it says it has.
    rows: usize,
}

impl Place<'_> {
    fn read(
        &self,
        column: &Picked,
        pages: Box<dyn PageReader>,
        into: &mut ColumnBuilder,
    ) -> Result<(), TaskError> {
        match get_column_reader(Arc::clone(&column.descriptor), pages) {
            ColumnReader::BoolColumnReader(reader) => self.values(column, reader, into),
            ColumnReader::Int32ColumnReader(reader) => self.values(column, reader, into),
            ColumnReader::Int64ColumnReader(reader) => self.values(column, reader, into),
            ColumnReader::Int96ColumnReader(reader) => self.values(column, reader, into),
            ColumnReader::FloatColumnReader(reader) => self.values(column, reader, into),
            ColumnReader::DoubleColumnReader(reader) => self.values(column, reader, into),
            ColumnReader::ByteArrayColumnReader(reader) => self.values(column, reader, into),
            ColumnReader::FixedLenByteArrayColumnReader(reader) => {
                self.values(column, reader, into)
            }
        }
    }

    fn values<T: DataType>(
        &self,
        column: &Picked,
        mut reader: ColumnReaderImpl<T>,
        into: &mut ColumnBuilder,
    ) -> Result<(), TaskError>
    where
        T::T: Value,
    {
        let there = column.descriptor.max_def_level();
        let (mut levels, mut values) = (Vec::<i16>::new(), Vec::<T::T>::new());
        let mut rows = 0;
        while rows < self.rows {
            levels.clear();
            values.clear();
            let wanted = BATCH.min(self.rows - rows);
            let levels_wanted = (there > 0).then_some(&mut levels);
            let (read, ..) = reader
                .read_records(wanted, levels_wanted, None, &mut values)
                .map_err(|error| broken(self.path, self.group, Some(&column.name), &error))?;
            if read == 0 {
                let problem = format!(
                    "row group {}, column `{}`: ends after {rows} of {} rows",
                    self.group + 1,
                    column.name,
                    self.rows
                );
                return Err(Table::whole(self.path, problem));
            }
            let mut values = values.iter();
            for row in 0..read {
                let present = there == 0 || levels.get(row) == Some(&there);
                let cell = match if present { values.next() } else { None } {
                    None => Cell::Missing,
                    Some(value) => {
                        value
                            .cell(&column.meaning)
                            .map_err(|problem| TaskError::Cell {
                                path: self.path.to_owned(),
                                line: (self.before + rows + row + 1) as u64,
                                column: column.name.clone(),
                                problem,
                            })?
                    }
                };
                into.push(&cell);
            }
            rows += read;
        }
        Ok(())
    }
}

fn broken(path: &Path, group: usize, column: Option<&str>, error: &ParquetError) -> TaskError {
    let column = column.map_or_else(String::new, |name| format!(", column `{name}`"));
    let problem = format!("row group {}{column}: {}", group + 1, words(error));
    Table::whole(path, problem)
}

/// The library's message, of bounded length.
fn words(error: &ParquetError) -> String {
    let text = error.to_string();
    let text = text.strip_prefix("Parquet error: ").unwrap_or(&text);
    text.chars().take(200).collect()
}
