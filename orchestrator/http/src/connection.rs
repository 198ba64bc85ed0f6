//! One connection, from its first byte to its end.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::Request;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower::Service as _;

use crate::connections::{Busy, Connection};
use crate::metrics::Closed;
use crate::unstalled::Unstalled;

/// Who asks: on the other end of a request's connection, or of that of a proxy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// Serves it until one side ends it, it has to make room, or `stop` is cancelled and the request
/// under way is answered.
pub(crate) async fn serve(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    peer: Peer,
    app: Router,
    connection: Connection,
    stop: CancellationToken,
) {
    let Some(tls) = tls else {
        return requests(stream, peer, app, connection, stop).await;
    };
    let limit = connection.connections().limits().handshake;
    let address = peer.0;
    let shaken = tokio::select! {
        shaken = tokio::time::timeout(limit, tls.accept(stream)) => shaken,
        () = connection.closed() => return,
        () = stop.cancelled() => return,
    };
    match shaken {
        Ok(Ok(stream)) => requests(stream, peer, app, connection, stop).await,
        Ok(Err(error)) => tracing::debug!(%address, %error, "no TLS with a connection"),
        Err(_) => {
            connection.connections().metrics().closed(Closed::Handshake);
            tracing::debug!(%address, "a connection did not shake hands in time");
        }
    }
}

async fn requests(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    peer: Peer,
    app: Router,
    connection: Connection,
    stop: CancellationToken,
) {
    let limits = *connection.connections().limits();
    let connection = Arc::new(connection);
    let stream = Unstalled::new(stream, limits.stall);
    let stalled = stream.stalled();
    let asked = Arc::clone(&connection);
    let service = service_fn(move |request: Request<Incoming>| {
        let busy = asked.busy();
        let mut request = request.map(Body::new);
        let proxies = asked.connections().proxies();
        let caller = Peer(proxies.caller(peer.0, request.headers()));
        request.extensions_mut().insert(caller);
        let answer = app.clone().call(request);
        async move { Ok::<_, Infallible>(answer.await?.map(|body| Answer { body, _busy: busy })) }
    });
    let mut serving = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.silence)
            .serve_connection(TokioIo::new(stream), service)
    );
    let mut stopping = false;
    loop {
        tokio::select! {
            ended = serving.as_mut() => {
                if let Err(error) = ended {
                    if error.is_timeout() {
                        connection.connections().metrics().closed(Closed::Silent);
                    }
                    tracing::debug!(address = %peer.0, %error, "a connection broke off");
                }
                return;
            }
            () = connection.closed() => return,
            () = stop.cancelled(), if !stopping => {
                stopping = true;
                serving.as_mut().graceful_shutdown();
                // Nothing of an answer is on its way, and half a request is none.
                if connection.is_idle() && !stalled.is_so() {
                    return;
                }
            }
        }
    }
}

/// The body of an answer; the request is under way as long as it is.
struct Answer {
    body: Body,
    _busy: Busy,
}

impl hyper::body::Body for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
