//! A server one of whose tasks has panicked does not go on as if nothing had happened.

use std::time::Duration;

use gauntlet_http::Limits;
use gauntlet_scheduler::{Context, Policy};
use gauntlet_storage::{Blobs, Db};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::support::Server;

/// Whoever hands out leases dies of it.
fn dies_of_a_lease(command: &'static str, place: &'static str) {
    assert!(
        (command, place) != ("claim", "before commit"),
        "a lease too many"
    );
}

#[tokio::test]
async fn the_server_ends_and_says_which_task_it_was() {
    let server = Server::start().await;
    server.closed_tournament("cup", &["one"]).await;
    let runner = server.register("local-1").await;
    // Another server over the same database.
    let blobs = tempfile::tempdir().unwrap();
    let context = Context::new(
        Db::connect(server.database_url()).await.unwrap(),
        Blobs::local(blobs.path(), [7; 32].into()).unwrap(),
        Policy::default(),
    )
    .with_failpoints(dies_of_a_lease);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let served = tokio::spawn(gauntlet_http::serve(
        context,
        listener,
        Limits::default(),
        stop,
    ));

    let body = r#"{"wait_seconds":30}"#;
    let request = format!(
        "POST /api/v1/runners/{runner}/lease HTTP/1.1\r\nhost: here\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        server.runner,
        body.len()
    );
    let mut connection = TcpStream::connect(address).await.unwrap();
    connection.write_all(request.as_bytes()).await.unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(120), served).await;
    let error = ended.expect("it ends").unwrap().unwrap_err().to_string();
    assert!(error.contains("hands out leases"), "{error}");
    assert!(error.contains("a lease too many"), "{error}");
    let _whatever = connection.read(&mut [0; 16]).await;
}
