//! The bytes of a sealed file, in segments.

use aead::generic_array::GenericArray;
use aead::stream::{DecryptorBE32, EncryptorBE32, NewStream, StreamBE32, StreamPrimitive};
use bytes::Bytes;
use gauntlet_domain::Digest;
use ring::rand::{SecureRandom, SystemRandom};

use super::cipher::Cipher;
use super::{BlobKey, BlobKeys, KeyId};
use crate::{Error, Result};

/// Plain bytes of a segment; the last one may have fewer.
pub(crate) const SEGMENT: usize = 64 << 10;
/// What sealing adds to each.
const TAG: usize = 16;
/// Bytes of a whole segment as it lies on the disk.
pub(super) const SEALED_SEGMENT: usize = SEGMENT + TAG;

/// What a sealed file begins with: its kind and version, the key's name, the salt.
const MAGIC: &[u8; 16] = b"gauntlet sealed\x01";
const SALT: usize = 32;
/// Bytes of all that.
pub(crate) const HEADER: usize = MAGIC.len() + 8 + SALT;

/// Size of the plain bytes in a sealed file of so many; `None` if no file has so many.
pub(crate) fn plain_size(sealed: u64) -> Option<u64> {
    let (segment, tag) = (SEALED_SEGMENT as u64, TAG as u64);
    let body = sealed.checked_sub(HEADER as u64)?;
    let rest = body % segment;
    // Only an empty blob ends with an empty segment.
    if body < tag || (rest != 0 && rest < tag) || (rest == tag && body != tag) {
        return None;
    }
    Some(body - body.div_ceil(segment) * tag)
}

/// The key that a header names.
pub(crate) fn key_of(header: &[u8]) -> Option<KeyId> {
    let named = header.strip_prefix(MAGIC)?.first_chunk::<8>()?;
    Some(KeyId(*named))
}

fn stream_of(key: &BlobKey, salt: &[u8]) -> aead::Result<StreamBE32<Cipher>> {
    let (key, nonce) = key.of_file(salt);
    Ok(StreamBE32::from_aead(
        Cipher::new(&key)?,
        &GenericArray::from(nonce),
    ))
}

/// What each segment is bound to.
fn associated(header: &[u8], digest: &Digest) -> Vec<u8> {
    [header, digest.as_bytes()].concat()
}

/// Seals bytes as they come.
pub(crate) struct Sealer {
    stream: EncryptorBE32<Cipher>,
    associated: Vec<u8>,
    /// Sealed when more comes: only the end tells which is the last.
    segment: Vec<u8>,
}

impl Sealer {
    /// For the blob of that name. Also returns what its file begins with.
    pub(crate) fn new(key: &BlobKey, digest: &Digest) -> Result<(Self, Bytes)> {
        let mut salt = [0; SALT];
        let drawn = SystemRandom::new().fill(&mut salt);
        drawn.map_err(|_| Error::Seal("draw a salt"))?;
        let header = [&MAGIC[..], &key.id().0, &salt].concat();
        let stream = stream_of(key, &salt).map_err(|_| Error::Seal("make the key of a file"))?;
        let sealer = Self {
            stream: stream.encryptor(),
            associated: associated(&header, digest),
            segment: Vec::new(),
        };
        Ok((sealer, header.into()))
    }

    /// Takes more bytes; appends the segments that are full by them.
    pub(crate) fn push(&mut self, mut bytes: &[u8], sealed: &mut Vec<Bytes>) -> Result<()> {
        while !bytes.is_empty() {
            if self.segment.len() == SEGMENT {
                let mut full = std::mem::take(&mut self.segment);
                self.stream
                    .encrypt_next_in_place(&self.associated, &mut full)
                    .map_err(|_| Error::Seal("seal a segment"))?;
                sealed.push(full.into());
            }
            if self.segment.is_empty() {
                let more = bytes.len().min(SEGMENT);
                self.segment.reserve_exact(more + TAG);
            }
            let (now, later) = bytes.split_at(bytes.len().min(SEGMENT - self.segment.len()));
            self.segment.extend_from_slice(now);
            bytes = later;
        }
        Ok(())
    }

    /// The last segment.
    pub(crate) fn finish(self) -> Result<Bytes> {
        let mut last = self.segment;
        self.stream
            .encrypt_last_in_place(&self.associated, &mut last)
            .map_err(|_| Error::Seal("seal a segment"))?;
        Ok(last.into())
    }
}

/// Opens segments in their order.
pub(super) struct Opener {
    /// Gone after the last one.
    stream: Option<DecryptorBE32<Cipher>>,
    associated: Vec<u8>,
}

/// Why a header or a segment is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OpenError {
    #[error("it does not begin as sealed files do")]
    Header,
    #[error("it is sealed with the key {0}, which was not given")]
    Key(KeyId),
    #[error("a segment of it is not as it was sealed under this name")]
    Segment,
    #[error("it breaks off")]
    CutOff,
}

impl Opener {
    pub(super) fn new(
        keys: &BlobKeys,
        digest: &Digest,
        header: &[u8; HEADER],
    ) -> Result<Self, OpenError> {
        let named = key_of(header).ok_or(OpenError::Header)?;
        let key = keys.get(named).ok_or(OpenError::Key(named))?;
        let stream = stream_of(key, &header[HEADER - SALT..]).map_err(|_| OpenError::Header)?;
        Ok(Self {
            stream: Some(stream.decryptor()),
            associated: associated(header, digest),
        })
    }

    /// Replaces a segment by its plain bytes.
    pub(super) fn open(&mut self, segment: &mut Vec<u8>, last: bool) -> Result<(), OpenError> {
        let opened = match (&mut self.stream, last) {
            (Some(stream), false) => stream.decrypt_next_in_place(&self.associated, segment),
            (stream @ Some(_), true) => match stream.take() {
                Some(stream) => stream.decrypt_last_in_place(&self.associated, segment),
                None => Err(aead::Error),
            },
            (None, _) => Err(aead::Error),
        };
        opened.map_err(|_| OpenError::Segment)
    }
}
