//! A folder of files of the same columns, read one after another in the order of their names.

use std::path::{Path, PathBuf};

use super::faults::fault;
use super::format::{Format, Kind};
use super::limits::MAX_FILES;
use super::meter::Meter;
use super::options::Options;
use super::{Reader, open_file};
use crate::batch::{Batch, Cells};
use crate::error::DataError;

/// Folders within each other.
const MAX_DEPTH: usize = 8;

/// Files that are being read.
pub(super) struct Folder<'a> {
    root: PathBuf,
    files: Vec<PathBuf>,
    options: Options,
    meter: Meter<'a>,
    /// The file that is being read; the next.
    current: Option<Box<Reader<'a>>>,
    next: usize,
    /// Bytes of the files before.
    read_bytes: u64,
    /// Rows of the files before.
    rows: u64,
    format: Format,
    columns: Vec<String>,
    /// The first batch, whose sorts of cells all must have.
    sorts: Option<Vec<Cells>>,
}

/// Files of a folder, and of those in it, by name. Hidden ones are left out, and those that programs
/// leave beside tables (`_SUCCESS`).
fn files(root: &Path) -> Result<Vec<PathBuf>, DataError> {
    let (mut files, mut folders) = (Vec::new(), vec![(root.to_owned(), 0)]);
    while let Some((folder, depth)) = folders.pop() {
        for entry in std::fs::read_dir(&folder).map_err(fault)? {
            let entry = entry.map_err(fault)?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.starts_with(['.', '_']) || name.ends_with(".crc") {
                continue;
            }
            let path = entry.path();
            let about = std::fs::metadata(&path).map_err(fault)?;
            if about.is_dir() && depth < MAX_DEPTH {
                folders.push((path, depth + 1));
            } else if about.is_file() && about.len() > 0 {
                files.push(path);
            }
            if files.len() > MAX_FILES {
                let problem = format!("is a folder of more than {MAX_FILES} files");
                return Err(DataError::new(problem).limit(MAX_FILES as u64));
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Opens a folder, and the first file in it.
pub(super) fn open<'a>(
    root: &Path,
    options: &Options,
    meter: &Meter<'a>,
) -> Result<Reader<'a>, DataError> {
    let files = files(root)?;
    let Some(path) = files.first() else {
        return Err(DataError::new("is a folder without files")
            .cure("put tables of the same columns into it, or name a file"));
    };
    let mut first = open_file(path, options, meter).map_err(|error| within(root, path, error))?;
    let notes = std::mem::take(&mut first.notes);
    let (mut format, columns) = (first.format.clone(), first.columns.clone());
    let folder = Folder {
        root: root.to_owned(),
        options: options.clone(),
        meter: meter.clone(),
        next: 1,
        read_bytes: 0,
        rows: 0,
        format: format.clone(),
        columns: columns.clone(),
        sorts: None,
        current: Some(Box::new(first)),
        files,
    };
    format.files = folder.files.len();
    Ok(Reader {
        source: super::Source::Folder(Box::new(folder)),
        format,
        columns,
        notes,
        ended: false,
    })
}

/// Says in which file something is wrong.
fn within(root: &Path, path: &Path, mut error: DataError) -> DataError {
    let name = path.strip_prefix(root).unwrap_or(path);
    error.problem = format!("in `{}`: {}", name.display(), error.problem);
    error
}

impl Folder<'_> {
    /// The next rows.
    pub(super) fn next(&mut self, max_rows: usize) -> Result<Option<Batch>, DataError> {
        while let Some(current) = &mut self.current {
            let path = &self.files[self.next - 1];
            let read = current.next(max_rows);
            let read = read.map_err(|error| within(&self.root, path, error))?;
            if let Some(mut batch) = read {
                self.same_sorts(&mut batch)?;
                if self.format.kind != Kind::Delimited {
                    let rows = batch.rows();
                    batch.lines = (self.rows + 1..).take(rows).collect();
                    self.rows += rows as u64;
                }
                return Ok(Some(batch));
            }
            self.current = None;
            self.advance()?;
        }
        Ok(None)
    }

    /// Opens the next file.
    fn advance(&mut self) -> Result<(), DataError> {
        let before = &self.files[self.next - 1];
        self.read_bytes += std::fs::metadata(before).map_err(fault)?.len();
        let Some(path) = self.files.get(self.next) else {
            return Ok(());
        };
        let meter = self.meter.following(self.read_bytes);
        let wrong = |error| within(&self.root, path, error);
        let reader = open_file(path, &self.options, &meter).map_err(wrong)?;
        if reader.columns != self.columns {
            let first = &self.files[0];
            let first = first.strip_prefix(&self.root).unwrap_or(first);
            let missing = self
                .columns
                .iter()
                .find(|name| !reader.columns.contains(name));
            let other = reader
                .columns
                .iter()
                .find(|name| !self.columns.contains(name));
            let first = first.display();
            let problem = match (missing, other) {
                (Some(name), _) => format!("has no column `{name}`, which `{first}` has"),
                (None, Some(name)) => format!("has a column `{name}`, which `{first}` has not"),
                (None, None) => format!("has its columns in another order than `{first}`"),
            };
            return Err(wrong(DataError::new(problem).cure(
                "the files of a folder want the same columns; take others out of it",
            )));
        }
        self.current = Some(Box::new(reader));
        self.next += 1;
        Ok(())
    }

    /// Columns have one sort of cells in all files: whole numbers become numbers where the first file
    /// has those.
    fn same_sorts(&mut self, batch: &mut Batch) -> Result<(), DataError> {
        let Some(sorts) = &self.sorts else {
            let none = |cells: &Cells| match cells {
                Cells::Texts(_) => Cells::Texts(crate::batch::Texts::default()),
                Cells::Numbers(_) => Cells::Numbers(Vec::new()),
                Cells::Integers(_) => Cells::Integers(Vec::new()),
                Cells::Booleans(_) => Cells::Booleans(Vec::new()),
                Cells::Times(_) => Cells::Times(Vec::new()),
            };
            self.sorts = Some(batch.columns.iter().map(none).collect());
            return Ok(());
        };
        for ((cells, sort), name) in batch.columns.iter_mut().zip(sorts).zip(&self.columns) {
            if std::mem::discriminant(cells) == std::mem::discriminant(sort) {
                continue;
            }
            *cells = match (&*cells, sort) {
                (Cells::Integers(values), Cells::Numbers(_)) => Cells::Numbers(
                    values
                        .iter()
                        .map(|value| value.map_or(f64::NAN, |value| value as f64))
                        .collect(),
                ),
                _ => {
                    let path = &self.files[self.next - 1];
                    let problem = "has another type than in the first file";
                    let error = DataError::new(problem).column(name);
                    let error = error.cure("write all files with the same types");
                    return Err(within(&self.root, path, error));
                }
            };
        }
        Ok(())
    }
}
