//! What a file is, by its first bytes.

use crate::error::DataError;

/// Bytes that are looked at.
pub(super) const LOOKED_AT: u64 = 4096;

/// What a file holds that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Parquet.
    Parquet,
    /// A workbook in an archive.
    Workbook,
    /// A workbook of Excel before 2007, or an encrypted one.
    OldWorkbook,
    /// Arrow, as a file.
    ArrowFile,
    /// Arrow, as a stream.
    ArrowStream,
    /// Characters.
    Text,
}

/// Files that are no tables, or none that can be read: how they begin, what they are, what helps.
const OTHERS: [(&[u8], &str, &str); 22] = [
    (b"%PDF", "a PDF", "export the table as CSV"),
    (
        b"\x89PNG",
        "an image (PNG)",
        "for images, name their folder",
    ),
    (
        b"\xFF\xD8\xFF",
        "an image (JPEG)",
        "for images, name their folder",
    ),
    (b"GIF8", "an image (GIF)", "for images, name their folder"),
    (
        b"SQLite format 3\0",
        "a SQLite database",
        "export a table: sqlite3 -header -csv FILE 'select * from TABLE' > table.csv",
    ),
    (
        b"\x93NUMPY",
        "an array of NumPy",
        "write it as CSV: numpy.savetxt('table.csv', array, delimiter=',')",
    ),
    (
        b"\x89HDF\r\n\x1A\n",
        "an HDF5 file",
        "write its table as Parquet: pandas.read_hdf('FILE').to_parquet('table.parquet')",
    ),
    (
        b"\x80\x02",
        "a Python pickle",
        "write it as Parquet: pandas.read_pickle('FILE').to_parquet('table.parquet')",
    ),
    (
        b"\x80\x03",
        "a Python pickle",
        "write it as Parquet: pandas.read_pickle('FILE').to_parquet('table.parquet')",
    ),
    (
        b"\x80\x04",
        "a Python pickle",
        "write it as Parquet: pandas.read_pickle('FILE').to_parquet('table.parquet')",
    ),
    (
        b"\x80\x05",
        "a Python pickle",
        "write it as Parquet: pandas.read_pickle('FILE').to_parquet('table.parquet')",
    ),
    (
        b"RDX2\n",
        "data of R",
        "write it in R: write.csv(table, 'table.csv', row.names = FALSE)",
    ),
    (
        b"RDX3\n",
        "data of R",
        "write it in R: write.csv(table, 'table.csv', row.names = FALSE)",
    ),
    (
        b"X\n\0\0\0",
        "data of R",
        "write it in R: write.csv(table, 'table.csv', row.names = FALSE)",
    ),
    (
        b"A\n3\n",
        "data of R",
        "write it in R: write.csv(table, 'table.csv', row.names = FALSE)",
    ),
    (b"$FL2", "an SPSS file", "save it there as CSV"),
    (
        b"<stata_dta>",
        "a Stata file",
        "export it there: export delimited table.csv",
    ),
    (b"ORC", "an ORC file", "write it as Parquet"),
    (b"Obj\x01", "an Avro file", "write it as Parquet"),
    (b"BZh", "packed with bzip2", "unpack it first: bunzip2 FILE"),
    (
        b"\xFD7zXZ\0",
        "packed with xz",
        "unpack it first: unxz FILE",
    ),
    (b"7z\xBC\xAF\x27\x1C", "a 7z archive", "unpack it first"),
];

/// What a file is that begins so.
///
/// # Errors
/// What it is instead of a table, and what helps.
pub(super) fn content(start: &[u8]) -> Result<Content, DataError> {
    let is = |what: &str, cure: &str| Err(DataError::new(format!("is {what}")).cure(cure));
    if start.is_empty() {
        return is("empty", "a line of names and rows below it are wanted");
    }
    for (begins, what, cure) in OTHERS {
        if start.starts_with(begins) {
            return is(what, cure);
        }
    }
    match start {
        [b'P', b'A', b'R', b'1', ..] => Ok(Content::Parquet),
        [b'P', b'A', b'R', b'E', ..] => {
            is("an encrypted Parquet file", "write it without encryption")
        }
        [b'P', b'K', 3, 4, ..] => Ok(Content::Workbook),
        [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1, ..] => Ok(Content::OldWorkbook),
        [b'A', b'R', b'R', b'O', b'W', b'1', 0, 0, ..] => Ok(Content::ArrowFile),
        [0xFF, 0xFF, 0xFF, 0xFF, _, _, _, 0, ..] => Ok(Content::ArrowStream),
        [b'F', b'E', b'A', b'1', ..] => is(
            "a Feather file of the first version",
            "write it anew as Feather or Parquet with a newer program",
        ),
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] => {
            is("a text in UTF-32", "save it as UTF-8")
        }
        _ => Ok(Content::Text),
    }
}

/// Refuses texts that are no tables.
///
/// # Errors
/// What it is instead, and what helps.
pub(super) fn text(start: &[u8]) -> Result<(), DataError> {
    let begin = &start[..start.len().min(LOOKED_AT as usize)];
    let begin = String::from_utf8_lossy(begin).trim_start().to_lowercase();
    let is = |what: &str, cure: &str| Err(DataError::new(format!("is {what}")).cure(cure));
    if begin.is_empty() {
        return is("empty", "a line of names and rows below it are wanted");
    }
    if ["<!doctype html", "<html", "<head", "<body"]
        .iter()
        .any(|tag| begin.starts_with(tag))
    {
        return is(
            "a web page (HTML), which is what a link to a page about the file gives",
            "download the file itself, often behind a link called `raw` or `download`",
        );
    }
    if begin.starts_with("<?xml") || begin.starts_with("<svg") {
        return is("XML", "export the table as CSV");
    }
    if begin.starts_with("{'") || begin.starts_with("[{'") {
        return is(
            "what Python prints, which is no JSON: its quotes are single",
            "write it with `json.dump`",
        );
    }
    if begin.starts_with("version https://git-lfs") {
        return is(
            "a pointer of Git LFS, which stands for the file itself",
            "fetch it: git lfs pull",
        );
    }
    if begin
        .lines()
        .any(|line| line.trim_start().starts_with("@relation "))
        && begin.contains("@attribute")
    {
        return is(
            "an ARFF file of Weka",
            "save it there as CSV, or leave out all up to `@data` with --skip-lines and --no-header",
        );
    }
    Ok(())
}
