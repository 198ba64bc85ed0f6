//! What a person says about a file instead of letting it be found out.

use serde::{Deserialize, Serialize};

/// What is known of a file; what is `None` is found out. It goes into plans and task files, so that
/// a file is read alike everywhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Between two columns of a text: one ASCII character.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<char>,
    /// How characters are written: a name of the WHATWG's list, such as `utf-8`, `utf-16le`,
    /// `windows-1252`, `latin1`, `shift_jis`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// Whether the first line has the columns' names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<bool>,
    /// Lines above the columns' names, or above the first row where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skip_lines: Option<u64>,
    /// Whether quotes hold cells together (they do unless this says no).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quotes: Option<bool>,
    /// Whether numbers have decimal commas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decimal_comma: Option<bool>,
    /// Sheet of a spreadsheet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// File within an archive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    /// Columns that are not wanted, so that a type that cannot be read does not matter.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub leave_out: Vec<String>,
}

impl Options {
    /// Whether nothing is said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
