//! Strings of JSON.

use std::io::{self, Read};

use super::parser::Parser;
use crate::error::DataError;
use crate::read::faults::fault;

impl<R: Read> Parser<R> {
    /// A string's text.
    pub(super) fn string(&mut self, into: &mut Vec<u8>) -> Result<(), DataError> {
        let (start, opened) = (into.len(), self.line);
        self.bump()?;
        loop {
            self.check(into, start)?;
            if self.peek()?.is_none() {
                return Err(
                    DataError::new("a quote that is opened on this line is never closed")
                        .line(opened)
                        .cure("copy or write the file anew"),
                );
            }
            let piece = &self.buffer[self.at..self.end];
            let plain = piece
                .iter()
                .position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20))
                .unwrap_or(piece.len());
            into.extend_from_slice(&piece[..plain]);
            self.at += plain;
            if plain == piece.len() {
                continue;
            }
            match self.bump()? {
                b'"' => return Ok(()),
                b'\\' => self.escape(into)?,
                b'\n' => {
                    return Err(DataError::new(
                        "a quote that is opened on this line is not closed on it",
                    )
                    .line(opened)
                    .cure("line breaks within texts are written `\\n`"));
                }
                control => into.push(control),
            }
        }
    }

    fn escape(&mut self, into: &mut Vec<u8>) -> Result<(), DataError> {
        let byte = match self.bump()? {
            b'n' => b'\n',
            b't' => b'\t',
            b'r' => b'\r',
            b'b' => 8,
            b'f' => 12,
            byte @ (b'"' | b'\\' | b'/') => byte,
            b'u' => return self.unicode(into),
            _ => {
                return Err(self
                    .fault("a backslash stands before a character that it cannot")
                    .cure("a backslash itself is written twice"));
            }
        };
        into.push(byte);
        Ok(())
    }

    fn unicode(&mut self, into: &mut Vec<u8>) -> Result<(), DataError> {
        let mut unit = self.unit()?;
        loop {
            let mut next = None;
            let character = match unit {
                0xD800..=0xDBFF => {
                    next = self.second()?;
                    match next {
                        Some(low @ 0xDC00..=0xDFFF) => {
                            next = None;
                            char::from_u32(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00))
                        }
                        _ => None,
                    }
                }
                _ => char::from_u32(unit),
            };
            if character.is_none() {
                self.lone.get_or_insert(self.line);
            }
            let character = character.unwrap_or(char::REPLACEMENT_CHARACTER);
            into.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            match next {
                Some(after) => unit = after,
                None => return Ok(()),
            }
        }
    }

    /// The unit of an escape that follows at once.
    fn second(&mut self) -> Result<Option<u32>, DataError> {
        if self.end - self.at < 2 {
            // The two bytes may lie in the next piece.
            let left = self.end - self.at;
            self.buffer.copy_within(self.at..self.end, 0);
            (self.at, self.end) = (0, left);
            while self.end < 2 {
                match self.input.read(&mut self.buffer[self.end..]) {
                    Ok(0) => return Ok(None),
                    Ok(read) => self.end += read,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(fault(error)),
                }
            }
        }
        if !self.buffer[self.at..self.end].starts_with(b"\\u") {
            return Ok(None);
        }
        self.at += 2;
        self.unit().map(Some)
    }

    fn unit(&mut self) -> Result<u32, DataError> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = char::from(self.bump()?).to_digit(16);
            let digit = digit.ok_or_else(|| self.fault("`\\u` wants four hexadecimal digits"))?;
            unit = unit << 4 | digit;
        }
        Ok(unit)
    }
}
