//! How a file writes its characters.

use std::io::{self, Read};

use encoding_rs_io::{DecodeReaderBytes, DecodeReaderBytesBuilder};

use crate::lines::OneLineEnd;

/// How a file writes its characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with a byte order mark or without.
    Utf8,
    /// UTF-16, the lower byte first.
    Utf16Le,
    /// UTF-16, the higher byte first.
    Utf16Be,
    /// Western Europe's Windows code page 1252, which includes Latin-1: every byte is a character,
    /// so it is what a file is taken for that is nothing else.
    Windows1252,
    /// Another one, which somebody names.
    Other(&'static encoding_rs::Encoding),
}

/// Why a file is not read as text.
#[derive(Debug, thiserror::Error)]
pub enum NoText {
    /// It cannot be read.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It is something else.
    #[error("is {0}")]
    SomethingElse(&'static str),
    /// It is UTF-8, and then it is not.
    #[error(
        "the byte {byte:#04x} is no UTF-8, which the rest of the file is; save it as UTF-8 anew, or \
         mend this line"
    )]
    Damaged {
        /// Its line, from 1.
        line: u64,
        /// The byte.
        byte: u8,
    },
}

impl NoText {
    /// The line, from 1.
    #[must_use]
    pub const fn line(&self) -> u64 {
        match self {
            Self::Io(_) | Self::SomethingElse(_) => 1,
            Self::Damaged { line, .. } => *line,
        }
    }
}

impl Encoding {
    /// What these bytes are, all of which are read: a mark at the start decides; then UTF-16 where
    /// ASCII's every other byte is zero; then UTF-8 if all of it is. Bytes beyond ASCII that are no
    /// UTF-8 are Windows-1252, unless there are ten times as many that are.
    ///
    /// # Errors
    /// [`NoText`].
    pub fn detect(mut bytes: impl Read) -> Result<Self, NoText> {
        let mut start = Vec::new();
        (&mut bytes).take(4096).read_to_end(&mut start)?;
        match start.as_slice() {
            [0xFF, 0xFE, ..] => return Ok(Self::Utf16Le),
            [0xFE, 0xFF, ..] => return Ok(Self::Utf16Be),
            [b'P', b'K', 3, 4, ..] => {
                return Err(NoText::SomethingElse(
                    "a ZIP archive or a spreadsheet; unpack it, or save the sheet as CSV",
                ));
            }
            [b'%', b'P', b'D', b'F', ..] => return Err(NoText::SomethingElse("a PDF")),
            _ => {}
        }
        let zeros = |from: usize| {
            let all = start.iter().skip(from).step_by(2);
            let zeros = all.clone().filter(|byte| **byte == 0).count();
            zeros * 10 > all.count() * 7
        };
        if start.len() >= 4 && zeros(1) != zeros(0) {
            return Ok(if zeros(1) {
                Self::Utf16Le
            } else {
                Self::Utf16Be
            });
        }
        if start.contains(&0) {
            return Err(NoText::SomethingElse(
                "no text: there are zero bytes in it; save it as CSV",
            ));
        }
        let found = Beyond::of(start, bytes)?;
        match found.first_bad {
            None => Ok(Self::Utf8),
            Some((line, byte)) if found.good >= 10 * found.bad => {
                Err(NoText::Damaged { line, byte })
            }
            Some(_) => Ok(Self::Windows1252),
        }
    }

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16Le => "UTF-16 LE",
            Self::Utf16Be => "UTF-16 BE",
            Self::Windows1252 => "Windows-1252",
            Self::Other(encoding) => encoding.name(),
        }
    }

    /// The one that somebody names, as the WHATWG's list of names has it.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let name = match name.to_ascii_lowercase().as_str() {
            "cp1252" | "latin-1" => "windows-1252",
            "utf-16 le" => "utf-16le",
            "utf-16 be" => "utf-16be",
            _ => name,
        };
        let encoding = encoding_rs::Encoding::for_label_no_replacement(name.as_bytes())?;
        Some(match encoding {
            utf_8 if utf_8 == encoding_rs::UTF_8 => Self::Utf8,
            little if little == encoding_rs::UTF_16LE => Self::Utf16Le,
            big if big == encoding_rs::UTF_16BE => Self::Utf16Be,
            western if western == encoding_rs::WINDOWS_1252 => Self::Windows1252,
            other => Self::Other(other),
        })
    }

    /// What is wrong with bytes that are said to be UTF-8, all of which are read.
    ///
    /// # Errors
    /// [`NoText`].
    pub fn check_utf8(bytes: impl Read) -> Result<(), NoText> {
        match Beyond::of(Vec::new(), bytes)?.first_bad {
            None => Ok(()),
            Some((line, byte)) => Err(NoText::Damaged { line, byte }),
        }
    }
}

/// Bytes beyond ASCII.
#[derive(Default)]
struct Beyond {
    /// Characters of UTF-8.
    good: u64,
    /// Bytes that are no UTF-8.
    bad: u64,
    /// Line, from 1, and value of the first of these.
    first_bad: Option<(u64, u8)>,
}

