//! Answers on standard output: tables and sentences for people, one JSON document for programs.

use std::io::{self, Write as _};

use serde::Serialize;

use crate::failure::Failure;

/// How to answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    /// As JSON.
    pub(crate) json: bool,
}

impl Output {
    /// Answers with `value` as JSON, or with what `people` makes of it.
    pub(crate) fn answer<T: Serialize>(
        self,
        value: &T,
        people: impl FnOnce(&T) -> String,
    ) -> Result<(), Failure> {
        let text = if self.json {
            serde_json::to_string_pretty(value)
                .map_err(|error| Failure::ours("write the answer", error))?
        } else {
            people(value)
        };
        print(&text)
    }
}

/// Writes a text and a line's end to standard output.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{}", text.trim_end()).and_then(|()| out.flush()) {
        // `gauntlet … | head` is no error.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result.map_err(|error| Failure::ours("write to standard output", error)),
    }
}
