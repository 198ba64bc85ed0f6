//! Connections over TLS.
//!
//! Each shakes hands by itself, in a limited time, and many at once: one that says nothing keeps
//! nobody else waiting.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::serve::Listener;
use gauntlet_transport::{ServerTls, TransportError};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

/// A connection that has not shaken hands by then is closed.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// So many shake hands at the same time; further ones wait in the system's queue.
const AT_ONCE: usize = 1024;
/// How often the certificate's files are looked at.
const LOOK: Duration = Duration::from_secs(1);

type Accepted = (TlsStream<TcpStream>, SocketAddr);

/// A listener whose connections have shaken hands.
pub struct TlsListener {
    ready: mpsc::Receiver<Accepted>,
    address: SocketAddr,
}

impl TlsListener {
    /// Begins to accept connections, until `stop`. The certificate is read anew when its files
    /// change.
    ///
    /// # Errors
    /// If the library cannot be set up, or the listener has no address.
    pub fn start(
        listener: TcpListener,
        tls: ServerTls,
        stop: CancellationToken,
    ) -> Result<Self, TransportError> {
        let address = listener
            .local_addr()
            .map_err(|error| TransportError::Setup(error.to_string()))?;
        let acceptor = TlsAcceptor::from(tls.config()?);
        let (sender, ready) = mpsc::channel(1);
        let until = stop.clone();
        tokio::spawn(async move {
            until
                .run_until_cancelled(accept_all(listener, acceptor, sender))
                .await;
        });
        tokio::spawn(async move { stop.run_until_cancelled(keep_fresh(tls)).await });
        Ok(Self { ready, address })
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> Accepted {
        match self.ready.recv().await {
            Some(accepted) => accepted,
            // Stopped: whoever serves is told by the same token.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        Ok(self.address)
    }
}

async fn accept_all(
    mut listener: TcpListener,
    acceptor: TlsAcceptor,
    sender: mpsc::Sender<Accepted>,
) {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        // Axum's own: it waits where the process has too many files open.
        let (stream, address) = Listener::accept(&mut listener).await;
        let (acceptor, sender) = (acceptor.clone(), sender.clone());
        tokio::spawn(async move {
            let shaken = tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await;
            drop(place);
            match shaken {
                // Nobody takes it any more when the server ends.
                Ok(Ok(stream)) => drop(sender.send((stream, address)).await),
                Ok(Err(error)) => tracing::debug!(%address, %error, "no TLS with a connection"),
                Err(_) => tracing::debug!(%address, "a connection did not shake hands in time"),
            }
        });
    }
}

async fn keep_fresh(tls: ServerTls) {
    loop {
        tokio::time::sleep(LOOK).await;
        let tls = tls.clone();
        // Files are read.
        let read = tokio::task::spawn_blocking(move || (tls.reload(), tls.fingerprint())).await;
        match read {
            Ok((Ok(false), _)) => {}
            Ok((Ok(true), Some(fingerprint))) => {
                tracing::info!(%fingerprint, "another certificate is shown from now on");
            }
            Ok((Ok(true), None)) => {}
            Ok((Err(error), _)) => {
                tracing::error!(%error, help = error.help(), "the certificate stays as it was");
            }
            Err(error) => tracing::error!(%error, "the certificate cannot be looked at"),
        }
    }
}
