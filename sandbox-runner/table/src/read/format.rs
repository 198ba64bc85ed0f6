//! What was found out about a file, and what a person should know of it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::options::Options;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Text with a character between columns.
    Delimited,
    /// JSON objects or lists, one after another.
    JsonLines,
    /// A JSON list of objects or lists.
    JsonArray,
    /// Parquet.
    Parquet,
    /// A sheet of Excel or OpenDocument.
    Sheet,
    /// Arrow's own format, also called Feather.
    Arrow,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Delimited => "delimited text",
            Self::JsonLines => "JSON lines",
            Self::JsonArray => "JSON list",
            Self::Parquet => "Parquet",
            Self::Sheet => "spreadsheet",
            Self::Arrow => "Arrow",
        })
    }
}

/// What a file is packed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Packing {
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstd,
    /// A ZIP archive.
    Zip,
}

impl fmt::Display for Packing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Zip => "ZIP",
        })
    }
}

/// How a file is read. It is printed on two lines: what it is, and where the columns' names come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Format {
    /// What it is.
    pub kind: Kind,
    /// What it is packed with, outermost first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub packing: Vec<Packing>,
    /// How characters are written, of a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// What is between columns, of a delimited text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<char>,
    /// Whether quotes hold cells together, of a delimited text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quotes: Option<bool>,
    /// Whether the file itself names the columns.
    pub header: bool,
    /// Lines above the names, or above the first row where there are none.
    pub skipped_lines: u64,
    /// Whether the first rows have numbers with decimal commas, and none with a point.
    pub decimal_comma: bool,
    /// The sheet that is read, of a spreadsheet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// The file that is read, of an archive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    /// Columns that are not wanted and cannot be read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
    /// Files that are read one after another: more than one of a folder.
    pub files: usize,
    /// Columns.
    pub columns: usize,
}

impl Format {
    /// A file of this kind, of which nothing else has been found out.
    pub(super) fn of(kind: Kind) -> Self {
        Self {
            kind,
            packing: Vec::new(),
            encoding: None,
            delimiter: None,
            quotes: None,
            header: true,
            skipped_lines: 0,
            decimal_comma: false,
            sheet: None,
            member: None,
            left_out: Vec::new(),
            files: 1,
            columns: 0,
        }
    }

    /// What makes every reader read it like this, whatever the file's first rows would tell; empty for
    /// what needs no saying: UTF-8 with commas and names on the first line, JSON, Parquet, Arrow.
    #[must_use]
    pub fn options(&self) -> Options {
        let delimited = self.kind == Kind::Delimited;
        let plain = delimited
            && self.delimiter == Some(',')
            && self.header
            && self.skipped_lines == 0
            && self.quotes != Some(false)
            && self.encoding.as_deref() == Some("UTF-8");
        let all = delimited && !plain;
        Options {
            delimiter: self.delimiter.filter(|_| all),
            encoding: self
                .encoding
                .clone()
                .filter(|encoding| all || encoding != "UTF-8")
                .filter(|_| !plain),
            header: all.then_some(self.header),
            skip_lines: all.then_some(self.skipped_lines),
            quotes: self.quotes.filter(|quotes| all && !quotes),
            decimal_comma: self.decimal_comma.then_some(true),
            sheet: self.sheet.clone(),
            member: self.member.clone(),
            leave_out: self.left_out.clone(),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)?;
        if let Some(delimiter) = self.delimiter {
            write!(f, ", {} between columns", spoken(delimiter))?;
        }
        if let Some(encoding) = &self.encoding {
            write!(f, ", {encoding}")?;
        }
        if let Some(sheet) = &self.sheet {
            write!(f, ", sheet `{sheet}`")?;
        }
        for packing in &self.packing {
            write!(f, ", packed with {packing}")?;
        }
        if let Some(member) = &self.member {
            write!(f, " as `{member}`")?;
        }
        if self.files > 1 {
            write!(f, ", {} files", self.files)?;
        }
        let s = if self.columns == 1 { "" } else { "s" };
        write!(f, "\n{} column{s}", self.columns)?;
        match (
            self.header,
            self.delimiter.is_some() || self.sheet.is_some(),
        ) {
            (true, true) => write!(f, ", named in line {}", self.skipped_lines + 1)?,
            (true, false) => {}
            (false, _) => write!(f, " without names")?,
        }
        match self.skipped_lines {
            0 => {}
            1 => f.write_str(", 1 line above is left out")?,
            lines => write!(f, ", {lines} lines above are left out")?,
        }
        if self.decimal_comma {
            f.write_str(", numbers with decimal commas")?;
        }
        if self.quotes == Some(false) {
            f.write_str(", quotes are characters like others")?;
        }
        Ok(())
    }
}

/// A delimiter in words.
pub(super) fn spoken(delimiter: char) -> String {
    match delimiter {
        ',' => "commas".to_owned(),
        ';' => "semicolons".to_owned(),
        '\t' => "tabs".to_owned(),
        '|' => "bars".to_owned(),
        ' ' => "blanks".to_owned(),
        other => format!("`{}`", other.escape_default()),
    }
}

/// Said of a column that counts the rows.
const ROW_INDEX: &str = "counts the rows, as a program's row index does: it is no property of them";

/// What a person should know of how a file was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Line as an editor counts, or row of a file without lines, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Name of the column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// A sentence without a full stop.
    pub text: String,
}

impl Note {
    /// About the file.
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self {
            line: None,
            column: None,
            text: text.into(),
        }
    }

    /// A column that counts the rows, as a program's row index does.
    pub(super) fn row_index(column: &str) -> Self {
        Self::new(ROW_INDEX).column(column)
    }

    /// Whether it says of a column that it counts the rows.
    #[must_use]
    pub fn is_row_index(&self) -> bool {
        self.text == ROW_INDEX
    }

    /// On this line.
    pub(super) fn line(mut self, line: u64) -> Self {
        self.line = Some(line);
        self
    }

    /// In this column.
    pub(super) fn column(mut self, column: impl Into<String>) -> Self {
        self.column = Some(column.into());
        self
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        if let Some(column) = &self.column {
            write!(f, "column `{column}`: ")?;
        }
        f.write_str(&self.text)
    }
}
