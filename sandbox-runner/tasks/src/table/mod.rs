//! Tables of a user's own: read whatever the format, typed by what is in them, encoded
//! as numbers with what the train rows alone say.

mod cell;
mod column;
mod csv;
mod encode;
mod jsonl;
mod memory;
mod parquet;
mod report;
mod target;

use std::path::Path;

use crate::error::TaskError;
use crate::input;

pub(crate) use encode::Encoder;
pub(crate) use memory::Table;
pub(crate) use report::Counts;
pub use report::{ColumnReport, ColumnType};
pub(crate) use target::Target;

/// Reads a table; the format is the file's ending, with `.gz` after it or not.
/// `progress` hears how many bytes of the file are read. Columns of `unwanted` are left
/// out where their type is one that cannot be read.
///
/// # Errors
/// [`TaskError`] that names the file, the line or row and the column.
pub(crate) fn read(
    path: &Path,
    unwanted: &[String],
    progress: &mut dyn FnMut(u64),
) -> Result<Table, TaskError> {
    let (name, packed) = input::plain_name(path);
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    match ending {
        "csv" => csv::read(path, b',', progress),
        "tsv" => csv::read(path, b'\t', progress),
        "jsonl" | "ndjson" => jsonl::read(path, input::open(path, progress)?),
        "parquet" | "pq" if packed => Err(Table::whole(
            path,
            "is a packed Parquet file, which cannot be read in parts; unpack it first \
             (Parquet compresses by itself)",
        )),
        "parquet" | "pq" => parquet::read(path, unwanted, progress),
        _ => Err(TaskError::Format {
            path: path.to_owned(),
            known: ".csv, .tsv, .jsonl or .ndjson (each with .gz or without), or .parquet",
        }),
    }
}
