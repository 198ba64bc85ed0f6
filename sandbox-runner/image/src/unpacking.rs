//! Compressed data, as far as it may grow. All streams of an archive share one allowance.

use std::cell::Cell;
use std::io::{self, BufReader, Read};
use std::rc::Rc;

use crate::encoding::Encoding;
use crate::first_error::FirstError;
use crate::gzip::Gzip;
use crate::limits::ImageLimits;
use crate::refusal::{IntakeError, Refusal, Rule};

/// Window of a zstd stream, as a power of two: the most that its own tool takes unasked.
const WINDOW_LOG: u32 = 27;
/// The same of a layer within an archive that is compressed by zstd itself: both windows
/// are in memory at once.
const INNER_WINDOW_LOG: u32 = 24;
/// Bytes that a compressed stream may be longer than twice what has come out of it. Without
/// a limit, members and frames of nothing would be work for hours.
const IDLE_BYTES: u64 = 4 << 20;

/// What all streams of one archive share: limits, and what is left of them.
#[derive(Clone, Debug)]
pub(crate) struct Unpacking {
    limits: ImageLimits,
    left: Rc<Cell<u64>>,
    first_error: FirstError,
}

impl Unpacking {
    pub(crate) fn new(limits: &ImageLimits, first_error: &FirstError) -> Self {
        Self {
            limits: *limits,
            left: Rc::new(Cell::new(limits.unpacked_bytes)),
            first_error: first_error.clone(),
        }
    }

    /// Charges bytes that were unpacked.
    pub(crate) fn charge(&self, bytes: u64) -> Result<(), Refusal> {
        match self.left.get().checked_sub(bytes) {
            Some(left) => {
                self.left.set(left);
                Ok(())
            }
            None => {
                self.left.set(0);
                Err(Refusal::too_large(
                    "bytes of everything in the archive, unpacked",
                    self.limits.unpacked_bytes,
                ))
            }
        }
    }

    /// The archive itself. Its bytes are charged if they are more than were handed in.
    pub(crate) fn archive<'a>(
        &self,
        encoding: Encoding,
        reader: impl Read + 'a,
    ) -> Result<Box<dyn Read + 'a>, IntakeError> {
        self.stream(encoding, reader, WINDOW_LOG, encoding != Encoding::Plain)
    }

    /// A layer in an archive of encoding `around`. Charged, unless the archive's own
    /// decompression was for the very same bytes.
    pub(crate) fn layer<'a>(
        &self,
        encoding: Encoding,
        around: Encoding,
        reader: impl Read + 'a,
    ) -> Result<Box<dyn Read + 'a>, IntakeError> {
        let window = match around {
            Encoding::Zstd => INNER_WINDOW_LOG,
            Encoding::Plain | Encoding::Gzip => WINDOW_LOG,
        };
        let charged = encoding != Encoding::Plain || around == Encoding::Plain;
        self.stream(encoding, reader, window, charged)
    }

    fn stream<'a>(
        &self,
        encoding: Encoding,
        reader: impl Read + 'a,
        window_log: u32,
        charged: bool,
    ) -> Result<Box<dyn Read + 'a>, IntakeError> {
        let flow = Rc::new(Flow::default());
        let below = Below {
            inner: reader,
            flow: Rc::clone(&flow),
            first_error: self.first_error.clone(),
        };
        let inner: Box<dyn Read + 'a> = match encoding {
            Encoding::Plain => {
                return Ok(Box::new(Above {
                    inner: below,
                    flow,
                    unpacking: self.clone(),
                    compressed: false,
                    charged,
                }));
            }
            Encoding::Gzip => Box::new(Gzip::new(BufReader::new(below))),
            Encoding::Zstd => {
                let decoder = zstd::stream::read::Decoder::new(below).and_then(|mut decoder| {
                    decoder.window_log_max(window_log)?;
                    Ok(decoder)
                });
                Box::new(Windowed {
                    inner: decoder.map_err(|error| self.first_error.explain(&error))?,
                    window_log,
                    first_error: self.first_error.clone(),
                })
            }
        };
        Ok(Box::new(Above {
            inner,
            flow,
            unpacking: self.clone(),
            compressed: true,
            charged,
        }))
    }
}

/// Bytes that went into a decoder and came out of it.
#[derive(Debug, Default)]
struct Flow {
    packed: Cell<u64>,
    unpacked: Cell<u64>,
}

/// Under a decoder: what it takes must come to something.
struct Below<R> {
    inner: R,
    flow: Rc<Flow>,
    first_error: FirstError,
}

impl<R: Read> Read for Below<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let packed = self.flow.packed.get() + read as u64;
        self.flow.packed.set(packed);
        if packed > 2 * self.flow.unpacked.get() + IDLE_BYTES {
            return Err(self.first_error.note(Refusal {
                limit: Some(IDLE_BYTES),
                ..Refusal::new(
                    Rule::Ratio,
                    format!(
                        "something is compressed into {IDLE_BYTES} bytes more than twice what it \
                         unpacks to"
                    ),
                    "compress it anew with gzip or zstd",
                )
            }));
        }
        Ok(read)
    }
}

/// Tells a window that is too large from a damaged stream.
struct Windowed<R> {
    inner: R,
    window_log: u32,
    first_error: FirstError,
}

impl<R: Read> Read for Windowed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buffer).map_err(|error| {
            // The library has no code for it on the way here, only words.
            if error.to_string().contains("too much memory") {
                let bytes = 1 << self.window_log;
                return self.first_error.note(Refusal {
                    help:
                        "compress it anew with `zstd -19` or less, without `--ultra` and `--long`"
                            .to_owned(),
                    ..Refusal::too_large("bytes of the window that a zstd stream needs", bytes)
                });
            }
            error
        })
    }
}

/// Over a decoder: what comes out of it is within the allowance and the ratio.
struct Above<R> {
    inner: R,
    flow: Rc<Flow>,
    unpacking: Unpacking,
    compressed: bool,
    charged: bool,
}

impl<R: Read> Read for Above<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let unpacked = self.flow.unpacked.get() + read as u64;
        self.flow.unpacked.set(unpacked);
        let limits = &self.unpacking.limits;
        let packed = self.flow.packed.get().max(1);
        if self.compressed && unpacked > limits.ratio_from && unpacked / packed > limits.ratio {
            return Err(self.unpacking.first_error.note(Refusal {
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
        if self.charged {
            self.unpacking
                .charge(read as u64)
                .map_err(|refusal| self.unpacking.first_error.note(refusal))?;
        }
        Ok(read)
    }
}
