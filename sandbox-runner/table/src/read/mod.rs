//! Finds out what a file is and gives its rows, some at a time.
//!
//! What a file is decides its content, never its name. Everything that was found out is in
//! [`Format`], what a person should know in [`Note`]s, and [`Options`] overrule it. What a column means is
//! decided elsewhere.

mod archive;
mod arrow;
mod delimited;
mod faults;
mod folder;
mod format;
mod gzip;
mod header;
mod input;
mod json;
pub mod limits;
mod meter;
mod options;
mod parquet;
mod recognise;
mod records;
mod sheet;

use std::io::{BufReader, Cursor, Read};
use std::path::Path;

pub use self::format::{Format, Kind, Note, Packing};
pub use self::meter::Progress;
use self::meter::{Counted, Meter};
pub use self::options::Options;
use self::recognise::Content;
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
    Sheet(Box<sheet::Sheet>),
    Arrow(Box<arrow::Arrow<'a>>),
    Folder(Box<folder::Folder<'a>>),
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
            Source::Sheet(reader) => Ok(reader.next(max_rows)),
            Source::Arrow(reader) => reader.next(max_rows),
            Source::Folder(reader) => reader.next(max_rows),
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
    let meter = Meter::new(progress);
    if std::fs::metadata(path).map_err(faults::fault)?.is_dir() {
        return folder::open(path, options, &meter);
    }
    open_file(path, options, &meter)
}

fn open_file<'a>(
    path: &Path,
    options: &Options,
    meter: &Meter<'a>,
) -> Result<Reader<'a>, DataError> {
    let mut opened = input::open(path, options.member.as_deref(), &Meter::silent())?;
    let content = recognise::content(opened.ahead()?)?;
    let (source, mut format, columns, notes) = match content {
        Content::Text => text(path, &mut opened, options, meter)?,
        Content::Parquet => {
            let file = input::seekable(path, &mut opened)?;
            let (reader, format, columns, notes) = parquet::open(file, options, meter.clone())?;
            (Source::Parquet(Box::new(reader)), format, columns, notes)
        }
        Content::Workbook | Content::OldWorkbook => {
            let file = input::seekable(path, &mut opened)?;
            let is_old = content == Content::OldWorkbook;
            let (reader, format, columns, notes) = sheet::open(file, is_old, options)?;
            meter.add(std::fs::metadata(path).map_err(faults::fault)?.len());
            (Source::Sheet(Box::new(reader)), format, columns, notes)
        }
        Content::ArrowFile => {
            let file = input::seekable(path, &mut opened)?;
            let file = Counted {
                inner: file,
                meter: meter.clone(),
            };
            let (reader, format, columns, notes) = arrow::open(arrow::Origin::File(file), options)?;
            (Source::Arrow(Box::new(reader)), format, columns, notes)
        }
        Content::ArrowStream => {
            let again = input::open(path, options.member.as_deref(), meter)?.bytes;
            let (reader, format, columns, notes) =
                arrow::open(arrow::Origin::Stream(Box::new(again)), options)?;
            (Source::Arrow(Box::new(reader)), format, columns, notes)
        }
    };
    format.packing = opened.packing;
    format.member = opened.member;
    Ok(Reader {
        source,
        format,
        columns,
        notes,
        ended: false,
    })
}

/// A source of rows with what is known of it.
type Found<'a> = (Source<'a>, Format, Vec<String>, Vec<Note>);

/// Opens a text.
fn text<'a>(
    path: &Path,
    opened: &mut input::Opened<'_>,
    options: &Options,
    meter: &Meter<'a>,
) -> Result<Found<'a>, DataError> {
    let member = options.member.as_deref();
    let encoding = encoding(opened, options)?;
    let again = input::open(path, member, meter)?.bytes;
    let mut text = BufReader::with_capacity(1 << 16, decoded(again, encoding));
    let begin = delimited::start(&mut text)?;
    recognise::text(&begin)?;
    let json = options.delimiter.is_none() && json::begins(&begin);
    let (source, mut format, columns, mut notes) = if json {
        let first = input::open(path, member, &Meter::silent())?.bytes;
        let scan = json::scan(&begin, decoded(first, encoding), options)?;
        let all = Box::new(Cursor::new(begin).chain(text));
        let (reader, format, columns, notes) = json::rows(scan, all);
        (Source::Json(Box::new(reader)), format, columns, notes)
    } else {
        let name = match &opened.member {
            Some(member) => member.to_lowercase(),
            None => path.to_string_lossy().to_lowercase(),
        };
        let name = name.trim_end_matches(".gz").trim_end_matches(".zst");
        let is_tabbed = name.ends_with(".tsv") || name.ends_with(".tab");
        let usual = if is_tabbed { b'\t' } else { b',' };
        let begun = delimited::rows(begin, Box::new(text), usual, options)?;
        let source = Source::Delimited(Box::new(begun.reader));
        (source, begun.format, begun.names, begun.notes)
    };
    format.encoding = Some(encoding.as_str().to_owned());
    if encoding != Encoding::Utf8 && options.encoding.is_none() {
        let note = format!("the characters are read as {}", encoding.as_str());
        notes.push(Note::new(note));
    }
    Ok((source, format, columns, notes))
}

/// How a text's characters are written.
fn encoding(opened: &mut input::Opened<'_>, options: &Options) -> Result<Encoding, DataError> {
    let no_text = |error: NoText| {
        let line = matches!(error, NoText::Damaged { .. }).then(|| error.line());
        match error {
            NoText::Io(error) => faults::fault(error),
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
    let Some(name) = &options.encoding else {
        return Encoding::detect(&mut opened.bytes).map_err(no_text);
    };
    let Some(named) = Encoding::named(name) else {
        let problem = format!("`{name}` is no encoding that is known");
        let cure = "utf-8, utf-16le, utf-16be, windows-1252 and others of the web's are";
        return Err(DataError::new(problem).cure(cure));
    };
    match (named, opened.ahead()?) {
        // A mark says which of the two it is.
        (Encoding::Utf16Le | Encoding::Utf16Be, [0xFE, 0xFF, ..]) => Ok(Encoding::Utf16Be),
        (Encoding::Utf16Le | Encoding::Utf16Be, [0xFF, 0xFE, ..]) => Ok(Encoding::Utf16Le),
        (Encoding::Utf8, _) => {
            Encoding::check_utf8(&mut opened.bytes).map_err(no_text)?;
            Ok(named)
        }
        _ => Ok(named),
    }
}
