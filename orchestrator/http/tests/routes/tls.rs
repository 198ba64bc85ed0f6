//! The API over TLS: whom callers trust, and what becomes of a certificate.

use std::path::Path;
use std::time::Duration;

use axum::http::StatusCode;
use gauntlet_protocol::Register;
use gauntlet_runner::client::Client as RunnerClient;
use gauntlet_transport::{Fingerprint, ServerTls, Trust};

use crate::support::Server;

fn lab(folder: &Path) -> ServerTls {
    ServerTls::self_signed(folder, &["localhost".to_owned()]).unwrap()
}

/// Asks over a connection of its own.
async fn ask(url: &str, trust: &Trust) -> Result<StatusCode, reqwest::Error> {
    let tls = trust.client_config().unwrap();
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .build()?;
    Ok(client.get(format!("{url}/healthz")).send().await?.status())
}

#[tokio::test]
async fn an_orchestrator_is_trusted_by_its_fingerprint_or_its_authority_and_not_otherwise() {
    let server = Server::start().await;
    let folder = tempfile::tempdir().unwrap();
    let tls = lab(folder.path());
    let fingerprint = tls.fingerprint().unwrap();
    let port = server.serve_tls(tls).await;
    let url = format!("https://localhost:{port}");
    let other: Fingerprint = format!("sha256:{}", "00".repeat(32)).parse().unwrap();
    let strangers = tempfile::tempdir().unwrap();
    lab(strangers.path());
    for (trust, works) in [
        (Trust::Certificate(fingerprint), true),
        (Trust::Certificate(other), false),
        (Trust::Authorities(folder.path().join("tls.pem")), true),
        (Trust::Authorities(strangers.path().join("tls.pem")), false),
    ] {
        let answered = ask(&url, &trust).await;
        assert_eq!(answered.is_ok(), works, "{trust:?}: {answered:?}");
    }
    // By its fingerprint also under a name that is not in it; an authority vouches for names.
    let by_address = format!("https://127.0.0.1:{port}");
    ask(&by_address, &Trust::Certificate(fingerprint))
        .await
        .unwrap();
    let authority = Trust::Authorities(folder.path().join("tls.pem"));
    ask(&by_address, &authority).await.unwrap_err();
    // In the clear there is nothing to be had.
    let plain = Server::plain_answer(port).await;
    assert!(!plain.contains("HTTP/1.1 200"), "{plain}");
}

#[tokio::test]
async fn a_runner_registers_over_tls() {
    let server = Server::start().await;
    let folder = tempfile::tempdir().unwrap();
    let tls = lab(folder.path());
    let trust = Trust::Certificate(tls.fingerprint().unwrap());
    let port = server.serve_tls(tls).await;
    let url = format!("https://127.0.0.1:{port}").parse().unwrap();
    let client = RunnerClient::new(url, server.runner.clone(), &trust).unwrap();
    let register = Register {
        name: "lab".to_owned(),
        class: "cpu".to_owned(),
        version: "0".to_owned(),
    };
    let registered = client.register(&register).await.unwrap();
    assert_eq!(server.lease(registered.runner).await.map(|_| ()), None);
}

#[tokio::test]
async fn another_certificate_is_shown_when_its_files_are_there() {
    let server = Server::start().await;
    let folder = tempfile::tempdir().unwrap();
    let tls = lab(folder.path());
    let before = Trust::Certificate(tls.fingerprint().unwrap());
    let port = server.serve_tls(tls).await;
    let url = format!("https://127.0.0.1:{port}");
    ask(&url, &before).await.unwrap();
    let other = tempfile::tempdir().unwrap();
    let after = Trust::Certificate(lab(other.path()).fingerprint().unwrap());
    for name in ["tls.key", "tls.pem"] {
        std::fs::rename(other.path().join(name), folder.path().join(name)).unwrap();
    }
    while ask(&url, &after).await.is_err() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    ask(&url, &before).await.unwrap_err();
}

#[tokio::test]
async fn connections_that_say_nothing_keep_nobody_waiting() {
    let server = Server::start().await;
    let folder = tempfile::tempdir().unwrap();
    let tls = lab(folder.path());
    let trust = Trust::Certificate(tls.fingerprint().unwrap());
    let port = server.serve_tls(tls).await;
    let mut silent = Vec::new();
    for _ in 0..100 {
        let connection = tokio::net::TcpStream::connect(("127.0.0.1", port)).await;
        silent.push(connection.unwrap());
    }
    // Asked of all of them in turn, it would take a thousand seconds.
    let url = format!("https://127.0.0.1:{port}");
    let answered = tokio::time::timeout(Duration::from_secs(300), ask(&url, &trust)).await;
    assert_eq!(answered.unwrap().unwrap(), StatusCode::OK);
}
