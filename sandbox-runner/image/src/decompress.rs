//! Compressed data, as far as it may grow.

use std::cell::RefCell;
use std::io::{self, BufReader, Read};
use std::rc::Rc;

use crate::first_error::FirstError;
use crate::hashing::Seen;
use crate::limits::ImageLimits;
use crate::refusal::{IntakeError, Refusal, Rule};

/// Window of a zstd stream: 2^27 bytes, the most that its own tool takes unasked.
const ZSTD_WINDOW_LOG: u32 = 27;

/// How something is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Plain,
    Gzip,
    Zstd,
}

impl Encoding {
    pub(crate) fn of(start: &[u8]) -> Self {
        match start {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            _ => Self::Plain,
        }
    }
}

/// Whether the first block is a tar file's: its magic word, or an empty archive's zeros.
pub(crate) fn is_tar(start: &[u8]) -> bool {
    start.len() >= 512 && (&start[257..262] == b"ustar" || start[..512].iter().all(|b| *b == 0))
}

/// Reads the beginning of something, at most a tar block, without losing it.
pub(crate) fn peek<'a>(mut reader: impl Read + 'a) -> io::Result<(Vec<u8>, Box<dyn Read + 'a>)> {
    let mut start = Vec::with_capacity(512);
    reader.by_ref().take(512).read_to_end(&mut start)?;
    let whole = io::Cursor::new(start.clone()).chain(reader);
    Ok((start, Box::new(whole)))
}

/// What all decompressed bytes together may come to.
#[derive(Clone, Debug)]
pub(crate) struct Allowance {
    left: Rc<RefCell<u64>>,
    limits: ImageLimits,
}

impl Allowance {
    pub(crate) fn new(limits: &ImageLimits) -> Self {
        Self {
            left: Rc::new(RefCell::new(limits.unpacked_bytes)),
            limits: *limits,
        }
    }

    pub(crate) fn used(&self) -> u64 {
        self.limits.unpacked_bytes - *self.left.borrow()
    }
}

/// A decompressed stream within the allowance and the ratio. `charge` says whether its
/// bytes count: those of the archive around the layers would count twice.
pub(crate) fn decompressed<'a>(
    encoding: Encoding,
    reader: impl Read + 'a,
    allowance: &Allowance,
    charge: bool,
    first_error: &FirstError,
) -> Result<Box<dyn Read + 'a>, IntakeError> {
    let packed = Seen::default();
    let counted = packed.reader(reader);
    let inner: Box<dyn Read + 'a> = match encoding {
        Encoding::Plain => Box::new(counted),
        // Several members after one another are one stream, as gzip itself has it.
        Encoding::Gzip => Box::new(flate2::read::MultiGzDecoder::new(BufReader::new(counted))),
        Encoding::Zstd => {
            let decoder = zstd::stream::read::Decoder::new(counted).and_then(|mut decoder| {
                decoder.window_log_max(ZSTD_WINDOW_LOG)?;
                Ok(decoder)
            });
            Box::new(decoder.map_err(|error| first_error.explain(&error))?)
        }
    };
    Ok(Box::new(Bounded {
        inner,
        packed,
        unpacked: 0,
        encoding,
        charge,
        allowance: allowance.clone(),
        first_error: first_error.clone(),
    }))
}

struct Bounded<R> {
    inner: R,
    packed: Seen,
    unpacked: u64,
    encoding: Encoding,
    charge: bool,
    allowance: Allowance,
    first_error: FirstError,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.unpacked += read as u64;
        let limits = &self.allowance.limits;
        let packed = self.packed.bytes().max(1);
        if self.encoding != Encoding::Plain
            && self.unpacked > limits.ratio_from
            && self.unpacked / packed > limits.ratio
        {
            return Err(self.first_error.note(Refusal {
                limit: Some(limits.ratio),
                ..Refusal::new(
                    Rule::Ratio,
                    format!(
                        "something unpacks to more than {} times its size",
                        limits.ratio
                    ),
                    "leave out files of nothing but zeros; make them when the method starts",
                )
            }));
        }
        if self.charge {
            let mut left = self.allowance.left.borrow_mut();
            match left.checked_sub(read as u64) {
                Some(rest) => *left = rest,
                None => {
                    *left = 0;
                    let refusal =
                        Refusal::too_large("bytes of all layers, unpacked", limits.unpacked_bytes);
                    return Err(self.first_error.note(refusal));
                }
            }
        }
        Ok(read)
    }
}
