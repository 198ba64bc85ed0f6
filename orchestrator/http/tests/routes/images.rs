//! Container images as submissions.

use std::convert::Infallible;
use std::path::Path;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use bytes::Bytes;
use gauntlet_image::Packed;

use crate::support::{Answer, Server, digest};

/// An image of a program that is only bytes; nothing is executed here.
pub(crate) fn image(environment: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("program");
    std::fs::write(&program, "bytes").unwrap();
    let packed = Packed {
        files: vec![(program, "/method".to_owned())],
        entrypoint: vec!["/method".to_owned()],
        environment: environment.iter().map(|text| (*text).to_owned()).collect(),
        working_directory: "/".to_owned(),
    };
    let mut archive = Vec::new();
    gauntlet_image::pack(&packed, &mut archive).unwrap();
    archive
}

pub(crate) async fn submit(server: &Server, name: &str, archive: Vec<u8>) -> Answer {
    let path = format!("/api/v1/tournaments/cup/submissions?name={name}");
    server
        .post_bytes(&path, &server.miner, "application/x-tar", archive)
        .await
}

#[tokio::test]
async fn an_image_gets_a_receipt() {
    let server = Server::start().await;
    server.open_tournament("cup").await;
    let archive = image(&[]);
    let receipt = submit(&server, "softmax", archive.clone())
        .await
        .ok(StatusCode::CREATED);
    assert_eq!(receipt["digest"], digest(&archive));
    assert_eq!(receipt["bytes"], archive.len());
    submit(&server, "again", archive)
        .await
        .problem(409, "duplicate-module");
}

#[tokio::test]
async fn refused_images_say_why_and_leave_nothing() {
    let server = Server::start().await;
    server.open_tournament("cup").await;
    let before = server.contents().await;
    let whole = image(&[]);
    let cases = [
        ("no-archive", b"#!/bin/sh\n".to_vec(), "image-not-an-image"),
        ("cut", whole[..whole.len() / 2].to_vec(), "image-manifest"),
        ("xz", b"\xfd7zXZ\0\0".to_vec(), "image-not-an-image"),
    ];
    for (name, archive, kind) in cases {
        let problem = submit(&server, name, archive).await.any_problem(422);
        assert!(problem.kind.contains(kind), "{problem:?}");
        assert!(!problem.help.is_empty(), "{problem:?}");
    }
    assert_eq!(server.contents().await, before);
}

#[tokio::test]
async fn a_check_that_breaks_off_is_the_entrants_and_one_that_cannot_begin_is_ours() {
    // Ends without a word, as a parser does that was killed.
    let broken = Server::start().await.read_by(Path::new("/bin/false"));
    broken.open_tournament("cup").await;
    let before = broken.contents().await;
    let problem = submit(&broken, "image", image(&[])).await.any_problem(422);
    assert!(
        problem.kind.ends_with("image-check-broke-off"),
        "{problem:?}"
    );
    let limit = "402653184 bytes of memory, 1200 seconds of processor time";
    assert_eq!(problem.limit.as_deref(), Some(limit));
    let module = crate::modules::honest("one");
    let problem = broken
        .submit("cup", "module", module)
        .await
        .any_problem(422);
    assert!(
        problem.kind.ends_with("module-check-broke-off"),
        "{problem:?}"
    );
    assert_eq!(broken.contents().await, before);

    let missing = Server::start()
        .await
        .read_by(Path::new("/nowhere/gauntlet-intake"));
    missing.open_tournament("cup").await;
    let before = missing.contents().await;
    let problem = submit(&missing, "image", image(&[])).await.any_problem(503);
    assert!(problem.kind.ends_with("intake-unavailable"), "{problem:?}");
    let module = crate::modules::honest("one");
    missing
        .submit("cup", "module", module)
        .await
        .any_problem(503);
    assert_eq!(missing.contents().await, before);
}

#[tokio::test]
async fn what_the_tournament_refuses_is_not_stored() {
    let server = Server::start().await;
    server.open_tournament("cup").await;
    submit(&server, "softmax", image(&[]))
        .await
        .ok(StatusCode::CREATED);
    let before = server.contents().await;
    submit(&server, "softmax", image(&["STEPS=2"]))
        .await
        .problem(409, "name-taken");
    let module = server
        .submit("cup", "softmax", crate::modules::honest("another"))
        .await;
    module.problem(409, "name-taken");
    assert_eq!(server.contents().await, before);
}

#[tokio::test]
async fn what_is_left_out_of_an_image_stands_in_the_receipt() {
    let server = Server::start().await;
    server.open_tournament("cup").await;
    let archive = image(&["LD_PRELOAD=/x.so", "NVIDIA_VISIBLE_DEVICES=all"]);
    let receipt = submit(&server, "softmax", archive)
        .await
        .ok(StatusCode::CREATED);
    let notes = receipt["notes"].to_string();
    for name in ["LD_PRELOAD", "NVIDIA_VISIBLE_DEVICES"] {
        assert!(notes.contains(name), "{notes}");
    }
}

#[tokio::test]
async fn the_receipt_says_whether_anybody_takes_images() {
    let server = Server::start().await;
    server.open_tournament("cup").await;
    let waits = |receipt: &serde_json::Value| receipt["notes"].to_string().contains("no runner");
    let receipt = submit(&server, "early", image(&["A=1"])).await;
    assert!(waits(&receipt.ok(StatusCode::CREATED)));
    let runner = server.register("modules-alone").await;
    server.lease(runner).await;
    let receipt = submit(&server, "still-early", image(&["A=2"])).await;
    assert!(waits(&receipt.ok(StatusCode::CREATED)));
    let body = serde_json::json!({ "wait_seconds": 0, "containers": true });
    let path = format!("/api/v1/runners/{runner}/lease");
    server
        .runner_post(&path, &body)
        .await
        .ok(StatusCode::NO_CONTENT);
    let receipt = submit(&server, "late", image(&["A=3"])).await;
    assert!(!waits(&receipt.ok(StatusCode::CREATED)));
}

#[tokio::test]
async fn an_upload_that_stands_still_is_in_nobody_elses_way() {
    let server = Server::start().await;
    server.open_tournament("cup").await;
    let before = server.contents().await;
    let others = server.new_token("miner").await;
    let path = |name: &str| format!("/api/v1/tournaments/cup/submissions?name={name}");
    for (kind, body) in [
        ("application/x-tar", image(&[])),
        ("application/wasm", crate::modules::honest("one")),
    ] {
        let asked = std::sync::Arc::new(tokio::sync::Notify::new());
        let is_asked = asked.clone();
        let never = futures::stream::poll_fn(move |_| {
            is_asked.notify_one();
            std::task::Poll::<Option<Result<Bytes, Infallible>>>::Pending
        });
        let request = Request::post(path("still"))
            .header("authorization", format!("Bearer {}", server.miner))
            .header("content-type", kind)
            .body(Body::from_stream(never))
            .unwrap();
        let mut still = Box::pin(server.send(request));
        tokio::select! {
            answer = &mut still => panic!("{}", answer.text()),
            () = asked.notified() => {}
        }
        let name = kind.split('/').next_back().unwrap();
        server
            .post_bytes(&path(name), &others, kind, body)
            .await
            .ok(StatusCode::CREATED);
        drop(still);
    }
    assert_ne!(server.contents().await, before);
}
