//! What a client still sends when its answer is there already is read on for a while, and thrown
//! away: a client that is cut off while it sends may never see the answer.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use bytes::Bytes;
use futures::StreamExt as _;
use http_body::{Frame, SizeHint};

/// So much of it.
const MOST: usize = 64 << 20;
/// For so long.
const PATIENCE: Duration = Duration::from_secs(10);

/// A body of which the rest is read when nobody wants it any more.
struct Drained(Option<Body>);

/// Has the body of a request read to its end, or as far as is reasonable.
pub(crate) fn body(request: Request) -> Request {
    request.map(|body| {
        if body.is_end_stream() {
            body
        } else {
            Body::new(Drained(Some(body)))
        }
    })
}

impl HttpBody for Drained {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let Some(body) = &mut self.0 else {
            return Poll::Ready(None);
        };
        let frame = Pin::new(body).poll_frame(cx);
        // After its end, or a fault, there is nothing more to read.
        if matches!(frame, Poll::Ready(None | Some(Err(_)))) {
            self.0 = None;
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.0.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let size = |body: &Body| body.size_hint();
        self.0
            .as_ref()
            .map_or_else(|| SizeHint::with_exact(0), size)
    }
}

impl Drop for Drained {
    fn drop(&mut self) {
        let Some(body) = self.0.take().filter(|body| !body.is_end_stream()) else {
            return;
        };
        // Outside of a runtime there is no connection either.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(tokio::time::timeout(PATIENCE, rest(body)));
        }
    }
}

async fn rest(body: Body) {
    let mut pieces = body.into_data_stream();
    let mut read = 0;
    while let Some(Ok(piece)) = pieces.next().await {
        read += piece.len();
        if read > MOST {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// A body of so many pieces, and how many of them were read.
    fn counted(pieces: usize, bytes: usize) -> (Body, Arc<AtomicUsize>) {
        let read = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&read);
        let stream = futures::stream::iter(0..pieces).map(move |_| {
            count.fetch_add(1, Ordering::Relaxed);
            Ok::<_, Infallible>(Bytes::from(vec![0; bytes]))
        });
        (Body::from_stream(stream), read)
    }

    #[tokio::test(start_paused = true)]
    async fn what_nobody_reads_is_read_to_its_end_and_no_further_than_is_reasonable() {
        let (body, read) = counted(100, 1000);
        drop(Drained(Some(body)));
        tokio::time::sleep(PATIENCE / 2).await;
        assert_eq!(read.load(Ordering::Relaxed), 100);
        let (body, read) = counted(1000, 1 << 20);
        drop(Drained(Some(body)));
        tokio::time::sleep(PATIENCE / 2).await;
        assert_eq!(read.load(Ordering::Relaxed), 65);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_stands_still_is_left_after_a_while() {
        let (gone, held) = tokio::sync::oneshot::channel::<()>();
        let stream = futures::stream::once(async move {
            let _held = gone;
            std::future::pending::<Result<Bytes, Infallible>>().await
        });
        drop(Drained(Some(Body::from_stream(stream))));
        assert!(held.await.is_err());
    }
}
