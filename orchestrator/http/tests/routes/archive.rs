//! The archive: champions with code and weights.

use axum::http::StatusCode;

use crate::support::{Server, digest};

#[tokio::test]
async fn a_champion_can_be_pulled_by_id_and_by_alias() {
    let server = Server::start().await;
    server.finished_tournament("cup").await;
    let shown = server
        .get("/api/v1/tournaments/cup")
        .await
        .ok(StatusCode::OK);
    assert_eq!(shown["state"], "completed");
    let id = shown["champion"]["archive"]
        .as_str()
        .expect("archived")
        .to_owned();
    let list = server.get("/api/v1/archive").await.ok(StatusCode::OK);
    assert_eq!(list["items"][0]["id"], id.as_str());
    let entry = server
        .get("/api/v1/archive/digits@champion")
        .await
        .ok(StatusCode::OK);
    assert_eq!(entry["id"], id.as_str());
    assert_eq!(entry["method"], shown["champion"]["method"]);
    let card = entry["card"].as_str().unwrap();
    assert!(card.starts_with("---\n") && card.contains("\n# "), "{card}");
    for part in ["module", "model"] {
        let answer = server.get(&format!("/api/v1/archive/{id}/{part}")).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(
            digest(&answer.body),
            entry[part].as_str().unwrap(),
            "{part}"
        );
        assert_eq!(
            answer.body.len() as u64,
            entry[format!("{part}_bytes")].as_u64().unwrap()
        );
        let named = answer.headers["content-disposition"].to_str().unwrap();
        assert!(named.starts_with("attachment; filename="), "{named}");
    }
}

#[tokio::test]
async fn hidden_data_are_not_for_the_public() {
    let server = Server::start().await;
    let task = server.task_body("digits").await;
    for part in ["hidden_inputs", "hidden_labels", "train"] {
        let digest = task[part].as_str().unwrap();
        server
            .get(&format!("/api/v1/blobs/{digest}"))
            .await
            .problem(401, "missing-token");
        server
            .get_as(&format!("/api/v1/blobs/{digest}"), &server.miner)
            .await
            .problem(403, "wrong-scope");
    }
}
