//! Which columns of a Parquet file are read, and whether they can be.

use std::sync::Arc;

use parquet::basic::Compression;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use parquet::file::statistics::Statistics;
use parquet::schema::types::ColumnDescriptor;

use super::meaning::Meaning;
use crate::error::DataError;
use crate::read::limits::MAX_COLUMNS;

/// A column that is read.
#[derive(Clone)]
pub(super) struct Picked {
    /// Place among the columns of the file.
    pub(super) place: usize,
    pub(super) name: String,
    pub(super) meaning: Meaning,
    pub(super) descriptor: Arc<ColumnDescriptor>,
}

/// Columns to read, in the order of the file: a group's are called after it and themselves. `unwanted`
/// ones that cannot be read do not matter.
pub(super) fn pick(
    metadata: &ParquetMetaData,
    unwanted: &[String],
) -> Result<(Vec<Picked>, Vec<String>), DataError> {
    let schema = metadata.file_metadata().schema_descr();
    let (mut picked, mut left_out) = (Vec::new(), Vec::new());
    if schema.num_columns() > MAX_COLUMNS {
        let problem = format!("has {} columns", schema.num_columns());
        return Err(DataError::new(problem).limit(MAX_COLUMNS as u64));
    }
    for (place, descriptor) in schema.columns().iter().enumerate() {
        let parts = descriptor.path().parts();
        let name = parts.join(".");
        let first = parts.first().cloned().unwrap_or_default();
        let meaning = if descriptor.max_rep_level() > 0 {
            let kind = if parts.iter().any(|part| part == "key_value") {
                "map"
            } else {
                "list"
            };
            Err(format!(
                "is nested: a {kind} of {}; plain columns and groups of them can be read",
                descriptor.physical_type()
            ))
        } else {
            Meaning::of(descriptor)
        };
        match meaning {
            Ok(meaning) => picked.push(Picked {
                place,
                name,
                meaning: in_range(meaning, metadata, place),
                descriptor: Arc::clone(descriptor),
            }),
            Err(_) if unwanted.contains(&first) || unwanted.contains(&name) => {
                // A nested column is several of the file's.
                if !left_out.contains(&first) {
                    left_out.push(first);
                }
            }
            Err(problem) => {
                let name = if descriptor.max_rep_level() > 0 {
                    first
                } else {
                    name
                };
                return Err(DataError::new(problem)
                    .cure(format!("leave it out with --drop '{name}'"))
                    .column(name));
            }
        }
    }
    if picked.is_empty() {
        return Err(DataError::new("has no columns"));
    }
    Ok((picked, left_out))
}

/// Numbers without a sign are digits unless the file says that all are below 2^63.
fn in_range(meaning: Meaning, metadata: &ParquetMetaData, place: usize) -> Meaning {
    if meaning != Meaning::Unsigned {
        return meaning;
    }
    let mut chunks = metadata
        .row_groups()
        .iter()
        .map(|group| group.column(place));
    let small = |chunk: &ColumnChunkMetaData| match chunk.statistics() {
        Some(Statistics::Int32(_)) => true,
        Some(Statistics::Int64(about)) => {
            // Bounds of nothing but nulls are none.
            about.null_count_opt() == Some(chunk.num_values().unsigned_abs())
                || (about.min_opt().is_some_and(|min| *min >= 0)
                    && about.max_opt().is_some_and(|max| *max >= 0))
        }
        _ => chunk.column_type() == parquet::basic::Type::INT32,
    };
    if chunks.all(small) {
        Meaning::Unsigned
    } else {
        Meaning::Digits
    }
}

/// Refuses what the reader would trip over: other codecs, and chunks that are not in the file.
pub(super) fn check_chunks(
    metadata: &ParquetMetaData,
    picked: &[Picked],
    bytes: u64,
) -> Result<(), DataError> {
    for (group, about) in metadata.row_groups().iter().enumerate() {
        if about.num_rows() < 0 {
            let problem = format!(
                "row group {} says it has {} rows",
                group + 1,
                about.num_rows()
            );
            return Err(DataError::new(problem));
        }
        for column in picked {
            let chunk = about.column(column.place);
            let fault = |problem: &str| {
                DataError::new(format!("row group {}: {problem}", group + 1))
                    .column(column.name.clone())
            };
            match chunk.compression() {
                Compression::UNCOMPRESSED
                | Compression::SNAPPY
                | Compression::GZIP(_)
                | Compression::ZSTD(_) => {}
                other => {
                    return Err(fault(&format!("is compressed with {other}"))
                        .cure("write it with snappy, gzip, zstd or no compression"));
                }
            }
            if !lies_within(chunk, bytes) {
                return Err(fault(
                    "lies outside the file, which has been cut or damaged",
                ));
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
