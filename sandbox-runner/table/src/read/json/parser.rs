//! JSON as programs write it: values one after another from a stream, numbers by their digits, with the
//! words `NaN` and `Infinity` that the grammar does not know.

use std::io::{self, Read};

use super::row::{Row, Sort};
use crate::error::DataError;
use crate::read::faults::fault;
use crate::read::limits::{MAX_CELL, MAX_COLUMNS, MAX_DEPTH, MAX_ROW};

/// Characters of a number or word.
const MAX_WORD: usize = 4096;

/// Whether a word is a number: digits, with a sign, a fraction and an exponent or without.
fn is_number(word: &[u8]) -> bool {
    let digits = |from: &mut usize| {
        let start = *from;
        while word.get(*from).is_some_and(u8::is_ascii_digit) {
            *from += 1;
        }
        *from > start
    };
    let mut at = usize::from(word.first() == Some(&b'-'));
    if !digits(&mut at) {
        return false;
    }
    if word.get(at) == Some(&b'.') {
        at += 1;
        if !digits(&mut at) {
            return false;
        }
    }
    if matches!(word.get(at), Some(b'e' | b'E')) {
        at += 1 + usize::from(matches!(word.get(at + 1), Some(b'+' | b'-')));
        if !digits(&mut at) {
            return false;
        }
    }
    at == word.len()
}

/// Reads values from a stream of UTF-8 whose lines end with a line feed.
pub(super) struct Parser<R> {
    pub(super) input: R,
    pub(super) buffer: Box<[u8]>,
    pub(super) at: usize,
    pub(super) end: usize,
    /// Line of the next byte, from 1.
    pub(super) line: u64,
    /// Line of the first half of a pair of surrogates without the other, if there was one.
    pub(super) lone: Option<u64>,
}

impl<R: Read> Parser<R> {
    pub(super) fn new(input: R) -> Self {
        Self {
            input,
            buffer: vec![0; 1 << 16].into(),
            at: 0,
            end: 0,
            line: 1,
            lone: None,
        }
    }

    pub(super) fn peek(&mut self) -> Result<Option<u8>, DataError> {
        while self.at == self.end {
            match self.input.read(&mut self.buffer) {
                Ok(0) => return Ok(None),
                Ok(read) => (self.at, self.end) = (0, read),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(fault(error)),
            }
        }
        Ok(Some(self.buffer[self.at]))
    }

    pub(super) fn bump(&mut self) -> Result<u8, DataError> {
        match self.peek()? {
            Some(byte) => {
                self.at += 1;
                if byte == b'\n' {
                    self.line += 1;
                }
                Ok(byte)
            }
            None => Err(self
                .fault("the file ends in the middle of a value")
                .cure("copy or write it anew")),
        }
    }

    /// The next byte that is no blank; it is not taken.
    pub(super) fn ahead(&mut self) -> Result<Option<u8>, DataError> {
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.peek()? {
            self.bump()?;
        }
        self.peek()
    }

    /// Takes the byte that is ahead if it is this one.
    pub(super) fn takes(&mut self, byte: u8) -> Result<bool, DataError> {
        let is = self.ahead()? == Some(byte);
        if is {
            self.bump()?;
        }
        Ok(is)
    }

    pub(super) fn fault(&self, problem: impl Into<String>) -> DataError {
        DataError::new(problem).line(self.line)
    }

    fn unexpected(&mut self, wanted: &str) -> DataError {
        let found = match self.ahead() {
            Err(error) => return error,
            Ok(None) => "the file ends".to_owned(),
            Ok(Some(byte @ b'!'..=b'~')) => format!("`{}` is there", char::from(byte)),
            Ok(Some(_)) => "something else is there".to_owned(),
        };
        self.fault(format!("{wanted} is wanted, and {found}"))
    }

    fn wants(&mut self, byte: u8) -> Result<(), DataError> {
        if self.takes(byte)? {
            Ok(())
        } else {
            Err(self.unexpected(&format!("`{}`", char::from(byte))))
        }
    }

    /// Reads a row: an object, or a list.
    pub(super) fn row(&mut self, row: &mut Row) -> Result<(), DataError> {
        row.clear();
        let first = self.ahead()?;
        row.line = self.line;
        row.is_list = first == Some(b'[');
        match first {
            Some(b'{') => self.object(row, &mut Vec::new(), 0),
            Some(b'[') => self.list_row(row),
            _ => Err(self.unexpected("an object (`{`) or a list (`[`)")),
        }
    }

    fn list_row(&mut self, row: &mut Row) -> Result<(), DataError> {
        self.wants(b'[')?;
        if self.takes(b']')? {
            return Ok(());
        }
        loop {
            if self.ahead()? == Some(b'{') {
                let start = row.bytes.len();
                self.raw(&mut row.bytes, 1)?;
                self.add(row, (start, start), start, Sort::List)?;
            } else {
                self.scalar(row, (0, 0))?;
            }
            if !self.takes(b',')? {
                return self.wants(b']');
            }
        }
    }

