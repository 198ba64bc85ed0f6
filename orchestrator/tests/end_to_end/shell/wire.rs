//! HTTP by hand, for what no client of ours would send.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use serde_json::Value;

use crate::support::{Data, Up};

/// Where the server listens.
pub(super) fn address(up: &Up) -> String {
    let url = up.started["url"].as_str().unwrap();
    url.strip_prefix("http://").unwrap().to_owned()
}

/// A new token of an account of its own: id and secret.
pub(super) fn token(data: &Data, scope: &str) -> (String, String) {
    let made = data.json(["token", "create", "--scope", scope]);
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    (text("id"), text("token"))
}

/// A request without its body, and whether one follows in chunks.
pub(super) fn begin(
    address: &str,
    method: &str,
    path: &str,
    token: &str,
    kind: Option<&str>,
) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\nconnection: close\r\n"
    )
    .unwrap();
    if let Some(kind) = kind {
        write!(
            stream,
            "content-type: {kind}\r\ntransfer-encoding: chunked\r\n"
        )
        .unwrap();
    }
    write!(stream, "\r\n").unwrap();
    stream
}

/// Sends a body in chunks, as much of it as the other side takes.
pub(super) fn send(stream: &mut TcpStream, body: &mut dyn Read) {
    let mut piece = vec![0; 64 << 10];
    loop {
        let length = body.read(&mut piece).unwrap();
        let head = format!("{length:x}\r\n");
        let chunk = [head.as_bytes(), &piece[..length], b"\r\n"].concat();
        if stream.write_all(&chunk).is_err() || length == 0 {
            return;
        }
    }
}

/// The status of the answer, and its body if that is JSON.
pub(super) fn answer(stream: TcpStream) -> (u16, Value) {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    let _ = reader.read_line(&mut line);
    let status = line.split(' ').nth(1).and_then(|code| code.parse().ok());
    let mut rest = Vec::new();
    let _ = reader.read_to_end(&mut rest);
    let text = String::from_utf8_lossy(&rest);
    let body = text.find('{').zip(text.rfind('}'));
    let json = body.and_then(|(from, to)| serde_json::from_str(&text[from..=to]).ok());
    (status.unwrap_or_default(), json.unwrap_or(Value::Null))
}
