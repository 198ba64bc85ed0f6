//! What is uploaded, on its way: into a file beside the blobs, so that it takes no memory,
//! and then checked, so few at a time that this takes little.

use std::fs::File;
use std::io::{Read, Seek, Write};
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use futures::StreamExt;
use gauntlet_domain::Digest;
use gauntlet_storage::Blobs;
use sha2::Digest as _;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::upload_places::{Place, Places, Seats};
use crate::error::{Error, Result};
use crate::incoming::Incoming;

/// Pieces read back from disk.
const PIECE: usize = 1 << 20;
/// How long one waits for a place.
const WAIT: Duration = Duration::from_secs(60);
/// How long what has arrived waits to be checked. A check has an end of its own, so this is reached
/// where many have arrived at once.
const TURN: Duration = Duration::from_secs(120);

/// Places of the uploads of this server.
pub(crate) struct UploadPlaces {
    pub(crate) modules: Places,
    pub(crate) images: Places,
    /// Modules being checked, each by a process, and then in memory.
    module_checks: Semaphore,
    /// Images being checked: each by a process that may take some hundred megabytes.
    image_checks: Semaphore,
}

impl Default for UploadPlaces {
    fn default() -> Self {
        let seats = |all, own| Seats {
            all,
            own,
            wait: WAIT,
        };
        Self {
            modules: Places::new("modules", seats(32, 2)),
            images: Places::new("images", seats(8, 1)),
            module_checks: Semaphore::new(2),
            image_checks: Semaphore::new(2),
        }
    }
}

impl UploadPlaces {
    /// The right to have a module checked, and to hold it in memory.
    pub(crate) async fn module_check(&self) -> Result<SemaphorePermit<'_>> {
        turn(&self.module_checks, "modules").await
    }

    /// The right to have an image checked.
    pub(crate) async fn image_check(&self) -> Result<SemaphorePermit<'_>> {
        turn(&self.image_checks, "images").await
    }
}

/// The right to one of the checks under way, which is waited for no longer than a client waits.
async fn turn<'a>(checks: &'a Semaphore, what: &str) -> Result<SemaphorePermit<'a>> {
    let turn = tokio::time::timeout(TURN, checks.acquire()).await;
    let Ok(turn) = turn else {
        return Err(Error::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "checks-are-behind",
            "Too much is waiting to be checked",
            format!("other {what} are being checked, and this one had no turn"),
            "nothing of it is kept; hand it in again later",
        )
        .limit(format!("{} s", TURN.as_secs()))
        .retry_after(WAIT));
    };
    turn.map_err(Error::internal)
}

/// A body that has arrived.
pub(crate) struct Spooled {
    pub(crate) file: File,
    pub(crate) bytes: u64,
    pub(crate) digest: Digest,
}

/// Receives a body of at most `limit` bytes, unless its place is wanted by others and it is
/// the slowest.
pub(crate) async fn receive(
    blobs: &Blobs,
    place: &Place,
    headers: &HeaderMap,
    body: Body,
    limit: u64,
) -> Result<Spooled> {
    let mut incoming = Incoming::new(headers, body, limit, "body")?;
    let blobs = blobs.clone();
    let mut file = blocking(move || blobs.spool()).await?;
    let mut hasher = sha2::Sha256::new();
    let mut bytes = 0;
    loop {
        let next = tokio::select! {
            next = incoming.next() => next,
            refused = place.gives_way() => return Err(refused),
        };
        let Some(piece) = next else {
            break;
        };
        let piece = piece?;
        bytes += piece.len() as u64;
        place.received(piece.len() as u64);
        if bytes > limit {
            return Err(incoming.too_large());
        }
        (file, hasher) = blocking(move || {
            hasher.update(&piece);
            file.write_all(&piece)?;
            Ok((file, hasher))
        })
        .await?;
    }
    place.arrived();
    let file = blocking(move || {
        file.rewind()?;
        Ok(file)
    })
    .await?;
    Ok(Spooled {
        file,
        bytes,
        digest: Digest::from_bytes(hasher.finalize().into()),
    })
}

/// Takes the whole of it into memory.
pub(crate) async fn whole(spooled: Spooled) -> Result<Bytes> {
    let bytes = blocking(move || {
        let mut bytes = Vec::with_capacity(usize::try_from(spooled.bytes).unwrap_or(0));
        (&spooled.file).read_to_end(&mut bytes)?;
        Ok(bytes)
    })
    .await?;
    Ok(Bytes::from(bytes))
}

/// What lies on disk, as a stream.
pub(crate) fn pieces(
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

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(Error::internal)?.map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse as _;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_turn_is_not_waited_for_without_end() {
        let places = UploadPlaces::default();
        let first = places.module_check().await;
        let _second = places.module_check().await;
        let Err(refused) = places.module_check().await else {
            panic!("there is no third turn");
        };
        let refused = refused.into_response();
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(refused.headers()["retry-after"], "60");
        drop(first);
        let _third = places.module_check().await.expect("the turn of the first");
    }
}
