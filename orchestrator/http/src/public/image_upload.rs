//! A container image as it is handed in: spooled to disk, checked, then stored.

use std::fs::File;
use std::io::{Read, Seek, Write};
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use futures::StreamExt;
use gauntlet_domain::Digest;
use gauntlet_image::{ImageLimits, IntakeError};
use gauntlet_scheduler::commands::submit::Artifact;
use gauntlet_storage::PutStreamError;
use sha2::Digest as _;
use tokio::sync::Semaphore;

use crate::app::App;
use crate::error::{Error, Result};
use crate::incoming::Incoming;

/// Images received at the same time; each takes its archive's size on disk meanwhile.
static PLACES: Semaphore = Semaphore::const_new(2);
/// An image may come this slowly, in bytes a second.
const SLOWEST: u64 = 1 << 20;
/// Pieces read back from disk.
const PIECE: usize = 1 << 20;

/// Receives an archive, checks it and stores it as a blob, if `admit` lets its digest in.
/// What is refused is not kept.
pub(crate) async fn receive(
    app: &App,
    headers: &HeaderMap,
    body: Body,
    admit: impl AsyncFnOnce(&Digest) -> Result<()>,
) -> Result<Artifact> {
    let limits = ImageLimits::default();
    let _place = PLACES.acquire().await.map_err(Error::internal)?;
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    let extra = Duration::from_secs(announced.unwrap_or(0).min(limits.archive_bytes) / SLOWEST);
    let mut incoming = Incoming::new(headers, body, limits.archive_bytes, "body")
        .await?
        .with_more_time(extra);
    // Without a name, so that it is gone however this ends.
    let mut file = tempfile::tempfile().map_err(Error::internal)?;
    let mut hasher = sha2::Sha256::new();
    let mut bytes = 0;
    while let Some(piece) = incoming.next().await {
        let piece = piece?;
        bytes += piece.len() as u64;
        if bytes > limits.archive_bytes {
            return Err(incoming.too_large().await);
        }
        hasher.update(&piece);
        file = blocking(move || {
            file.write_all(&piece)?;
            Ok(file)
        })
        .await?;
    }
    let digest = Digest::from_bytes(hasher.finalize().into());
    file = check(file, limits).await?;
    admit(&digest).await?;
    let stored = app
        .context
        .blobs
        .put_stream(&digest, bytes, pieces(file))
        .await;
    match stored {
        Ok(()) => Ok(Artifact::Image { digest, bytes }),
        Err(PutStreamError::Storage(error)) => Err(error.into()),
        Err(error) => Err(Error::internal(error)),
    }
}

/// The same check that a runner makes before it gives an image to its engine.
async fn check(mut file: File, limits: ImageLimits) -> Result<File> {
    let (file, checked) = tokio::task::spawn_blocking(move || {
        let checked = file
            .rewind()
            .map_err(|error| IntakeError::Io("read the archive", error))
            .and_then(|()| {
                gauntlet_image::check(std::io::BufReader::with_capacity(PIECE, &file), &limits)
            });
        let again = file.rewind();
        (again.map(|()| file), checked)
    })
    .await
    .map_err(Error::internal)?;
    checked?;
    file.map_err(Error::internal)
}

/// What lies on disk, as a stream.
fn pieces(
    file: File,
) -> impl futures::Stream<Item = std::result::Result<Bytes, std::io::Error>> + Unpin {
    Box::pin(futures::stream::try_unfold(file, |file| async {
        let (file, piece) = tokio::task::spawn_blocking(move || {
            let mut piece = Vec::with_capacity(PIECE);
            let mut next = (&file).take(PIECE as u64);
            next.read_to_end(&mut piece).map(|_| (file, piece))
        })
        .await
        .map_err(std::io::Error::other)??;
        Ok((!piece.is_empty()).then(|| (Bytes::from(piece), file)))
    }))
}

async fn blocking(work: impl FnOnce() -> std::io::Result<File> + Send + 'static) -> Result<File> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(Error::internal)?.map_err(Error::internal)
}
