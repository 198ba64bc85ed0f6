//! Why a command did not do what it was asked: one shape for refusals of the
//! server, unusable arguments and failures of our own, so that they all read alike.

mod client;
mod fit;
mod server;
mod workbench;

use std::fmt::{self, Write as _};
use std::path::Path;

use serde::Serialize;

use crate::show::text::printable;

/// Whose fault it is; decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fault {
    /// The request was understood and refused (exit code 1).
    Refused,
    /// What was typed, or a file it names, cannot be used (exit code 2, as clap's own errors).
    Input,
    /// No orchestrator answers (exit code 3).
    Unreachable,
    /// Something of ours broke (exit code 4).
    Ours,
}

/// Where in a file of data something is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Place {
    /// Line or row, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) line: Option<u64>,
    /// Column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) column: Option<String>,
}

/// What went wrong, what it concerns and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Failure {
    /// Whose fault.
    pub(crate) fault: Fault,
    /// What is wrong, one sentence.
    pub(crate) what: String,
    /// The field, argument or file that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) field: Option<String>,
    /// Where in a file.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub(crate) place: Option<Box<Place>>,
    /// The limit that was broken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) limit: Option<Box<str>>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) help: Option<String>,
    /// The server's status code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<u16>,
    /// The request, for the server's operator to find in its log, if the fault is the server's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) request_id: Option<Box<str>>,
}

impl Failure {
    /// A failure with nothing but its sentence.
    pub(crate) fn new(fault: Fault, what: impl Into<String>) -> Self {
        Self {
            fault,
            what: what.into(),
            field: None,
            place: None,
            limit: None,
            help: None,
            status: None,
            request_id: None,
        }
    }

    /// What was typed cannot be used.
    pub(crate) fn input(what: impl Into<String>) -> Self {
        Self::new(Fault::Input, what)
    }

    /// Something of ours broke while `doing` something.
    pub(crate) fn ours(doing: impl fmt::Display, error: impl fmt::Display) -> Self {
        Self::new(Fault::Ours, format!("failed to {doing}: {error}"))
    }

    /// A file of ours could not be read or written.
    pub(crate) fn file(doing: &str, path: &Path, error: impl fmt::Display) -> Self {
        Self::ours(format_args!("{doing} {}", path.display()), error)
    }

    /// Names what is wrong.
    pub(crate) fn field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// Says what to do.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The process's exit code.
    pub(crate) fn exit_code(&self) -> u8 {
        match self.fault {
            Fault::Refused => 1,
            Fault::Input => 2,
            Fault::Unreachable => 3,
            Fault::Ours => 4,
        }
    }

    /// Writes it to standard error: sentences for people, one JSON document for programs.
    pub(crate) fn report(&self, json: bool) {
        if json {
            let document = serde_json::json!({ "error": self });
            eprintln!("{document}");
        } else {
            eprintln!("{self}");
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = format!("error: {}", printable(&self.what));
        for (name, value) in [
            ("field", self.field.as_deref()),
            ("limit", self.limit.as_deref()),
            ("what to do", self.help.as_deref()),
            ("request", self.request_id.as_deref()),
        ] {
            if let Some(value) = value {
                write!(text, "\n  {name}: {}", printable(value))?;
            }
        }
        f.write_str(&text)
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_field_the_limit_and_what_to_do() {
        let mut failure = Failure::new(Fault::Refused, "the module is too large")
            .field("body")
            .help("strip it");
        failure.limit = Some("16777216".into());
        assert_eq!(
            failure.to_string(),
            "error: the module is too large\n  field: body\n  limit: 16777216\n  what to do: strip it"
        );
        assert_eq!(failure.exit_code(), 1);
    }

    #[test]
    fn text_from_the_server_cannot_drive_the_terminal() {
        let failure = Failure::new(Fault::Refused, "bad name \u{1b}]0;owned\u{7}");
        assert!(!failure.to_string().contains('\u{1b}'));
    }
}
