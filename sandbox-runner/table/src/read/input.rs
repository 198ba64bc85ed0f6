//! Opening files: read in pieces, unpacked if they begin as packed ones do, whatever they are
//! called, and never further than the limits.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::GzDecoder;

use super::format::Packing;
use super::limits::{MAX_RATIO, MAX_UNPACKED, SPARED};
use crate::error::DataError;

/// Hears how many bytes of a file, as it lies there, have been read.
pub type Progress<'a> = &'a mut (dyn FnMut(u64) + Send);

/// Bytes of a file, unpacked.
pub(super) type Bytes<'a> = Box<dyn Read + Send + 'a>;

/// What a fault of reading is to a person: one of the file's own is kept as it is.
pub(super) fn fault(error: io::Error) -> DataError {
    match error.downcast::<DataError>() {
        Ok(own) => own,
        Err(error) => DataError::new(format!("cannot be read: {error}")),
    }
}

/// Opens a file.
pub(super) fn file(path: &Path) -> Result<File, DataError> {
    File::open(path).map_err(fault)
}

/// Opens a file and unpacks it as often as it is packed.
pub(super) fn open<'a>(
    path: &Path,
    progress: Progress<'a>,
) -> Result<(Bytes<'a>, Vec<Packing>), DataError> {
    let file = file(path)?;
    let counted = Counted {
        inner: file,
        count: 0,
        progress,
    };
    let mut bytes = BufReader::with_capacity(1 << 16, counted);
    let is_gzip = bytes.fill_buf().map_err(fault)?.starts_with(&[0x1F, 0x8B]);
    if is_gzip {
        let unpacked = Unpacked::new(bytes, Limits::default());
        return Ok((Box::new(unpacked), vec![Packing::Gzip]));
    }
    Ok((Box::new(bytes), Vec::new()))
}

/// Bounds on what is unpacked.
#[derive(Clone, Copy, Debug)]
struct Limits {
    bytes: u64,
    ratio: u64,
    spared: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: MAX_UNPACKED,
            ratio: MAX_RATIO,
            spared: SPARED,
        }
    }
}

impl Limits {
    /// Whether so much may have come out of so much.
    fn check(self, unpacked: u64, packed: u64) -> io::Result<()> {
        if unpacked > self.bytes {
            let error = DataError::new(format!("unpacks to more than {} bytes", self.bytes));
            let error = error.limit(self.bytes).cure("unpack it first");
            return Err(io::Error::other(error));
        }
        if unpacked > self.spared && unpacked / self.ratio > packed {
            let problem = format!("unpacks to more than {} times its size", self.ratio);
            let error = DataError::new(problem).limit(self.ratio);
            let error = error.cure("if it is meant to, unpack it first");
            return Err(io::Error::other(error));
        }
        Ok(())
    }
}

/// A file that says how much of it has been read.
pub(super) struct Counted<'a> {
    inner: File,
    count: u64,
    progress: Progress<'a>,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.count += read as u64;
        (self.progress)(self.count);
        Ok(read)
    }
}

/// Something of which is known how much has been read.
trait Consumed {
    fn consumed(&self) -> u64;
}

impl Consumed for BufReader<Counted<'_>> {
    fn consumed(&self) -> u64 {
        self.get_ref().count
    }
}

/// A gzip stream of one or more members, within limits. Zeros and line ends behind a member are
/// padding, which some writers leave and gzip itself passes over.
struct Unpacked<R> {
    /// None behind the last member.
    member: Option<GzDecoder<R>>,
    limits: Limits,
    bytes: u64,
    packed: u64,
}

impl<R: BufRead + Consumed> Unpacked<R> {
    fn new(packed: R, limits: Limits) -> Self {
        Self {
            member: Some(GzDecoder::new(packed)),
            limits,
            bytes: 0,
            packed: 0,
        }
    }

    fn read_members(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.member {
            let read = member.read(buffer).map_err(|error| broken("gzip", error))?;
            self.packed = member.get_ref().consumed();
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            self.member = match self.member.take() {
                Some(ended) => behind(ended.into_inner())?.map(GzDecoder::new),
                None => None,
            };
        }
        Ok(0)
    }
}

/// What the unpacker says, in words that say whose words they are.
fn broken(packing: &str, error: io::Error) -> io::Error {
    let problem = match error.kind() {
        io::ErrorKind::UnexpectedEof => {
            format!("is packed with {packing} and cut off: its end is missing")
        }
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::Other => {
            format!("is packed with {packing} and damaged: {error}")
        }
        _ => return error,
    };
    io::Error::other(DataError::new(problem).cure("copy or download it anew"))
}

/// What comes behind a member and its padding, if anything does.
fn behind<R: BufRead>(mut packed: R) -> io::Result<Option<R>> {
    loop {
        let buffered = packed.fill_buf()?;
        let all = buffered.len();
        let padding = |byte: &&u8| matches!(byte, 0 | b'\n' | b'\r');
        let passed = buffered.iter().take_while(padding).count();
        packed.consume(passed);
        if all == 0 {
            return Ok(None);
        }
        if passed < all {
            return Ok(Some(packed));
        }
    }
}

impl<R: BufRead + Consumed> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.read_members(buffer)?;
        self.bytes += read as u64;
        self.limits.check(self.bytes, self.packed)?;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read, Write};

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::{Consumed, Limits, Unpacked};

    impl Consumed for Cursor<Vec<u8>> {
        fn consumed(&self) -> u64 {
            self.position()
        }
    }

    fn packed(content: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    fn unpack(packed: Vec<u8>, bytes: u64, spared: u64) -> Result<Vec<u8>, String> {
        let limits = Limits {
            bytes,
            ratio: 200,
            spared,
        };
        let mut content = Vec::new();
        match Unpacked::new(Cursor::new(packed), limits).read_to_end(&mut content) {
            Ok(_) => Ok(content),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn members_follow_each_other_and_padding_is_none() {
        let both = [packed(b"one "), packed(b"two")].concat();
        assert_eq!(unpack(both, 100, 100).unwrap(), b"one two");
        let zeros = vec![0; 9000];
        let padded = [packed(b"one "), zeros, packed(b"two"), b"\0\0\n".to_vec()].concat();
        assert_eq!(unpack(padded, 100, 100).unwrap(), b"one two");
        let junk = [packed(b"one"), b"junk".to_vec()].concat();
        assert!(unpack(junk, 100, 100).is_err());
    }

    #[test]
    fn a_bomb_is_stopped_by_size_and_by_ratio() {
        let bomb = packed(&vec![0; 1 << 20]);
        assert_eq!(
            unpack(bomb.clone(), 1 << 20, 1 << 20).unwrap().len(),
            1 << 20
        );
        let message = unpack(bomb.clone(), (1 << 20) - 1, 1 << 20).unwrap_err();
        assert!(message.contains("more than 1048575 bytes"), "{message}");
        let message = unpack(bomb, 1 << 20, 1 << 16).unwrap_err();
        assert!(message.contains("200 times"), "{message}");
    }

    #[test]
    fn what_is_cut_off_is_said_to_be() {
        let whole = packed(b"some text that is long enough");
        let message = unpack(whole[..whole.len() - 3].to_vec(), 100, 100).unwrap_err();
        assert!(message.contains("cut off"), "{message}");
    }
}
