//! Opening files: read in pieces, unpacked if they begin as packed ones do, whatever they are
//! called, and never further than the limits.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek};
use std::path::Path;

use super::archive;
use super::faults::{Named, fault};
use super::format::Packing;
use super::gzip::Gzip;
use super::limits::{MAX_RATIO, MAX_SPOOLED, MAX_UNPACKED, SPARED};
use super::meter::{Counted, Meter};
use crate::error::DataError;

/// Bytes of a file, unpacked.
pub(super) type Bytes<'a> = Box<dyn Read + Send + 'a>;

/// Packings within each other.
const MOST_LAYERS: usize = 3;
/// Bytes that are read at a time.
const BUFFER: usize = 1 << 16;

/// Opens a file as it lies there.
pub(super) fn file(path: &Path) -> Result<File, DataError> {
    File::open(path).map_err(fault)
}

/// A file that is open, unpacked as often as it is packed.
pub(super) struct Opened<'a> {
    pub(super) bytes: BufReader<Bytes<'a>>,
    /// Outermost first.
    pub(super) packing: Vec<Packing>,
    /// File of an archive.
    pub(super) member: Option<String>,
}

impl Opened<'_> {
    /// The first bytes; they are not taken.
    pub(super) fn ahead(&mut self) -> Result<&[u8], DataError> {
        self.bytes.fill_buf().map_err(fault)
    }
}

/// Opens a file; `member` is that of an archive which is wanted.
pub(super) fn open<'a>(
    path: &Path,
    member: Option<&str>,
    meter: &Meter<'a>,
) -> Result<Opened<'a>, DataError> {
    let mut file = file(path)?;
    let mut start = Vec::new();
    file.by_ref()
        .take(4)
        .read_to_end(&mut start)
        .and_then(|_| file.rewind())
        .map_err(fault)?;
    let mut packing = Vec::new();
    let mut member_name = None;
    let bytes: Bytes<'a> = if start == *b"PK\x03\x04" || start == *b"PK\x05\x06" {
        let Some(found) = archive::member(&file, member)? else {
            // A spreadsheet is an archive that is read as a whole.
            file.rewind().map_err(fault)?;
            let counted = Counted {
                inner: file,
                meter: meter.clone(),
            };
            return Ok(Opened {
                bytes: BufReader::with_capacity(BUFFER, Box::new(counted)),
                packing,
                member: None,
            });
        };
        packing.push(Packing::Zip);
        let counted = Counted {
            inner: archive::packed(file, &found)?,
            meter: meter.clone(),
        };
        let unpacked = archive::unpacked(counted, &found)?;
        member_name = Some(found.name);
        Box::new(Limited::new(unpacked, meter.clone()))
    } else {
        Box::new(Counted {
            inner: file,
            meter: meter.clone(),
        })
    };
    let mut bytes = BufReader::with_capacity(BUFFER, bytes);
    while packing.len() < MOST_LAYERS {
        let ahead = bytes.fill_buf().map_err(fault)?;
        let unpacked: Bytes<'a> = if ahead.starts_with(&[0x1F, 0x8B]) {
            packing.push(Packing::Gzip);
            Box::new(Gzip::new(bytes))
        } else if ahead.starts_with(&[0x28, 0xB5, 0x2F, 0xFD]) {
            packing.push(Packing::Zstd);
            let decoder = zstd::Decoder::with_buffer(bytes).map_err(fault)?;
            Box::new(Named {
                inner: decoder,
                packing: "zstd",
            })
        } else {
            break;
        };
        let limited: Bytes<'a> = Box::new(Limited::new(unpacked, meter.clone()));
        bytes = BufReader::with_capacity(BUFFER, limited);
    }
    Ok(Opened {
        bytes,
        packing,
        member: member_name,
    })
}

/// A file of which any part can be read, for formats that want that: the file itself unless it is
/// packed, else a copy that is gone when it is closed.
pub(super) fn seekable(path: &Path, opened: &mut Opened<'_>) -> Result<File, DataError> {
    if opened.packing.is_empty() {
        return file(path);
    }
    let mut copy = tempfile::tempfile().map_err(fault)?;
    let bytes = io::copy(&mut (&mut opened.bytes).take(MAX_SPOOLED + 1), &mut copy);
    if bytes.map_err(fault)? > MAX_SPOOLED {
        let problem = format!("unpacks to more than {MAX_SPOOLED} bytes");
        return Err(DataError::new(problem)
            .limit(MAX_SPOOLED)
            .cure("unpack it first"));
    }
    copy.rewind().map_err(fault)?;
    Ok(copy)
}

/// Bounds on what is unpacked.
struct Limited<'a, R> {
    inner: R,
    meter: Meter<'a>,
    unpacked: u64,
}

impl<'a, R> Limited<'a, R> {
    fn new(inner: R, meter: Meter<'a>) -> Self {
        Self {
            inner,
            meter,
            unpacked: 0,
        }
    }
}

/// Whether so much may have come out of so much.
fn check(unpacked: u64, packed: u64) -> Result<(), DataError> {
    if unpacked > MAX_UNPACKED {
        let error = DataError::new(format!("unpacks to more than {MAX_UNPACKED} bytes"));
        return Err(error.limit(MAX_UNPACKED).cure("unpack it first"));
    }
    if unpacked > SPARED && unpacked / MAX_RATIO > packed {
        let problem = format!("unpacks to more than {MAX_RATIO} times its size");
        return Err(DataError::new(problem)
            .limit(MAX_RATIO)
            .cure("if it is meant to, unpack it first"));
    }
    Ok(())
}

impl<R: Read> Read for Limited<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.unpacked += read as u64;
        check(self.unpacked, self.meter.read()).map_err(io::Error::other)?;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::read::limits::{MAX_RATIO, MAX_UNPACKED, SPARED};

    #[test]
    fn a_bomb_is_stopped_by_size_and_by_ratio() {
        assert_eq!(check(SPARED, 1), Ok(()));
        assert_eq!(check(SPARED + 1, SPARED), Ok(()));
        assert_eq!(check(SPARED + 1, 1).unwrap_err().limit, Some(MAX_RATIO));
        let all = check(MAX_UNPACKED + 1, MAX_UNPACKED).unwrap_err();
        assert_eq!(all.limit, Some(MAX_UNPACKED));
    }
}
