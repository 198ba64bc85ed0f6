//! A container image as it is handed in: spooled to disk, checked, then stored.

use std::fs::File;
use std::io::Seek;

use axum::body::Body;
use axum::http::HeaderMap;
use gauntlet_domain::{Digest, TokenId};
use gauntlet_image::{ImageFacts, ImageLimits, IntakeError};
use gauntlet_scheduler::commands::submit::Artifact;
use gauntlet_storage::PutStreamError;

use super::spool;
use crate::app::App;
use crate::error::{Error, Result};

/// Bytes read of an archive at once.
const PIECE: usize = 1 << 20;

/// Receives an archive, checks it and stores it as a blob, if `admit` lets its digest in.
/// What is refused is not kept. Returns it with what its sender should know.
pub(crate) async fn receive(
    app: &App,
    token: TokenId,
    headers: &HeaderMap,
    body: Body,
    admit: impl AsyncFnOnce(&Digest) -> Result<()>,
) -> Result<(Artifact, Vec<String>)> {
    let limits = ImageLimits::default();
    let _place = app.places.images.take(token).await?;
    let spooled = spool::receive(&app.context.blobs, headers, body, limits.archive_bytes).await?;
    let (digest, bytes) = (spooled.digest, spooled.bytes);
    let (file, facts) = {
        let _turn = app.places.image_check().await?;
        check(spooled.file, limits).await?
    };
    admit(&digest).await?;
    let stored = app
        .context
        .blobs
        .put_stream(&digest, bytes, spool::pieces(file))
        .await;
    match stored {
        Ok(()) => Ok((Artifact::Image { digest, bytes }, notes(&facts))),
        Err(PutStreamError::Storage(error)) => Err(error.into()),
        Err(error) => Err(Error::internal(error)),
    }
}

/// The same check that a runner makes before it gives an image to its engine.
async fn check(mut file: File, limits: ImageLimits) -> Result<(File, ImageFacts)> {
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
    let facts = checked?;
    Ok((file.map_err(Error::internal)?, facts))
}

fn notes(facts: &ImageFacts) -> Vec<String> {
    let left_out = facts.left_out.iter();
    left_out
        .map(|what| format!("left out of the image: {what}"))
        .collect()
}
