//! What a person should know about the data.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Something that is no error, and that a person should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// A word for it that programs may look for.
    pub code: String,
    /// Name of the column, if it is one's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// Line as an editor counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// What it is.
    pub text: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cure: Option<String>,
}

impl Warning {
    pub(crate) fn new(code: &str, text: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            column: None,
            line: None,
            text: text.into(),
            cure: None,
        }
    }

    pub(crate) fn column(mut self, name: &str) -> Self {
        self.column = Some(name.to_owned());
        self
    }

    pub(crate) fn line(mut self, line: u64) -> Self {
        self.line = Some(line);
        self
    }

    pub(crate) fn cure(mut self, cure: impl Into<String>) -> Self {
        self.cure = Some(cure.into());
        self
    }
}

/// A flag as it is typed, in quotes where a shell needs them.
pub(crate) fn wish(flag: &str, name: &str, rest: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let argument = format!("{name}{rest}");
    if !name.is_empty() && name.chars().all(plain) {
        format!("--{flag} {argument}")
    } else {
        format!("--{flag} '{}'", argument.replace('\'', "'\\''"))
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.column, self.line) {
            (Some(column), Some(line)) => write!(f, "column `{column}`, line {line}: ")?,
            (Some(column), None) => write!(f, "column `{column}`: ")?,
            (None, Some(line)) => write!(f, "line {line}: ")?,
            (None, None) => {}
        }
        f.write_str(&self.text)?;
        self.cure
            .as_ref()
            .map_or(Ok(()), |cure| write!(f, "; {cure}"))
    }
}
