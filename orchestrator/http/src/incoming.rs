//! Bodies as they arrive: limited in size and in time.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::http::{HeaderMap, StatusCode, header};
use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt};
use tokio::time::{Instant, Sleep};

use crate::error::{Error, Result};

/// A body must have arrived within this time.
const TIME: Duration = Duration::from_secs(120);
/// This much of a body that is too large is read and thrown away, because a client
/// that is cut off while it is still sending may never see the answer.
const DRAIN: u64 = 64 << 20;

/// A body of limited size; a stream of its pieces.
pub(crate) struct Incoming {
    stream: BodyDataStream,
    deadline: Pin<Box<Sleep>>,
    limit: u64,
    announced: Option<u64>,
    field: &'static str,
}

impl Incoming {
    /// Refuses at once what announces itself as too large.
    pub(crate) async fn new(
        headers: &HeaderMap,
        body: Body,
        limit: u64,
        field: &'static str,
    ) -> Result<Self> {
        let announced = headers
            .get(header::CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.parse().ok());
        let mut incoming = Self {
            stream: body.into_data_stream(),
            deadline: Box::pin(tokio::time::sleep_until(Instant::now() + TIME)),
            limit,
            announced,
            field,
        };
        if announced.is_some_and(|length| length > limit) {
            return Err(incoming.too_large().await);
        }
        Ok(incoming)
    }

    /// With more time than a module needs.
    pub(crate) fn with_more_time(mut self, extra: Duration) -> Self {
        self.deadline = Box::pin(tokio::time::sleep_until(Instant::now() + TIME + extra));
        self
    }

    /// Drains some of the rest, and says why the body is refused.
    pub(crate) async fn too_large(&mut self) -> Error {
        let mut drained = 0;
        while let Some(Ok(piece)) = self.next().await {
            drained += piece.len() as u64;
            if drained > DRAIN {
                break;
            }
        }
        Error::too_large(self.field, self.limit, self.announced)
    }
}

impl Stream for Incoming {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let field = self.field;
        if self.deadline.as_mut().poll(cx).is_ready() {
            let error = Error::new(
                StatusCode::REQUEST_TIMEOUT,
                "too-slow",
                "The body came too slowly",
                "the body had not arrived in time",
                "send it again over a better connection",
            );
            return Poll::Ready(Some(Err(error
                .field(field)
                .limit(format!("{} seconds", TIME.as_secs())))));
        }
        self.stream.poll_next_unpin(cx).map_err(|error| {
            Error::invalid(
                field,
                format!("the body ended early: {error}"),
                "send it again",
            )
        })
    }
}

/// A whole body of at most `limit` bytes.
pub(crate) async fn read(
    headers: &HeaderMap,
    body: Body,
    limit: u64,
    field: &'static str,
) -> Result<Bytes> {
    let mut incoming = Incoming::new(headers, body, limit, field).await?;
    let mut whole = BytesMut::new();
    while let Some(piece) = incoming.next().await {
        let piece = piece?;
        if (whole.len() + piece.len()) as u64 > limit {
            return Err(incoming.too_large().await);
        }
        whole.extend_from_slice(&piece);
    }
    Ok(whole.freeze())
}
