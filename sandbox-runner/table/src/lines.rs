//! One kind of line end, so that lines are counted as an editor counts them.

use std::io::{self, Read};

/// The line, from 1, on which a record begins that was read up to line `after`: its last line, and
/// those in its cells, are behind it. (The reader itself counts blank lines before a record to
/// it.) All lines end with a line feed, the last one too.
#[must_use]
pub fn first_line(after: u64, record: &csv::StringRecord) -> u64 {
    let within = record
        .as_slice()
        .bytes()
        .filter(|byte| *byte == b'\n')
        .count() as u64;
    after.saturating_sub(within + 1).max(1)
}

/// Bytes of UTF-8 in which a carriage return, alone or before a line feed, reads as a line feed, and
/// the last line ends as all do.
pub(crate) struct OneLineEnd<R> {
    inner: R,
    /// The last byte was a carriage return: a line feed that follows belongs to it.
    after_return: bool,
    /// The last byte ended a line, or there was none.
    at_end: bool,
}

impl<R: Read> OneLineEnd<R> {
    pub(crate) fn new(inner: R) -> Self {
        Self {
            inner,
            after_return: false,
            at_end: true,
        }
    }
}

impl<R: Read> Read for OneLineEnd<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            let read = self.inner.read(buffer)?;
            let mut kept = 0;
            for at in 0..read {
                let byte = buffer[at];
                let second = self.after_return && byte == b'\n';
                self.after_return = byte == b'\r';
                if !second {
                    buffer[kept] = if byte == b'\r' { b'\n' } else { byte };
                    kept += 1;
                }
            }
            if kept > 0 {
                self.at_end = buffer[kept - 1] == b'\n';
                return Ok(kept);
            }
            // Nothing but the second half of a line end is not the end of the file.
            if read == 0 {
                if self.at_end {
                    return Ok(0);
                }
                self.at_end = true;
                buffer[0] = b'\n';
                return Ok(1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A reader of pieces of one length.
    struct Pieces<'a>(&'a [u8], usize);

    impl Read for Pieces<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let end = self.1.min(buffer.len());
            self.0.read(&mut buffer[..end])
        }
    }

    proptest! {
        #[test]
        fn however_it_is_read_each_line_ends_once(
            text in "(a|\r|\n|\r\n){0,40}", piece in 1_usize..5
        ) {
            let mut read = String::new();
            OneLineEnd::new(Pieces(text.as_bytes(), piece)).read_to_string(&mut read).unwrap();
            let mut expected = text.replace("\r\n", "\n").replace('\r', "\n");
            if expected.ends_with('a') {
                expected.push('\n');
            }
            prop_assert_eq!(read, expected);
        }
    }
}
