//! A connection to the engine, made anew when the engine has ended it.
//!
//! The engine ends connections that have said nothing for a while, and a benchmark's runner may
//! be silent for longer: while others set up what it is to play in, say. A request that meets
//! that end has not been looked at, and every call of a runner may be repeated, so it is sent
//! again on a new connection.

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::error::Result;

/// See the module.
pub(crate) struct Connection {
    address: String,
    open: Option<Open>,
}

struct Open {
    requests: SendRequest<Full<Bytes>>,
    /// A request was answered on it. What fails before that has another reason.
    has_answered: bool,
}

impl Connection {
    /// One to this host and port, made with the first request.
    pub(crate) fn new(address: &str) -> Self {
        Self {
            address: address.to_owned(),
            open: None,
        }
    }

    /// Sends a request and reads its answer.
    pub(crate) async fn send(
        &mut self,
        request: &Request<Full<Bytes>>,
    ) -> Result<(StatusCode, Bytes)> {
        loop {
            let mut open = match self.open.take() {
                Some(open) if !open.requests.is_closed() => open,
                _ => connect(&self.address).await?,
            };
            match exchange(&mut open.requests, request.clone()).await {
                Ok(answer) => {
                    open.has_answered = true;
                    self.open = Some(open);
                    return Ok(answer);
                }
                // Ended by the other side, between requests.
                Err(error) if open.has_answered && was_ended(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

async fn connect(address: &str) -> Result<Open> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (requests, driver) = handshake(TokioIo::new(stream)).await?;
    // It ends with the connection; what went wrong the next request says.
    tokio::spawn(async move { drop(driver.await) });
    Ok(Open {
        requests,
        has_answered: false,
    })
}

async fn exchange(
    requests: &mut SendRequest<Full<Bytes>>,
    request: Request<Full<Bytes>>,
) -> hyper::Result<(StatusCode, Bytes)> {
    let response = requests.send_request(request).await?;
    let status = response.status();
    let body = response.into_body().collect().await?.to_bytes();
    Ok((status, body))
}

/// Whether the connection ended before anything of an answer came.
fn was_ended(error: &hyper::Error) -> bool {
    use std::error::Error as _;
    let reset = || {
        let source = error.source()?.downcast_ref::<std::io::Error>()?;
        Some(matches!(
            source.kind(),
            std::io::ErrorKind::ConnectionReset | std::io::ErrorKind::BrokenPipe
        ))
    };
    error.is_canceled()
        || error.is_closed()
        || error.is_incomplete_message()
        || reset().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;
    use tokio::task::JoinHandle;

    use super::*;

    /// What a server does with the requests of one connection, in turn.
    #[derive(Clone, Copy)]
    enum Then {
        Answers,
        /// Ends the connection before the next request.
        Ends,
        /// Reads the next request and ends the connection.
        EndsInstead,
    }

    /// A server for connections that go like this, one after the other; how many requests it read.
    async fn server(connections: &'static [&'static [Then]]) -> (String, JoinHandle<usize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let serving = tokio::spawn(async move {
            let mut read = 0;
            for connection in connections {
                let (mut stream, _) = listener.accept().await.unwrap();
                for then in *connection {
                    if matches!(then, Then::Ends) {
                        break;
                    }
                    let mut request = Vec::new();
                    while !request.ends_with(b"\r\n\r\n") {
                        request.push(stream.read_u8().await.unwrap());
                    }
                    read += 1;
                    if matches!(then, Then::EndsInstead) {
                        break;
                    }
                    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
                    stream.write_all(answer).await.unwrap();
                }
            }
            read
        });
        (address, serving)
    }

    fn request() -> Request<Full<Bytes>> {
        Request::get("/")
            .header("host", "x")
            .body(Full::default())
            .unwrap()
    }

    #[tokio::test]
    async fn a_request_that_meets_the_end_of_a_connection_is_sent_again() {
        use Then::{Answers, Ends, EndsInstead};
        let (address, serving) = server(&[
            &[Answers, Answers, Ends],
            &[Answers, EndsInstead],
            &[Answers, Answers],
        ])
        .await;
        let mut connection = Connection::new(&address);
        for _ in 0..5 {
            let answer = connection.send(&request()).await.unwrap();
            assert_eq!(answer, (StatusCode::OK, Bytes::from_static(b"ok")));
        }
        assert_eq!(serving.await.unwrap(), 6);
    }

    #[tokio::test]
    async fn a_server_that_answers_nothing_is_asked_once() {
        let (address, serving) = server(&[&[Then::EndsInstead]]).await;
        let mut connection = Connection::new(&address);
        connection.send(&request()).await.unwrap_err();
        assert_eq!(serving.await.unwrap(), 1);
        // Nobody listens any more.
        connection.send(&request()).await.unwrap_err();
    }
}
