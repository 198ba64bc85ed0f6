//! Tables of a user's own: read whatever the format, typed by what is in them, encoded
//! as numbers with what the train rows alone say.

mod column;
mod csv;
mod encode;
mod jsonl;
mod report;
mod target;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::error::TaskError;

pub(crate) use column::{Column, ColumnBuilder};
pub(crate) use encode::Encoder;
pub use report::{ColumnReport, ColumnType};
pub(crate) use target::Target;

/// Cells of a table: 8 bytes or so each, so this bounds memory.
const MAX_CELLS: usize = 100_000_000;
/// Columns of a table.
const MAX_COLUMNS: usize = 10_000;

/// A table in memory, column by column.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) path: PathBuf,
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: usize,
    /// What `row` counts from in messages: the first data row's line in a text file.
    pub(crate) first_line: u64,
}

/// One value of a table as a reader finds it.
pub(crate) enum Cell<'a> {
    Missing,
    Number(f64),
    Text(&'a str),
}

/// Reads a table; the format is the file's ending: `.csv`, `.tsv`, `.jsonl` or `.ndjson`.
/// `progress` hears how many bytes of the file are read.
///
/// # Errors
/// [`TaskError`] that names the file, the line or row and the column.
pub(crate) fn read(path: &Path, progress: &mut dyn FnMut(u64)) -> Result<Table, TaskError> {
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase();
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let file = File::open(path).map_err(|source| TaskError::Read {
        path: path.to_owned(),
        source,
    })?;
    let reader = Counted {
        inner: file,
        count: 0,
        progress,
    };
    match ending {
        "csv" => csv::read(path, reader, b','),
        "tsv" => csv::read(path, reader, b'\t'),
        "jsonl" | "ndjson" => jsonl::read(path, reader),
        _ => Err(TaskError::Format {
            path: path.to_owned(),
            known: ".csv, .tsv, .jsonl or .ndjson",
        }),
    }
}

impl Table {
    pub(crate) fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// A fault at a row, counted from 0.
    pub(crate) fn fault(&self, row: usize, column: &str, problem: impl Into<String>) -> TaskError {
        TaskError::Cell {
            path: self.path.clone(),
            line: self.first_line + row as u64,
            column: column.to_owned(),
            problem: problem.into(),
        }
    }

    /// A fault of the table as a whole.
    pub(crate) fn whole(path: &Path, problem: impl Into<String>) -> TaskError {
        TaskError::Table {
            path: path.to_owned(),
            problem: problem.into(),
        }
    }

    fn finish(
        path: &Path,
        builders: Vec<ColumnBuilder>,
        rows: usize,
        first_line: u64,
    ) -> Result<Self, TaskError> {
        if rows == 0 {
            return Err(Self::whole(path, "has no rows"));
        }
        Ok(Self {
            path: path.to_owned(),
            columns: builders.into_iter().map(ColumnBuilder::finish).collect(),
            rows,
            first_line,
        })
    }
}

/// Checks the names of columns before anything is read into them.
fn builders(path: &Path, names: &[String]) -> Result<Vec<ColumnBuilder>, TaskError> {
    if names.is_empty() || names.len() > MAX_COLUMNS {
        let problem = format!(
            "has {} columns, 1 to {MAX_COLUMNS} can be used",
            names.len()
        );
        return Err(Table::whole(path, problem));
    }
    for (place, name) in names.iter().enumerate() {
        if name.trim().is_empty() {
            let problem = format!("column {} has no name in the header", place + 1);
            return Err(Table::whole(path, problem));
        }
        if names[..place].contains(name) {
            return Err(Table::whole(
                path,
                format!("two columns are called `{name}`"),
            ));
        }
    }
    Ok(names
        .iter()
        .map(|name| ColumnBuilder::new(name.clone()))
        .collect())
}

fn check_size(path: &Path, rows: usize, columns: usize) -> Result<(), TaskError> {
    if rows.saturating_mul(columns) > MAX_CELLS {
        let problem = format!("has more than {MAX_CELLS} cells; use fewer rows or columns");
        return Err(Table::whole(path, problem));
    }
    Ok(())
}

/// What stands for "not known" in text formats.
fn is_missing(text: &str) -> bool {
    matches!(
        text,
        "" | "NA" | "N/A" | "NaN" | "nan" | "null" | "NULL" | "None" | "?"
    )
}

struct Counted<'a> {
    inner: File,
    count: u64,
    progress: &'a mut dyn FnMut(u64),
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.count += read as u64;
        (self.progress)(self.count);
        Ok(read)
    }
}
