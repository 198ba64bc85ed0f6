//! Blobs in pieces, so that a large one is never whole in memory.

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{Stream, StreamExt, TryStreamExt, stream};
use gauntlet_domain::Digest;
use object_store::path::Path as Key;
use object_store::{ObjectStoreExt, PutPayload};
use sha2::Digest as _;

use crate::blobs::{Form, Found, blocking, key};
use crate::seal::Sealer;
use crate::{Blobs, Error, Result};

/// Pieces of about this size are written at once.
const PART: usize = 1 << 20;
/// So many segments are read at once.
const READ: usize = 4;

/// Why a stream was not stored. Nothing of it is left.
#[derive(Debug, thiserror::Error)]
pub enum PutStreamError<E> {
    /// It went on beyond the limit.
    #[error("more than {limit} bytes")]
    TooLarge {
        /// Most bytes taken.
        limit: u64,
    },
    /// It broke off.
    #[error("the stream broke off: {0}")]
    Source(E),
    /// It has another digest, or the store failed.
    #[error(transparent)]
    Storage(#[from] Error),
}

impl Blobs {
    /// Stores a stream of at most `limit` bytes announced under a digest; refuses
    /// others and keeps nothing of them. Storing a blob again changes nothing.
    pub async fn put_stream<E>(
        &self,
        expected: &Digest,
        limit: u64,
        source: impl Stream<Item = std::result::Result<Bytes, E>> + Unpin,
    ) -> Result<(), PutStreamError<E>> {
        let place = key(expected, Form::Sealed);
        self.seal_to(&place, expected, limit, source).await
    }

    /// The same, into the file at `place`.
    pub(crate) async fn seal_to<E>(
        &self,
        place: &Key,
        expected: &Digest,
        limit: u64,
        mut source: impl Stream<Item = std::result::Result<Bytes, E>> + Unpin,
    ) -> Result<(), PutStreamError<E>> {
        let (mut sealer, header) = Sealer::new(self.keys.first(), expected)?;
        let upload = self.store.put_multipart(place).await;
        let mut upload = upload.map_err(Error::from)?;
        let mut hasher = sha2::Sha256::new();
        let mut size = 0u64;
        // Sealed, and not yet written.
        let mut part = vec![header];
        let mut unwritten = 0;
        let written = async {
            while let Some(piece) = source.next().await {
                let piece = piece.map_err(PutStreamError::Source)?;
                size += piece.len() as u64;
                if size > limit {
                    return Err(PutStreamError::TooLarge { limit });
                }
                hasher.update(&piece);
                let before = part.len();
                sealer.push(&piece, &mut part)?;
                unwritten += part.iter().skip(before).map(Bytes::len).sum::<usize>();
                if unwritten >= PART {
                    let full = PutPayload::from_iter(part.drain(..));
                    upload.put_part(full).await.map_err(Error::from)?;
                    unwritten = 0;
                }
            }
            part.push(sealer.finish()?);
            let rest = PutPayload::from_iter(part);
            upload.put_part(rest).await.map_err(Error::from)?;
            let found = Digest::from_bytes(hasher.finalize().into());
            if found != *expected {
                let expected = *expected;
                return Err(Error::DigestMismatch { expected, found }.into());
            }
            Ok(())
        }
        .await;
        match written {
            Ok(()) => {
                upload.complete().await.map_err(Error::from)?;
                Ok(())
            }
            Err(error) => {
                if let Err(left) = upload.abort().await {
                    tracing::warn!(error = %left, "failed to remove what was uploaded of a refused blob");
                }
                Err(error)
            }
        }
    }

    /// Size and content of a blob: as it was sealed, but a plain one unchecked; whoever
    /// receives it knows the digest. `None` if there is no such blob.
    pub async fn get_stream(
        &self,
        digest: &Digest,
    ) -> Result<Option<(u64, BoxStream<'static, Result<Bytes>>)>> {
        Ok(self.find(digest).await?.map(content))
    }
}

/// Size and content.
pub(crate) fn content(found: Found) -> (u64, BoxStream<'static, Result<Bytes>>) {
    match found {
        Found::Plain(found) => {
            let size = found.meta.size;
            (size, found.into_stream().map_err(Error::from).boxed())
        }
        Found::Sealed(file) => {
            let size = file.size();
            let pieces = stream::try_unfold(file, |mut file| {
                blocking(move || {
                    let mut piece = Vec::with_capacity(READ);
                    while piece.len() < READ
                        && let Some(segment) = file.next()?
                    {
                        piece.push(Ok(Bytes::from(segment)));
                    }
                    let more = !piece.is_empty();
                    Ok(more.then(|| (stream::iter(piece), file)))
                })
            });
            (size, pieces.try_flatten().boxed())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::path::Path;

    use bytes::Bytes;
    use futures::{TryStreamExt, stream};
    use gauntlet_domain::Digest;

    use super::PutStreamError;
    use crate::{Blobs, Error};

    fn pieces(
        bytes: &[u8],
    ) -> impl stream::Stream<Item = Result<Bytes, Infallible>> + Unpin + use<> {
        let pieces: Vec<_> = bytes
            .chunks(70_000)
            .map(|piece| Ok(Bytes::copy_from_slice(piece)))
            .collect();
        stream::iter(pieces)
    }

    fn files(dir: &Path) -> usize {
        std::fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| !path.ends_with("keys"))
            .map(|path| if path.is_dir() { files(&path) } else { 1 })
            .sum()
    }

    #[tokio::test]
    async fn a_stream_comes_back_and_may_be_sent_again() {
        let dir = tempfile::tempdir().unwrap();
        let blobs = Blobs::local(dir.path(), [7; 32].into()).unwrap();
        let bytes: Vec<u8> = (0..3_000_001u32).map(|n| (n % 251) as u8).collect();
        let digest = Digest::of(&bytes);
        for _ in 0..2 {
            blobs
                .put_stream(&digest, 3_000_001, pieces(&bytes))
                .await
                .unwrap();
        }
        assert_eq!(
            blobs.get(&digest).await.unwrap().as_deref(),
            Some(bytes.as_slice())
        );
        let (size, stream) = blobs.get_stream(&digest).await.unwrap().unwrap();
        let back: Vec<Bytes> = stream.try_collect().await.unwrap();
        assert_eq!(size, bytes.len() as u64);
        assert_eq!(back.concat(), bytes);
        assert_eq!(files(dir.path()), 1);
        assert!(
            blobs
                .get_stream(&Digest::of(b"none"))
                .await
                .unwrap()
                .is_none()
        );
    }

    #[tokio::test]
    async fn refused_streams_leave_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let blobs = Blobs::local(dir.path(), [7; 32].into()).unwrap();
        let bytes = vec![7u8; 3_000_000];
        let large = blobs
            .put_stream(&Digest::of(&bytes), 2_999_999, pieces(&bytes))
            .await;
        assert!(matches!(
            large,
            Err(PutStreamError::TooLarge { limit: 2_999_999 })
        ));
        let other = blobs
            .put_stream(&Digest::of(b"other"), 3_000_000, pieces(&bytes))
            .await;
        assert!(matches!(
            other,
            Err(PutStreamError::Storage(Error::DigestMismatch { .. }))
        ));
        let broken = stream::iter([Ok(Bytes::from_static(b"half")), Err("cut off")]);
        let broken = blobs
            .put_stream(&Digest::of(b"half and half"), 100, broken)
            .await;
        assert!(matches!(broken, Err(PutStreamError::Source("cut off"))));
        assert_eq!(files(dir.path()), 0);
    }
}
