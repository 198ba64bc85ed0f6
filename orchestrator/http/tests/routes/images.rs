//! Container images as submissions.

use axum::http::StatusCode;
use gauntlet_image::Packed;

use crate::support::{Answer, Server, digest};

/// An image of a program that is only bytes; nothing is executed here.
fn image(environment: &[&str]) -> Vec<u8> {
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

async fn submit(server: &Server, name: &str, archive: Vec<u8>) -> Answer {
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
