//! Finds out what a file is and gives its rows, some at a time.
//!
//! What a file is decides its content, never its name. Everything that was found out is in
//! [`Format`], what a person should know in [`Note`]s, and [`Options`] overrule it. What a column means is
//! decided elsewhere.

mod delimited;
mod format;
mod header;
mod input;
mod json;
pub mod limits;
mod options;
mod parquet;
mod recognise;
mod records;

use std::io::{BufReader, Cursor, Read};
use std::path::Path;

pub use self::format::{Format, Kind, Note, Packing};
pub use self::input::Progress;
pub use self::options::Options;
use crate::batch::Batch;
use crate::encoding::{Encoding, NoText, decoded};
use crate::error::DataError;

/// A file whose rows are being read.
pub struct Reader<'a> {
    source: Source<'a>,
    format: Format,
    columns: Vec<String>,
    notes: Vec<Note>,
    ended: bool,
}

/// What rows come from.
enum Source<'a> {
    Delimited(Box<delimited::Delimited<'a>>),
    Json(Box<json::Json<'a>>),
    Parquet(Box<parquet::Parquet<'a>>),
}

impl std::fmt::Debug for Reader<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader")
            .field("format", &self.format)
            .field("columns", &self.columns)
            .field("notes", &self.notes)
            .finish_non_exhaustive()
    }
}

impl Reader<'_> {
    /// How the file is read.
    #[must_use]
    pub fn format(&self) -> &Format {
        &self.format
    }

    /// Names of the columns, no two alike.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// What a person should know; more may come until the last row is read.
    #[must_use]
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// The next rows: at most `max_rows` and at least one, `None` behind the last and behind an error.
    ///
    /// # Errors
    /// [`DataError`] with the line or row, the column, the limit and the cure, as far as there are.
    pub fn next(&mut self, max_rows: usize) -> Result<Option<Batch>, DataError> {
        if self.ended {
            return Ok(None);
        }
        let max_rows = max_rows.max(1);
        let read = match &mut self.source {
            Source::Delimited(reader) => reader.next(max_rows),
            Source::Json(reader) => reader.next(max_rows),
            Source::Parquet(reader) => reader.next(max_rows),
        };
        if !matches!(read, Ok(Some(_))) {
            self.ended = true;
            if let Source::Delimited(reader) = &self.source {
                self.notes.extend(reader.closing_note());
            }
        }
        read
    }
}

/// Opens a file and finds out what it is. Texts are read once before their rows are given: every
/// byte has a say in how characters are written, and every JSON object in what columns there are.
/// `progress` hears how many bytes of the file, packed or not, have been read for the rows.
///
/// # Errors
/// [`DataError`] where it cannot be read, is something else than a table, or its start is malformed.
pub fn open<'a>(
    path: &Path,
    options: &Options,
    progress: Progress<'a>,
) -> Result<Reader<'a>, DataError> {
    if std::fs::metadata(path).map_err(input::fault)?.is_dir() {
        return Err(DataError::new("is a folder").cure("name a file in it"));
    }
    let mut nothing = |_: u64| {};
    let (mut bytes, packing) = input::open(path, &mut nothing)?;
    let mut start = Vec::new();
    (&mut bytes)
        .take(recognise::LOOKED_AT)
        .read_to_end(&mut start)
        .map_err(input::fault)?;
    match recognise::content(&start)? {
        recognise::Content::Parquet if packing.is_empty() => {
            let (reader, format, columns, notes) =
                parquet::open(input::file(path)?, options, progress)?;
            Ok(Reader {
                source: Source::Parquet(Box::new(reader)),
                format,
                columns,
                notes,
                ended: false,
            })
        }
        recognise::Content::Parquet => Err(DataError::new("is a packed Parquet file")
            .cure("unpack it first (Parquet compresses by itself)")),
        recognise::Content::Text => {
            drop(bytes);
            text(path, &start, packing, options, progress)
        }
    }
}

/// Opens a text.
fn text<'a>(
    path: &Path,
    start: &[u8],
    packing: Vec<Packing>,
    options: &Options,
    progress: Progress<'a>,
) -> Result<Reader<'a>, DataError> {
    let encoding = encoding(path, start, options)?;
    let again = input::open(path, progress)?.0;
    let mut text = BufReader::with_capacity(1 << 16, decoded(again, encoding));
    let begin = delimited::start(&mut text)?;
    recognise::text(&begin)?;
    let json = options.delimiter.is_none() && json::begins(&begin);
    let (source, mut format, columns, mut notes) = if json {
        let mut nothing = |_: u64| {};
        let first = input::open(path, &mut nothing)?.0;
        let scan = json::scan(&begin, decoded(first, encoding), options)?;
        let all = Box::new(Cursor::new(begin).chain(text));
        let (reader, format, columns, notes) = json::rows(scan, all);
        (Source::Json(Box::new(reader)), format, columns, notes)
    } else {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let name = name.to_lowercase();
        let is_tabbed = [".tsv", ".tab", ".tsv.gz", ".tab.gz", ".tsv.zst"];
        let usual = match is_tabbed.iter().any(|ending| name.ends_with(ending)) {
            true => b'\t',
            false => b',',
        };
        let begun = delimited::rows(begin, Box::new(text), usual, options)?;
        let source = Source::Delimited(Box::new(begun.reader));
        (source, begun.format, begun.names, begun.notes)
    };
    format.packing = packing;
    format.encoding = Some(encoding.as_str().to_owned());
    if encoding != Encoding::Utf8 && options.encoding.is_none() {
        let note = format!("the characters are read as {}", encoding.as_str());
        notes.push(Note::new(note));
    }
    Ok(Reader {
        source,
        format,
        columns,
        notes,
        ended: false,
    })
}

/// How a text's characters are written.
fn encoding(path: &Path, start: &[u8], options: &Options) -> Result<Encoding, DataError> {
    let no_text = |error: NoText| {
        let line = matches!(error, NoText::Damaged { .. }).then(|| error.line());
        match error {
            NoText::Io(error) => input::fault(error),
            NoText::SomethingElse(what) => DataError::new(format!("is {what}")),
            NoText::Damaged { byte, .. } => DataError {
                line,
                ..DataError::new(format!(
                    "the byte {byte:#04x} is no UTF-8, which the rest of the file is"
                ))
                .cure("save it as UTF-8 anew, mend this line, or say --encoding")
            },
        }
    };
    let mut nothing = |_: u64| {};
    let all = input::open(path, &mut nothing)?.0;
    let Some(name) = &options.encoding else {
        return Encoding::detect(all).map_err(no_text);
    };
    let Some(named) = Encoding::named(name) else {
        let problem = format!("`{name}` is no encoding that is known");
        let cure = "utf-8, utf-16le, utf-16be, windows-1252 and others of the web's are";
        return Err(DataError::new(problem).cure(cure));
    };
    match (named, start) {
        // A mark says which of the two it is.
        (Encoding::Utf16Le | Encoding::Utf16Be, [0xFE, 0xFF, ..]) => Ok(Encoding::Utf16Be),
        (Encoding::Utf16Le | Encoding::Utf16Be, [0xFF, 0xFE, ..]) => Ok(Encoding::Utf16Le),
        (Encoding::Utf8, _) => {
            Encoding::check_utf8(all).map_err(no_text)?;
            Ok(named)
        }
        _ => Ok(named),
    }
}
