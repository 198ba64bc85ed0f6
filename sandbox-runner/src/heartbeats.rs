//! A thread of its own for heartbeats, with connections of its own: whatever slots read, hash,
//! copy or score, and however many of them, no lease is lost for it.

use std::io;
use std::sync::{Arc, Mutex};

use tokio::runtime::{Builder, Runtime};
use tokio_util::task::AbortOnDropHandle;

use crate::client::{AttemptId, Client};
use crate::curve::Curve;
use crate::lease::{self, Lost, Terms};

/// Keeps leases. Dropping it stops all heartbeats.
#[derive(Debug)]
pub(crate) struct Heartbeats {
    client: Client,
    // Taken when it is dropped.
    runtime: Option<Runtime>,
}

impl Heartbeats {
    /// Starts the thread. The client must be used by nobody else: what reads from a connection
    /// lives where the connection was made.
    ///
    /// # Errors
    /// If there can be no further thread.
    pub(crate) fn start(client: Client) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("heartbeats")
            .enable_all()
            .build()?;
        Ok(Self {
            client,
            runtime: Some(runtime),
        })
    }

    /// Sends heartbeats until the lease is lost; dropping what is returned stops them.
    pub(crate) fn keep(
        &self,
        attempt: AttemptId,
        terms: Terms,
        curve: Arc<Mutex<Curve>>,
    ) -> AbortOnDropHandle<Lost> {
        let client = self.client.clone();
        let kept = async move { lease::keep(&client, attempt, terms, &curve).await };
        AbortOnDropHandle::new(match &self.runtime {
            Some(runtime) => runtime.spawn(kept),
            None => tokio::spawn(kept),
        })
    }
}

impl Drop for Heartbeats {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Without waiting, which an asynchronous caller may not.
            runtime.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    use std::time::Duration;

    use tokio::time::Instant;

    use super::*;

    #[tokio::test]
    async fn they_go_on_while_everything_else_is_held_up() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (beats, heard) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let body = r#"{"lease_seconds":20}"#;
            for connection in listener.incoming() {
                let mut connection = connection.unwrap();
                let _whole = connection.read(&mut [0; 4096]);
                let _sent = write!(
                    connection,
                    "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                    body.len()
                );
                if beats.send(()).is_err() {
                    return;
                }
            }
        });
        let trust = gauntlet_transport::Trust::System;
        let client = Client::new(url.parse().unwrap(), "t".to_owned(), &trust).unwrap();
        let heartbeats = Heartbeats::start(client).unwrap();
        let attempt = AttemptId {
            run: uuid::Uuid::nil(),
            attempt: 1,
        };
        let terms = Terms {
            granted: Instant::now(),
            length: Duration::from_secs(3600),
            interval: Duration::from_millis(100),
        };
        let kept = heartbeats.keep(attempt, terms, Arc::default());
        // This thread, on which all tasks of this test run, does nothing but wait.
        for _ in 0..3 {
            heard.recv_timeout(Duration::from_secs(120)).unwrap();
        }
        drop(kept);
    }
}
