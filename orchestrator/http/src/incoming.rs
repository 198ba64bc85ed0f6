//! Bodies as they arrive: limited in size, and in how slowly they may come.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::http::{HeaderMap, StatusCode, header};
use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt};
use tokio::time::{Instant, Sleep};

use crate::error::{Error, Result};

/// How slowly a body may come. Time in which we do something else does not count.
const PACE: Pace = Pace {
    bytes_a_second: 16 << 10,
    window: Duration::from_secs(30),
};

/// How slowly something may come: so many bytes a second, on average over each window. A
/// line that is bad for a moment is no reason to give up.
#[derive(Clone, Copy, Debug)]
struct Pace {
    bytes_a_second: u64,
    window: Duration,
}

impl Pace {
    fn bytes_a_window(&self) -> u64 {
        self.bytes_a_second * self.window.as_secs()
    }
}

/// A body of limited size; a stream of its pieces.
pub(crate) struct Incoming {
    stream: BodyDataStream,
    window: Window,
    limit: u64,
    announced: Option<u64>,
    field: &'static str,
}

/// What came since the last time that enough had come, and how long we have waited for it.
struct Window {
    received: u64,
    waited: Duration,
    since: Option<Instant>,
    timer: Pin<Box<Sleep>>,
}

impl Incoming {
    /// Refuses at once what announces itself as too large.
    pub(crate) fn new(
        headers: &HeaderMap,
        body: Body,
        limit: u64,
        field: &'static str,
    ) -> Result<Self> {
        let announced = headers
            .get(header::CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.parse().ok());
        let incoming = Self {
            stream: body.into_data_stream(),
            window: Window {
                received: 0,
                waited: Duration::ZERO,
                since: None,
                timer: Box::pin(tokio::time::sleep(PACE.window)),
            },
            limit,
            announced,
            field,
        };
        if announced.is_some_and(|length| length > limit) {
            return Err(incoming.too_large());
        }
        Ok(incoming)
    }

    /// Says why the body is refused. What still comes of it is read elsewhere (`drain.rs`).
    pub(crate) fn too_large(&self) -> Error {
        Error::too_large(self.field, self.limit, self.announced)
    }
}

impl Window {
    /// Notes that we look again. Whether too little has come for too long.
    fn is_too_slow(&mut self) -> bool {
        if let Some(since) = self.since.take() {
            self.waited += since.elapsed();
        }
        if self.waited < PACE.window {
            return false;
        }
        let too_slow = self.received < PACE.bytes_a_window();
        self.waited = Duration::ZERO;
        self.received = 0;
        too_slow
    }

    /// Notes that we wait from here on, and has us woken when the window is over.
    fn wait(&mut self, cx: &mut Context<'_>) {
        let now = Instant::now();
        self.since = Some(now);
        let left = PACE.window.saturating_sub(self.waited);
        self.timer.as_mut().reset(now + left);
        if self.timer.as_mut().poll(cx).is_ready() {
            cx.waker().wake_by_ref();
        }
    }
}

impl Stream for Incoming {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let field = self.field;
        if self.window.is_too_slow() {
            return Poll::Ready(Some(Err(too_slow(field))));
        }
        let next = self.stream.poll_next_unpin(cx);
        match &next {
            Poll::Ready(Some(Ok(piece))) => self.window.received += piece.len() as u64,
            Poll::Ready(_) => {}
            Poll::Pending => self.window.wait(cx),
        }
        next.map_err(|error| {
            Error::invalid(
                field,
                format!("the body ended early: {error}"),
                "send it again",
            )
        })
    }
}

fn too_slow(field: &'static str) -> Error {
    Error::new(
        StatusCode::REQUEST_TIMEOUT,
        "too-slow",
        "The body came too slowly",
        format!(
            "less than {} bytes of the body came in {} seconds of waiting for it",
            PACE.bytes_a_window(),
            PACE.window.as_secs()
        ),
        "send it again over a better connection",
    )
    .field(field)
    .limit(format!(
        "{} bytes a second, over {} seconds",
        PACE.bytes_a_second,
        PACE.window.as_secs()
    ))
}

/// A whole body of at most `limit` bytes.
pub(crate) async fn read(
    headers: &HeaderMap,
    body: Body,
    limit: u64,
    field: &'static str,
) -> Result<Bytes> {
    let mut incoming = Incoming::new(headers, body, limit, field)?;
    let mut whole = BytesMut::new();
    while let Some(piece) = incoming.next().await {
        let piece = piece?;
        if (whole.len() + piece.len()) as u64 > limit {
            return Err(incoming.too_large());
        }
        whole.extend_from_slice(&piece);
    }
    Ok(whole.freeze())
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    /// Pieces that come one after the other, each so long after the one before it.
    fn pieces(pieces: u32, bytes: usize, apart: Duration) -> Body {
        let stream = futures::stream::unfold(0, move |sent| async move {
            tokio::time::sleep(apart).await;
            let piece = Bytes::from(vec![0; bytes]);
            (sent < pieces).then_some((Ok::<_, Infallible>(piece), sent + 1))
        });
        Body::from_stream(stream)
    }

    async fn take(body: Body) -> Result<Bytes> {
        read(&HeaderMap::new(), body, 1 << 30, "body").await
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stands_still_is_given_up_after_one_window() {
        let started = Instant::now();
        let body = Body::from_stream(futures::stream::pending::<Result<Bytes, Infallible>>());
        let error = take(body).await.unwrap_err();
        assert!(started.elapsed() < 2 * PACE.window);
        let problem = error.problem();
        assert_eq!(problem.status, 408);
        let limit = problem.limit.as_deref().unwrap();
        assert_eq!(limit, "16384 bytes a second, over 30 seconds");
    }

    #[tokio::test(start_paused = true)]
    async fn a_trickle_is_given_up_and_a_slow_line_is_not() {
        let second = Duration::from_secs(1);
        let trickle = take(pieces(10_000, 1, second)).await.unwrap_err();
        assert_eq!(trickle.problem().status, 408);
        // An hour and more, at twice the pace that is asked for.
        let slow = take(pieces(4_000, 32 << 10, second)).await.unwrap();
        assert_eq!(slow.len(), 4_000 * (32 << 10));
        // Nothing for most of a window, then enough of it.
        let bursts = take(pieces(100, 1 << 20, Duration::from_secs(29)));
        assert_eq!(bursts.await.unwrap().len(), 100 << 20);
    }

    #[tokio::test(start_paused = true)]
    async fn time_that_we_take_ourselves_is_not_held_against_the_sender() {
        let body = pieces(100, 1 << 10, Duration::ZERO);
        let mut incoming = Incoming::new(&HeaderMap::new(), body, 1 << 30, "body").unwrap();
        while let Some(piece) = incoming.next().await {
            piece.unwrap();
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
    }
}