    fn object(
        &mut self,
        row: &mut Row,
        prefix: &mut Vec<u8>,
        depth: usize,
    ) -> Result<(), DataError> {
        self.deep(depth)?;
        self.wants(b'{')?;
        if self.takes(b'}')? {
            return Ok(());
        }
        let (mut numbered, mut keys) = (true, 0);
        loop {
            let outer = prefix.len();
            if depth > 0 {
                prefix.push(b'.');
            }
            if self.ahead()? != Some(b'"') {
                return Err(self.unexpected("a key in quotes"));
            }
            let own = prefix.len();
            self.string(prefix)?;
            keys += 1;
            let is_whole = prefix.len() > own && prefix[own..].iter().all(u8::is_ascii_digit);
            numbered &= is_whole;
            self.wants(b':')?;
            let ahead = self.ahead()?;
            if depth == 0 {
                row.keys += 1;
                row.counted += usize::from(is_whole && ahead == Some(b'{'));
                row.nested += usize::from(matches!(ahead, Some(b'{' | b'[')));
            }
            if ahead == Some(b'{') {
                self.object(row, prefix, depth + 1)?;
            } else {
                let start = row.bytes.len();
                row.bytes.extend_from_slice(prefix);
                self.scalar(row, (start, row.bytes.len()))?;
            }
            prefix.truncate(outer);
            if !self.takes(b',')? {
                row.numbered += usize::from(depth == 1 && numbered && keys > 0);
                return self.wants(b'}');
            }
        }
    }

    /// A value that is no object.
    fn scalar(&mut self, row: &mut Row, key: (usize, usize)) -> Result<(), DataError> {
        let start = row.bytes.len();
        let sort = match self.ahead()? {
            Some(b'"') => {
                self.string(&mut row.bytes)?;
                Sort::Text
            }
            Some(b'[') => {
                self.raw(&mut row.bytes, 1)?;
                Sort::List
            }
            _ => self.word(&mut row.bytes)?,
        };
        self.add(row, key, start, sort)
    }

    fn add(
        &self,
        row: &mut Row,
        key: (usize, usize),
        start: usize,
        sort: Sort,
    ) -> Result<(), DataError> {
        let value = (start, row.bytes.len());
        row.add(key, value, sort);
        if row.bytes.len() > MAX_ROW {
            let problem = format!("has a row of more than {MAX_ROW} bytes");
            return Err(DataError::new(problem).line(row.line).limit(MAX_ROW as u64));
        }
        if row.len() > MAX_COLUMNS {
            let problem = format!("has a row of more than {MAX_COLUMNS} values");
            let error = DataError::new(problem).line(row.line);
            return Err(error.limit(MAX_COLUMNS as u64));
        }
        Ok(())
    }

    fn deep(&self, depth: usize) -> Result<(), DataError> {
        if depth < MAX_DEPTH {
            return Ok(());
        }
        let problem = format!("has more than {MAX_DEPTH} lists and objects within each other");
        Err(self.fault(problem).limit(MAX_DEPTH as u64))
    }

    pub(super) fn check(&self, into: &[u8], start: usize) -> Result<(), DataError> {
        if into.len() - start <= MAX_CELL {
            return Ok(());
        }
        let problem = format!("has a value of more than {MAX_CELL} bytes");
        Err(self.fault(problem).limit(MAX_CELL as u64))
    }

    /// A number, `true`, `false`, `null`, `NaN` or `Infinity`.
    fn word(&mut self, into: &mut Vec<u8>) -> Result<Sort, DataError> {
        let start = into.len();
        while self.peek()?.is_some() {
            let piece = &self.buffer[self.at..self.end];
            let within = |byte: &u8| {
                byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.' | b'_')
            };
            let end = piece.iter().position(|byte| !within(byte));
            let end = end.unwrap_or(piece.len());
            into.extend_from_slice(&piece[..end]);
            self.at += end;
            if into.len() - start > MAX_WORD {
                let problem = format!("has a number or word of more than {MAX_WORD} characters");
                return Err(self.fault(problem).limit(MAX_WORD as u64));
            }
            if self.at < self.end {
                break;
            }
        }
        if is_number(&into[start..]) {
            return Ok(Sort::Word);
        }
        let word = std::str::from_utf8(&into[start..]).unwrap_or_default();
        match word {
            "null" | "NaN" | "nan" | "None" => {
                into.truncate(start);
                Ok(Sort::Nothing)
            }
            "true" | "false" | "Infinity" | "-Infinity" => Ok(Sort::Word),
            "" => Err(self.unexpected("a value")),
            other => {
                let other: String = other.chars().take(40).collect();
                Err(self
                    .fault(format!("`{other}` is no JSON"))
                    .cure("texts want quotes; numbers have digits and a point"))
            }
        }
    }

    /// A value as its JSON, without blanks.
    pub(super) fn raw(&mut self, into: &mut Vec<u8>, depth: usize) -> Result<(), DataError> {
        self.deep(depth)?;
        let start = into.len();
        let close = match self.ahead()? {
            Some(b'[') => b']',
            Some(b'{') => b'}',
            Some(b'"') => {
                into.push(b'"');
                let text = into.len();
                self.string(into)?;
                let text = into.split_off(text);
                let text = String::from_utf8_lossy(&text);
                into.extend(text.chars().flat_map(|c| match c {
                    '"' | '\\' => vec![b'\\', c as u8],
                    '\n' => b"\\n".to_vec(),
                    other => other.encode_utf8(&mut [0; 4]).as_bytes().to_vec(),
                }));
                into.push(b'"');
                return Ok(());
            }
            _ => {
                if self.word(into)? == Sort::Nothing {
                    into.extend_from_slice(b"null");
                }
                return Ok(());
            }
        };
        into.push(self.bump()?);
        if self.takes(close)? {
            into.push(close);
            return Ok(());
        }
        loop {
            if close == b'}' {
                if self.ahead()? != Some(b'"') {
                    return Err(self.unexpected("a key in quotes"));
                }
                self.raw(into, depth + 1)?;
                self.wants(b':')?;
                into.push(b':');
            }
            self.raw(into, depth + 1)?;
            self.check(into, start)?;
            if self.takes(b',')? {
                into.push(b',');
            } else {
                self.wants(close)?;
                into.push(close);
                return Ok(());
            }
        }
    }
}
