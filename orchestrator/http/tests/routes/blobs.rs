//! Blobs: what is put there is what its name says, or nothing.

use axum::body::Body;
use axum::http::{Request, StatusCode};

use crate::support::{Server, digest};

#[tokio::test]
async fn a_blob_comes_back_as_it_was_put() {
    let server = Server::start().await;
    let bytes: Vec<u8> = (0..3_000_000u32).map(|n| (n % 251) as u8).collect();
    let name = digest(&bytes);
    for _ in 0..2 {
        server
            .put_blob(&name, &server.runner, bytes.clone())
            .await
            .ok(StatusCode::NO_CONTENT);
    }
    // As the train part of a task, one of whose runs it holds.
    let mut task = server.task_body("digits").await;
    task["train"] = serde_json::json!(name);
    server
        .admin_post_json("/api/v1/tasks", &task)
        .await
        .ok(StatusCode::CREATED);
    let cup = serde_json::json!({ "name": "cup", "task": "digits" });
    server
        .admin_post_json("/api/v1/tournaments", &cup)
        .await
        .ok(StatusCode::CREATED);
    server
        .admin_post("/api/v1/tournaments/cup/open")
        .await
        .ok(StatusCode::OK);
    for method in ["one", "two"] {
        server
            .submit("cup", method, crate::modules::honest(method))
            .await
            .ok(StatusCode::CREATED);
    }
    server
        .admin_post("/api/v1/tournaments/cup/close")
        .await
        .ok(StatusCode::OK);
    server.tick().await;
    let runner = server.register("local").await;
    server.lease(runner).await.expect("a run is queued");
    let answer = server
        .get_as(&format!("/api/v1/blobs/{name}"), &server.runner)
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.body == bytes);
    assert_eq!(answer.headers["content-length"], bytes.len().to_string());
}

#[tokio::test]
async fn a_blob_under_a_wrong_name_is_refused() {
    let server = Server::start().await;
    let before = server.contents().await;
    let wrong = digest(b"something else");
    let problem = server
        .put_blob(&wrong, &server.runner, b"bytes".to_vec())
        .await
        .problem(422, "digest-mismatch");
    assert_eq!(problem.field.as_deref(), Some("path.digest"));
    assert_eq!(problem.found.as_deref(), Some(digest(b"bytes").as_str()));
    for name in [
        "short",
        &digest(b"x").to_uppercase(),
        "..%2F..%2Fetc%2Fpasswd",
    ] {
        let problem = server
            .put_blob(name, &server.runner, b"x".to_vec())
            .await
            .problem(400, "invalid-request");
        assert_eq!(problem.field.as_deref(), Some("path.digest"), "{name}");
    }
    assert_eq!(server.contents().await, before);
    server
        .get_as(&format!("/api/v1/blobs/{wrong}"), &server.runner)
        .await
        .problem(404, "not-found");
}

#[tokio::test]
async fn a_body_without_end_is_cut_off() {
    let server = Server::start().await;
    let before = server.contents().await;
    let name = digest(b"never");
    let chunk = bytes::Bytes::from(vec![0u8; 1 << 20]);
    let endless = futures::stream::repeat_with(move || Ok::<_, std::io::Error>(chunk.clone()));
    let request = Request::put(format!("/api/v1/blobs/{name}"))
        .header("authorization", format!("Bearer {}", server.runner))
        .body(Body::from_stream(endless))
        .unwrap();
    let problem = server.send(request).await.problem(413, "too-large");
    assert!(problem.limit.is_some());
    assert_eq!(server.contents().await, before);
}
