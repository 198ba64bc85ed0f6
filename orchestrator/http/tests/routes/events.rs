//! Server-sent events.

use axum::http::StatusCode;
use futures::StreamExt;
use serde_json::Value;
use std::time::Duration;

use crate::modules;
use crate::support::Server;

/// The next `change`.
pub(crate) async fn next(stream: &mut (impl StreamExt<Item = String> + Unpin)) -> Value {
    loop {
        let text = tokio::time::timeout(Duration::from_secs(180), stream.next())
            .await
            .expect("an event in time")
            .expect("the stream goes on");
        if let Some(data) = text.lines().find_map(|line| line.strip_prefix("data: ")) {
            assert!(text.contains("event: change"), "{text}");
            return serde_json::from_str(data).unwrap();
        }
    }
}

#[tokio::test]
async fn a_subscriber_hears_of_the_present_and_of_each_change() {
    let server = Server::start().await;
    server.open_tournament("cup").await;
    let mut stream = server.stream("/api/v1/tournaments/cup/events").await;
    let first = next(&mut stream).await;
    assert_eq!(first["tournament"], "cup");
    assert_eq!(first["finished"], false);
    server
        .submit("cup", "one", modules::honest("one"))
        .await
        .ok(StatusCode::CREATED);
    let second = next(&mut stream).await;
    assert_ne!(second["version"], first["version"]);
}

#[tokio::test]
async fn the_stream_of_a_finished_tournament_ends() {
    let server = Server::start().await;
    server.finished_tournament("cup").await;
    let mut stream = server.stream("/api/v1/tournaments/cup/events").await;
    assert_eq!(next(&mut stream).await["finished"], true);
    let end = tokio::time::timeout(Duration::from_secs(180), stream.next()).await;
    assert_eq!(end.expect("the stream ends by itself"), None);
}

#[tokio::test]
async fn the_stream_of_a_run_follows_it_to_its_end() {
    let server = Server::start().await;
    server.closed_tournament("cup", &["one"]).await;
    let runner = server.register("local-1").await;
    let lease = server.lease(runner).await.expect("a run is queued");
    let path = format!("/api/v1/runs/{}", lease.run);
    let mut stream = server.stream(&format!("{path}/events")).await;
    let first = next(&mut stream).await;
    assert_eq!(first["tournament"], "cup");
    assert_eq!(first["finished"], false);

    let attempt = format!("{path}/attempts/{}", lease.attempt);
    let beat = serde_json::json!({ "progress": 0.5, "curve": [] });
    server
        .runner_post(&format!("{attempt}/heartbeat"), &beat)
        .await
        .ok(StatusCode::OK);
    let second = next(&mut stream).await;
    assert_ne!(second["version"], first["version"]);
    assert_eq!(second["finished"], false);
    let report = server.completed(0.5).await;
    server
        .runner_post(&format!("{attempt}/report"), &report)
        .await
        .ok(StatusCode::NO_CONTENT);
    assert_eq!(next(&mut stream).await["finished"], true);
    let end = tokio::time::timeout(Duration::from_secs(180), stream.next()).await;
    assert_eq!(end.expect("the stream ends by itself"), None);
}

#[tokio::test]
async fn the_stream_of_a_run_that_is_not_needed_any_more_ends() {
    let server = Server::start().await;
    server.closed_tournament("cup", &["one", "two"]).await;
    let runner = server.register("local-1").await;
    let lease = server.lease(runner).await.expect("a run is queued");
    let mut stream = server
        .stream(&format!("/api/v1/runs/{}/events", lease.run))
        .await;
    assert_eq!(next(&mut stream).await["finished"], false);
    let out = serde_json::json!({ "method": lease.method, "reason": "a copy" });
    server
        .admin_post_json("/api/v1/tournaments/cup/disqualify", &out)
        .await
        .ok(StatusCode::OK);
    assert_eq!(next(&mut stream).await["finished"], true);
    let end = tokio::time::timeout(Duration::from_secs(180), stream.next()).await;
    assert_eq!(end.expect("the stream ends by itself"), None);
}
