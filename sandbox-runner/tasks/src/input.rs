//! Opening data files: read in pieces, unpacked if they begin as gzip does, whatever they are
//! called, and never further than the limits.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek};
use std::path::Path;

use flate2::bufread::GzDecoder;
use sha2::{Digest, Sha256};

use crate::error::TaskError;

/// All of a file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, TaskError> {
    std::fs::read(path).map_err(|source| TaskError::Read {
        path: path.to_path_buf(),
        source,
    })
}

/// What a packed file may become.
const LIMITS: Limits = Limits {
    bytes: 8 << 30,
    ratio: 200,
    spared: 64 << 20,
};

/// Bounds on what is unpacked, so that a small file cannot fill memory or run for hours.
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// Bytes that come out.
    bytes: u64,
    /// Bytes that come out for each that goes in.
    ratio: u64,
    /// Bytes that may come out before the ratio is looked at.
    spared: u64,
}

/// A file that is being read, unpacked where need be.
pub(crate) enum Input<'a> {
    Plain(Counted<'a>),
    Packed(Box<Unpacked<Counted<'a>>>),
}

impl Read for Input<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(input) => input.read(buffer),
            Self::Packed(input) => input.read(buffer),
        }
    }
}

/// Opens a file. `progress` hears how many bytes of it, packed or not, have been read.
///
/// # Errors
/// [`TaskError::Read`]. Faults and limits of a packed file come up as errors of reading.
pub(crate) fn open<'a>(
    path: &Path,
    progress: &'a mut dyn FnMut(u64),
) -> Result<Input<'a>, TaskError> {
    let mut file = File::open(path).map_err(|source| unreadable(path, source))?;
    let is_packed = starts_with_gzip(&mut file).map_err(|source| unreadable(path, source))?;
    let counted = Counted {
        inner: file,
        count: 0,
        progress,
    };
    Ok(if is_packed {
        Input::Packed(Box::new(Unpacked::new(counted, LIMITS)))
    } else {
        Input::Plain(counted)
    })
}

/// Whether a file begins as gzip does; it is read from its start afterwards.
fn starts_with_gzip(file: &mut File) -> io::Result<bool> {
    let mut start = Vec::new();
    file.by_ref().take(2).read_to_end(&mut start)?;
    file.rewind()?;
    Ok(start == [0x1F, 0x8B])
}

/// A whole file, unpacked if it is packed, of at most `limit` bytes.
///
/// # Errors
/// [`TaskError`] if it cannot be read, or holds more.
pub(crate) fn read_whole(path: &Path, limit: u64) -> Result<Vec<u8>, TaskError> {
    let mut bytes = Vec::new();
    open(path, &mut |_| {})?
        .take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(|source| unreadable(path, source))?;
    if bytes.len() as u64 > limit {
        return Err(TaskError::Table {
            path: path.to_owned(),
            problem: format!("has more than {limit} bytes, which is the most that is read"),
        });
    }
    Ok(bytes)
}

/// A file's name in lower case without `.gz`, and whether it had that.
pub(crate) fn plain_name(path: &Path) -> (String, bool) {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = name.to_lowercase();
    match name.strip_suffix(".gz") {
        Some(plain) => (plain.to_owned(), true),
        None => (name, false),
    }
}

/// SHA-256 in hex and length of a file as it lies there, which need not fit in memory.
///
/// # Errors
/// [`TaskError::Read`].
pub(crate) fn digest(path: &Path) -> Result<(String, u64), TaskError> {
    let fault = |source| unreadable(path, source);
    let mut file = File::open(path).map_err(fault)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    let mut bytes = 0;
    loop {
        let read = file.read(&mut buffer).map_err(fault)?;
        if read == 0 {
            return Ok((hex::encode(hash.finalize()), bytes));
        }
        hash.update(&buffer[..read]);
        bytes += read as u64;
    }
}

/// A file that cannot be read.
pub(crate) fn unreadable(path: &Path, source: io::Error) -> TaskError {
    TaskError::Read {
        path: path.to_owned(),
        source,
    }
}

/// A file that says how much of it has been read.
pub(crate) struct Counted<'a> {
    inner: File,
    count: u64,
    progress: &'a mut dyn FnMut(u64),
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
pub(crate) trait Consumed {
    fn consumed(&self) -> u64;
}

impl Consumed for Counted<'_> {
    fn consumed(&self) -> u64 {
        self.count
    }
}

/// A gzip stream of one or more members, within limits. Zeros and line ends behind a member are
/// padding, which some writers leave and gzip itself passes over.
pub(crate) struct Unpacked<R> {
    /// None behind the last member.
    member: Option<GzDecoder<BufReader<R>>>,
    limits: Limits,
    bytes: u64,
    packed: u64,
}

impl<R: Read> Unpacked<R> {
    fn new(packed: R, limits: Limits) -> Self {
        Self {
            member: Some(GzDecoder::new(BufReader::new(packed))),
            limits,
            bytes: 0,
            packed: 0,
        }
    }
}

impl<R: Read + Consumed> Unpacked<R> {
    fn read_members(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.member {
            let read = member.read(buffer)?;
            self.packed = member.get_ref().get_ref().consumed();
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

impl<R: Read + Consumed> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.read_members(buffer)?;
        self.bytes += read as u64;
        let Limits {
            bytes,
            ratio,
            spared,
        } = self.limits;
        if self.bytes > bytes {
            let problem = format!("unpacks to more than {bytes} bytes");
            return Err(io::Error::other(problem));
        }
        if self.bytes > spared && self.bytes / ratio > self.packed {
            let problem = format!(
                "unpacks to more than {ratio} times its size; if it is meant to, unpack it first"
            );
            return Err(io::Error::other(problem));
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::{Consumed, Limits, Unpacked};

    struct Bytes {
        bytes: std::io::Cursor<Vec<u8>>,
    }

    impl Read for Bytes {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            self.bytes.read(buffer)
        }
    }

    impl Consumed for Bytes {
        fn consumed(&self) -> u64 {
            self.bytes.position()
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
        let bytes = std::io::Cursor::new(packed);
        let mut content = Vec::new();
        match Unpacked::new(Bytes { bytes }, limits).read_to_end(&mut content) {
            Ok(_) => Ok(content),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn members_follow_each_other() {
        let both = [packed(b"one "), packed(b"two")].concat();
        assert_eq!(unpack(both, 100, 100).unwrap(), b"one two");
    }

    #[test]
    fn zeros_behind_a_member_are_padding() {
        let padded = [
            packed(b"one "),
            vec![0; 9000],
            packed(b"two"),
            vec![0; 511],
            b"\n".to_vec(),
        ]
        .concat();
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
        assert_eq!(message, "unpacks to more than 1048575 bytes");
        let message = unpack(bomb, 1 << 20, 1 << 16).unwrap_err();
        assert!(message.contains("200 times"), "{message}");
    }

    #[test]
    fn what_is_cut_off_or_no_gzip_is_an_error() {
        let whole = packed(b"some text that is long enough");
        assert!(unpack(whole[..whole.len() - 3].to_vec(), 100, 100).is_err());
        assert!(unpack(b"plain".to_vec(), 100, 100).is_err());
        assert!(unpack(Vec::new(), 100, 100).is_err());
    }
}
