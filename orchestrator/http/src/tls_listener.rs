//! Where connections over TLS come in.

use std::time::Duration;

use gauntlet_transport::{ServerTls, TransportError};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

/// How often the certificate's files are looked at.
const LOOK: Duration = Duration::from_secs(1);

/// A listener with a certificate. Each of its connections shakes hands by itself: one that says
/// nothing keeps nobody else waiting.
pub struct TlsListener {
    pub(crate) listener: TcpListener,
    pub(crate) acceptor: TlsAcceptor,
}

impl TlsListener {
    /// The certificate is read anew when its files change, until `stop`.
    ///
    /// # Errors
    /// If the library cannot be set up.
    pub fn start(
        listener: TcpListener,
        tls: ServerTls,
        stop: CancellationToken,
    ) -> Result<Self, TransportError> {
        let acceptor = TlsAcceptor::from(tls.config()?);
        tokio::spawn(async move { stop.run_until_cancelled(keep_fresh(tls)).await });
        Ok(Self { listener, acceptor })
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