impl Beyond {
    /// Those of `start` and what follows.
    fn of(start: Vec<u8>, mut bytes: impl Read) -> io::Result<Self> {
        let (mut found, mut line, mut buffer) = (Self::default(), 1, start);
        let mut after_return = false;
        loop {
            let mut rest = buffer.as_slice();
            let left = loop {
                let (good, bad, left) = match std::str::from_utf8(rest) {
                    Ok(text) => (text, None, 0),
                    Err(error) => {
                        let (good, from) = rest.split_at(error.valid_up_to());
                        // What is valid is valid.
                        let good = std::str::from_utf8(good).unwrap_or_default();
                        match error.error_len() {
                            Some(len) => (good, Some((from, len)), 0),
                            // A character that the piece cuts in two.
                            None => (good, None, from.len()),
                        }
                    }
                };
                // The first byte of each character beyond ASCII.
                found.good += good.bytes().filter(|byte| *byte >= 0xC0).count() as u64;
                line += line_ends(good.as_bytes(), &mut after_return);
                let Some((from, len)) = bad else {
                    break left;
                };
                found.is_bad(line, from);
                rest = &from[len..];
            };
            buffer.drain(..buffer.len() - left);
            if (&mut bytes).take(1 << 16).read_to_end(&mut buffer)? == 0 {
                if left > 0 {
                    found.is_bad(line, &buffer);
                }
                return Ok(found);
            }
        }
    }

    fn is_bad(&mut self, line: u64, bytes: &[u8]) {
        self.bad += 1;
        if let Some(byte) = bytes.first() {
            self.first_bad.get_or_insert((line, *byte));
        }
    }
}

/// Lines that end in a piece: with a line feed, a carriage return or both. `after_return` says whether the
/// piece before ended with one.
fn line_ends(piece: &[u8], after_return: &mut bool) -> u64 {
    let mut ends = memchr::memchr_iter(b'\n', piece).count() as u64;
    if *after_return && piece.first() == Some(&b'\n') {
        ends -= 1;
    }
    for at in memchr::memchr_iter(b'\r', piece) {
        ends += u64::from(piece.get(at + 1) != Some(&b'\n'));
    }
    *after_return = match piece.last() {
        Some(last) => *last == b'\r',
        None => *after_return,
    };
    ends
}

/// The characters as UTF-8, without a byte order mark; each line ends with a line feed, whether
/// that was one, a carriage return or both.
pub fn decoded<R: Read>(bytes: R, encoding: Encoding) -> impl Read + use<R> {
    let encoding = match encoding {
        Encoding::Utf8 => encoding_rs::UTF_8,
        Encoding::Utf16Le => encoding_rs::UTF_16LE,
        Encoding::Utf16Be => encoding_rs::UTF_16BE,
        Encoding::Windows1252 => encoding_rs::WINDOWS_1252,
        Encoding::Other(other) => other,
    };
    let decoder: DecodeReaderBytes<R, Vec<u8>> = DecodeReaderBytesBuilder::new()
        .encoding(Some(encoding))
        .strip_bom(true)
        .build(bytes);
    OneLineEnd::new(decoder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> (Encoding, String) {
        let encoding = Encoding::detect(bytes).unwrap();
        let mut text = String::new();
        decoded(bytes, encoding).read_to_string(&mut text).unwrap();
        (encoding, text)
    }

    fn utf16(text: &str, mark: bool, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        let mark = mark.then_some(0xFEFF);
        mark.into_iter()
            .chain(text.encode_utf16())
            .flat_map(bytes)
            .collect()
    }

    #[test]
    fn umlauts_come_through_every_encoding() {
        let text = "größe;straße\n1;ä\n";
        let bom = [b"\xEF\xBB\xBF".as_slice(), text.as_bytes()].concat();
        let western: Vec<u8> = text.chars().map(|c| c as u8).collect();
        for (bytes, encoding) in [
            (text.as_bytes().to_vec(), Encoding::Utf8),
            (bom, Encoding::Utf8),
            (utf16(text, true, u16::to_le_bytes), Encoding::Utf16Le),
            (utf16(text, false, u16::to_le_bytes), Encoding::Utf16Le),
            (utf16(text, true, u16::to_be_bytes), Encoding::Utf16Be),
            (utf16(text, false, u16::to_be_bytes), Encoding::Utf16Be),
            (western, Encoding::Windows1252),
        ] {
            assert_eq!(read(&bytes), (encoding, text.to_owned()));
        }
        assert_eq!(read(b"5 \x80\n").1, "5 €\n");
        assert_eq!(read(b""), (Encoding::Utf8, String::new()));
    }

    #[test]
    fn a_byte_that_is_no_utf_8_in_a_file_that_is_is_named() {
        let text = "ä,1\n".repeat(50_000).into_bytes();
        assert_eq!(Encoding::detect(text.as_slice()).unwrap(), Encoding::Utf8);
        let foreign = [text.as_slice(), b"\xE4"].concat();
        let cut = &text[..text.len() - 4];
        let cut = [cut, b"\xC3"].concat();
        for (bytes, line, byte) in [(foreign, 50_001, 0xE4), (cut, 50_000, 0xC3)] {
            let Err(error) = Encoding::detect(bytes.as_slice()) else {
                panic!("it is UTF-8");
            };
            let message = error.to_string();
            assert_eq!(error.line(), line, "{message}");
            assert!(message.contains(&format!("{byte:#04x}")), "{message}");
        }
    }

    #[test]
    fn what_is_no_text_is_said_to_be_something_else() {
        for bytes in [
            b"PK\x03\x04 a spreadsheet".as_slice(),
            b"%PDF-1.7",
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        ] {
            let read = Encoding::detect(bytes);
            assert!(matches!(read, Err(NoText::SomethingElse(_))), "{read:?}");
        }
    }
}
