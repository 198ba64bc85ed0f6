//! A sealed file, read from its beginning to its end, a segment at a time.

use std::io::{ErrorKind, Read};

use gauntlet_domain::Digest;

use super::BlobKeys;
use super::stream::{HEADER, OpenError, Opener, SEALED_SEGMENT, plain_size};
use crate::{Error, Result};

/// The sealed content of a blob, in `source`.
pub(crate) struct SealedFile<R> {
    source: R,
    digest: Digest,
    opener: Opener,
    size: u64,
    /// Sealed bytes that are still to be read.
    left: u64,
    begun: bool,
}

impl<R: Read> SealedFile<R> {
    /// The blob of that name in a file of `length` bytes.
    ///
    /// # Errors
    /// If it is no sealed file, or sealed with a key that is not among these.
    pub(crate) fn open(
        mut source: R,
        length: u64,
        keys: &BlobKeys,
        digest: &Digest,
    ) -> Result<Self> {
        let size = plain_size(length).ok_or_else(|| damaged(digest, OpenError::CutOff))?;
        let mut header = [0; HEADER];
        read(&mut source, &mut header, digest)?;
        let opener = Opener::new(keys, digest, &header);
        Ok(Self {
            source,
            digest: *digest,
            opener: opener.map_err(|error| damaged(digest, error))?,
            size,
            left: length - HEADER as u64,
            begun: false,
        })
    }

    /// Plain bytes of all of it, as its length tells.
    pub(crate) const fn size(&self) -> u64 {
        self.size
    }

    /// The next plain bytes; `None` after the last.
    ///
    /// # Errors
    /// If it is not what was sealed under this name.
    pub(crate) fn next(&mut self) -> Result<Option<Vec<u8>>> {
        if self.left == 0 && self.begun {
            return Ok(None);
        }
        let next = usize::try_from(self.left).unwrap_or(usize::MAX);
        let mut segment = vec![0; next.min(SEALED_SEGMENT)];
        read(&mut self.source, &mut segment, &self.digest)?;
        self.begun = true;
        self.left -= segment.len() as u64;
        let opened = self.opener.open(&mut segment, self.left == 0);
        opened.map_err(|error| damaged(&self.digest, error))?;
        Ok(Some(segment))
    }
}

fn damaged(digest: &Digest, error: OpenError) -> Error {
    Error::Corrupt(format!("blob {digest}: {error}"))
}

fn read(source: &mut impl Read, bytes: &mut [u8], digest: &Digest) -> Result<()> {
    source.read_exact(bytes).map_err(|error| {
        if error.kind() == ErrorKind::UnexpectedEof {
            damaged(digest, OpenError::CutOff)
        } else {
            Error::blob_file(error)
        }
    })
}
