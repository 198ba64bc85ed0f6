//! Reading a file whole, as texts.

use std::path::Path;

use gauntlet_table::read::{self, Format, Note, Options};
use gauntlet_table::{Batch, Cell, DataError};

/// A file that has been read.
#[derive(Debug)]
pub(crate) struct Whole {
    pub(crate) format: Format,
    pub(crate) columns: Vec<String>,
    pub(crate) notes: Vec<Note>,
    /// Texts of the cells, row by row.
    pub(crate) rows: Vec<Vec<String>>,
    pub(crate) lines: Vec<u64>,
}

/// Reads a file a few rows at a time.
pub(crate) fn read(path: &Path, options: &Options) -> Result<Whole, DataError> {
    let mut progress = |_| {};
    let mut reader = read::open(path, options, &mut progress)?;
    let (mut rows, mut lines) = (Vec::new(), Vec::new());
    while let Some(batch) = reader.next(7)? {
        assert!((1..=7).contains(&batch.rows()));
        assert_eq!(batch.columns.len(), reader.columns().len());
        lines.extend(&batch.lines);
        rows.extend((0..batch.rows()).map(|row| texts(&batch, row)));
    }
    Ok(Whole {
        format: reader.format().clone(),
        columns: reader.columns().to_vec(),
        notes: reader.notes().to_vec(),
        rows,
        lines,
    })
}

fn texts(batch: &Batch, row: usize) -> Vec<String> {
    let text = |cell| match cell {
        Cell::Missing => "∅".to_owned(),
        Cell::Text(text) => text.to_owned(),
        Cell::Number(number) => number.to_string(),
        Cell::Integer(number) => number.to_string(),
        Cell::Boolean(value) => value.to_string(),
        Cell::Time(seconds) => format!("{seconds} s"),
    };
    let cells = batch.columns.iter().map(|cells| cells.cell(row));
    cells.map(text).collect()
}

/// Reads these bytes under a name.
pub(crate) fn read_bytes(name: &str, bytes: &[u8], options: &Options) -> Result<Whole, DataError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    read(&path, options)
}
