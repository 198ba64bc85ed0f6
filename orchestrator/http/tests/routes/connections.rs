//! Connections that do not do what connections are for.

use std::net::SocketAddr;
use std::time::Duration;

use gauntlet_http::{ConnectionLimits, Limits};
use gauntlet_transport::ServerTls;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::Server;

/// Nobody is patient in these tests, but with what is under way.
fn impatient() -> ConnectionLimits {
    ConnectionLimits {
        silence: Duration::from_millis(300),
        handshake: Duration::from_millis(300),
        ..ConnectionLimits::default()
    }
}

fn patient() -> ConnectionLimits {
    ConnectionLimits {
        silence: Duration::from_secs(3600),
        ..ConnectionLimits::default()
    }
}

fn of(connections: ConnectionLimits) -> Limits {
    Limits {
        connections,
        ..Limits::default()
    }
}

async fn connect(address: SocketAddr, said: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(said.as_bytes()).await.unwrap();
    stream
}

/// What comes until the server ends the connection.
async fn until_closed(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    let read = tokio::time::timeout(Duration::from_secs(120), read).await;
    // However it is closed.
    let _ = read.expect("the server ends the connection");
    String::from_utf8(answer).unwrap()
}

/// One whole answer of a connection that stays.
async fn answer(stream: &mut TcpStream) -> String {
    let mut answer = String::new();
    while !answer.ends_with('}') {
        let mut some = [0; 1024];
        let read = stream.read(&mut some).await.unwrap();
        assert_ne!(read, 0, "{answer}");
        answer.push_str(std::str::from_utf8(&some[..read]).unwrap());
    }
    answer
}

const ASK: &str = "GET /healthz HTTP/1.1\r\nhost: h\r\n\r\n";

#[tokio::test]
async fn who_says_nothing_or_half_of_something_is_hung_up_on() {
    let server = Server::start().await;
    let (address, _stop, _served) = server.serve(of(impatient())).await;
    for said in ["", "GET", "GET /healthz HTTP/1.1\r\nhost: h\r\nx: "] {
        let answered = until_closed(connect(address, said).await).await;
        assert_eq!(answered, "", "{said:?}");
    }
    // An answer is whole, and then comes nothing more.
    let answered = until_closed(connect(address, ASK).await).await;
    assert!(answered.starts_with("HTTP/1.1 200 OK"), "{answered}");
    let text = metrics(&server, address).await;
    let silent = "gauntlet_http_connections_closed_total{why=\"silent\"} 4";
    assert!(text.contains(silent), "{text}");
}

async fn metrics(server: &Server, address: SocketAddr) -> String {
    let ask = format!(
        "GET /metrics HTTP/1.1\r\nhost: h\r\nauthorization: Bearer {}\r\nconnection: close\r\n\r\n",
        server.admin
    );
    until_closed(connect(address, &ask).await).await
}

#[tokio::test]
async fn tls_that_is_not_agreed_on_is_hung_up_on() {
    let server = Server::start().await;
    let folder = tempfile::tempdir().unwrap();
    let tls = ServerTls::self_signed(folder.path(), &["localhost".to_owned()]).unwrap();
    let port = server.serve_tls_within(of(impatient()), tls).await;
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    // The first bytes of a handshake, and none at all.
    for said in ["", "\u{16}\u{3}\u{1}"] {
        until_closed(connect(address, said).await).await;
    }
}

#[tokio::test]
async fn whoever_asks_for_something_finds_a_place_among_those_who_do_not() {
    let server = Server::start().await;
    let limits = ConnectionLimits {
        open: 8,
        ..patient()
    };
    let (address, _stop, _served) = server.serve(of(limits)).await;
    let mut silent = Vec::new();
    for _ in 0..8 {
        silent.push(connect(address, "GET / HT").await);
    }
    for asked in 1..=20 {
        let mut connection = connect(address, ASK).await;
        let answered = answer(&mut connection).await;
        assert!(answered.starts_with("HTTP/1.1 200 OK"), "{answered}");
        // It stays as well, and is in nobody's way.
        silent.push(connection);
        assert_eq!(silent.len(), 8 + asked);
    }
    for gone in silent.drain(..20) {
        until_closed(gone).await;
    }
    // The last eight are where they were.
    for mut connection in silent {
        connection.write_all(ASK.as_bytes()).await.unwrap();
        answer(&mut connection).await;
    }
}

#[tokio::test]
async fn the_end_answers_what_is_under_way_and_waits_for_nobody_else() {
    let server = Server::start().await;
    let runner = server.register("local-1").await;
    let (address, stop, served) = server.serve(of(patient())).await;
    let silent = connect(address, "").await;
    let half = connect(address, "GET /healthz HTT").await;
    let mut idle = connect(address, ASK).await;
    answer(&mut idle).await;
    let body = json!({ "wait_seconds": 30 }).to_string();
    let asks_for_work = format!(
        "POST /api/v1/runners/{runner}/lease HTTP/1.1\r\nhost: h\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        server.runner,
        body.len()
    );
    // Its head is there, so that it is answered.
    let mut working = connect(address, &asks_for_work).await;
    let mut second = connect(address, ASK).await;
    answer(&mut second).await;
    stop.cancel();
    for connection in [silent, half, idle, second] {
        assert_eq!(until_closed(connection).await, "");
    }
    working.write_all(body.as_bytes()).await.unwrap();
    let answered = until_closed(working).await;
    assert!(answered.starts_with("HTTP/1.1 204"), "{answered}");
    served.await.unwrap().unwrap();
    TcpStream::connect(address).await.unwrap_err();
}
