//! A container image as it is handed in: spooled to disk, checked, then stored.

use axum::body::Body;
use axum::http::HeaderMap;
use gauntlet_domain::{Digest, TokenId};
use gauntlet_image::ImageLimits;
use gauntlet_intake::Question;
use gauntlet_scheduler::commands::submit::Artifact;
use gauntlet_storage::PutStreamError;

use super::spool;
use crate::app::App;
use crate::error::{Error, Result};

/// Receives an archive of at most `most` bytes, checks it and stores it as a blob, if `admit` lets its digest and size in.
/// What is refused is not kept. Returns it with what its sender should know.
pub(crate) async fn receive(
    app: &App,
    token: TokenId,
    headers: &HeaderMap,
    body: Body,
    most: u64,
    admit: impl AsyncFnOnce(&Digest, u64) -> Result<()>,
) -> Result<(Artifact, Vec<String>)> {
    let most = most.min(ImageLimits::default().archive_bytes);
    let place = app.places.images.take(token).await?;
    let spooled = spool::receive(&app.context.blobs, &place, headers, body, most).await?;
    let (digest, bytes) = (spooled.digest, spooled.bytes);
    let left_out = {
        let _turn = app.places.image_check().await?;
        app.intake.ask(Question::Image, &spooled.file).await?
    };
    admit(&digest, bytes).await?;
    let stored = app
        .context
        .blobs
        .put_stream(&digest, bytes, spool::pieces(spooled.file))
        .await;
    match stored {
        Ok(()) => Ok((Artifact::Image { digest, bytes }, notes(&left_out))),
        Err(PutStreamError::Storage(error)) => Err(error.into()),
        Err(error) => Err(Error::internal(error)),
    }
}

fn notes(left_out: &[String]) -> Vec<String> {
    let left_out = left_out.iter();
    left_out
        .map(|what| format!("left out of the image: {what}"))
        .collect()
}
