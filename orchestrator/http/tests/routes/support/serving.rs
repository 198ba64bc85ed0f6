//! The app at an address, for what speaks over a connection.

use std::net::SocketAddr;

use gauntlet_http::{Limits, TlsListener};
use gauntlet_transport::ServerTls;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::Server;

impl Server {
    /// Serves the app on an address of its own until the test ends.
    pub(crate) async fn listen(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = self.app.clone();
        tokio::spawn(async move { axum::serve(listener, app).await });
        format!("http://{address}")
    }

    /// Serves it over TLS until the test ends; gives the port.
    pub(crate) async fn serve_tls(&self, tls: ServerTls) -> u16 {
        self.serve_tls_within(Limits::default(), tls).await
    }

    pub(crate) async fn serve_tls_within(&self, limits: Limits, tls: ServerTls) -> u16 {
        let listen = || tokio::net::TcpListener::bind("127.0.0.1:0");
        let (listener, local) = (listen().await.unwrap(), listen().await.unwrap());
        let port = listener.local_addr().unwrap().port();
        let stop = CancellationToken::new();
        let listener = TlsListener::start(listener, tls, stop.clone()).unwrap();
        let context = self.context.clone();
        tokio::spawn(gauntlet_http::serve_tls(
            context, listener, local, limits, stop,
        ));
        port
    }

    /// Serves it, with these limits, until the token is cancelled.
    pub(crate) async fn serve(
        &self,
        limits: Limits,
    ) -> (
        SocketAddr,
        CancellationToken,
        JoinHandle<std::io::Result<()>>,
    ) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let served = gauntlet_http::serve(self.context.clone(), listener, limits, stop.clone());
        (address, stop, tokio::spawn(served))
    }

    /// What is answered to a request in the clear.
    pub(crate) async fn plain_answer(port: u16) -> String {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", port))
            .await
            .unwrap();
        let request = b"GET /healthz HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n";
        stream.write_all(request).await.unwrap();
        let mut answer = Vec::new();
        // It may just be closed.
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    }
}
