//! Requests that come again because their answers were lost.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use gauntlet_http::Limits;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::modules;
use crate::support::{Answer, Server};

async fn post(server: &Server, path: &str, token: &str, key: &str, body: &Value) -> Answer {
    let request = Request::post(path)
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .header("idempotency-key", key)
        .body(Body::from(body.to_string()))
        .unwrap();
    server.send(request).await
}

async fn submit(server: &Server, key: &str, module: Vec<u8>) -> Answer {
    let request = Request::post("/api/v1/tournaments/cup/submissions?name=one")
        .header("authorization", format!("Bearer {}", server.miner))
        .header("content-type", "application/wasm")
        .header("idempotency-key", key)
        .body(Body::from(module))
        .unwrap();
    server.send(request).await
}

const CUP: &str = "/api/v1/tournaments";

#[tokio::test]
async fn the_same_again_gets_the_same_answer_and_does_nothing() {
    let server = Server::start().await;
    server.create_task("digits").await;
    let body = json!({ "name": "cup", "task": "digits" });
    let first = post(&server, CUP, &server.admin, "k1", &body).await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.text());
    assert!(!first.headers.contains_key("idempotency-replayed"));
    let after = server.contents().await;
    let again = post(&server, CUP, &server.admin, "k1", &body).await;
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    assert_eq!(again.headers["idempotency-replayed"], "true");
    assert_eq!(server.contents().await, after);

    // Another body, another address, another scope: another request.
    let other = json!({ "name": "cup-2", "task": "digits" });
    for (path, body) in [(CUP, &other), ("/api/v1/tasks", &body)] {
        let refused = post(&server, path, &server.admin, "k1", body).await;
        let problem = refused.problem(422, "key-of-another-request");
        assert_eq!(problem.field.as_deref(), Some("header.idempotency-key"));
    }
    // With another key it is asked for anew, by another account as well.
    let taken = post(&server, CUP, &server.admin, "k2", &body).await;
    assert_eq!(taken.any_problem(409).field.as_deref(), Some("body.name"));
    let organiser = server.new_token("organiser").await;
    let made = post(&server, CUP, &organiser, "k1", &other).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
}

#[tokio::test]
async fn what_was_refused_may_come_again_with_its_key() {
    let server = Server::start().await;
    let body = json!({ "name": "cup", "task": "digits" });
    let refused = post(&server, CUP, &server.admin, "k1", &body).await;
    refused.problem(404, "unknown-task");
    server.create_task("digits").await;
    let made = post(&server, CUP, &server.admin, "k1", &body).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
}

#[tokio::test]
async fn a_method_is_entered_once_and_known_by_its_bytes() {
    let server = Server::start().await;
    server.open_tournament("cup").await;
    let first = submit(&server, "k1", modules::honest("one")).await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.text());
    let after = server.contents().await;
    let again = submit(&server, "k1", modules::honest("one")).await;
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    let other = submit(&server, "k1", modules::honest("two")).await;
    other.problem(422, "key-of-another-request");
    assert_eq!(server.contents().await, after);
}

#[tokio::test]
async fn of_two_at_once_one_is_carried_out_and_both_are_answered() {
    let server = Server::start().await;
    server.create_task("digits").await;
    let body = json!({ "name": "cup", "task": "digits" });
    let ask = || post(&server, CUP, &server.admin, "k1", &body);
    let (one, two, three) = tokio::join!(ask(), ask(), ask());
    for answer in [&one, &two, &three] {
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
        assert_eq!(answer.body, one.body);
    }
    assert_eq!(server.contents().await.rows["tournaments"], 1);
}

#[tokio::test]
async fn a_secret_is_not_kept_to_be_told_again() {
    let server = Server::start().await;
    let body = json!({ "scope": "miner" });
    let path = "/api/v1/tokens";
    let made = post(&server, path, &server.admin, "k1", &body).await;
    let made = made.ok(StatusCode::CREATED);
    let secret = made["token"].as_str().unwrap();
    assert!(!server.dump().await.contains(secret));
    let again = post(&server, path, &server.admin, "k1", &body).await;
    let problem = again.problem(409, "made-already");
    assert_eq!(problem.found.as_deref(), made["id"].as_str());
    let rows = server.contents().await.rows["tokens"];
    post(&server, path, &server.admin, "k1", &body).await;
    assert_eq!(server.contents().await.rows["tokens"], rows);
}

#[tokio::test]
async fn what_cannot_be_a_key_is_refused_and_none_is_needed() {
    let server = Server::start().await;
    server.create_task("digits").await;
    let body = json!({ "name": "cup", "task": "digits" });
    for key in ["", "two words", &"k".repeat(256)] {
        let refused = post(&server, CUP, &server.admin, key, &body).await;
        let problem = refused.problem(400, "invalid-request");
        assert_eq!(problem.field.as_deref(), Some("header.idempotency-key"));
    }
    let nobody = post(&server, CUP, "gnt_admin_guess", "k1", &body).await;
    nobody.problem(401, "unknown-token");
    let made = server.admin_post_json(CUP, &body).await;
    made.ok(StatusCode::CREATED);
}

#[tokio::test]
async fn keys_are_free_again_after_a_day_or_when_their_server_died() {
    let server = Server::start().await;
    server.create_task("digits").await;
    let body = |name: &str| json!({ "name": name, "task": "digits" });
    let asked = async |name: &str| post(&server, CUP, &server.admin, "k1", &body(name)).await;
    asked("one").await.ok(StatusCode::CREATED);
    server
        .execute("UPDATE idempotency_keys SET begun_at = now() - interval '25 hours'")
        .await;
    asked("two").await.ok(StatusCode::CREATED);
    let died =
        "UPDATE idempotency_keys SET status = NULL, answer = NULL, begun_at = now() - interval";
    server.execute(&format!("{died} '9 minutes'")).await;
    let waits = asked("two").await;
    assert_eq!(waits.headers["retry-after"], "1");
    waits.problem(409, "still-under-way");
    server.execute(&format!("{died} '11 minutes'")).await;
    asked("three").await.ok(StatusCode::CREATED);
}

/// Its sender goes away as soon as it is sent, and asks again.
#[tokio::test]
async fn a_lost_answer_is_had_by_asking_again() {
    let server = Server::start().await;
    server.create_task("digits").await;
    let (address, _stop, _served) = server.serve(Limits::default()).await;
    let body = json!({ "name": "cup", "task": "digits" });
    let text = body.to_string();
    let request = format!(
        "POST {CUP} HTTP/1.1\r\nhost: h\r\nauthorization: Bearer {}\r\nidempotency-key: k1\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{text}",
        server.admin,
        text.len()
    );
    for _ in 0..3 {
        let mut connection = TcpStream::connect(address).await.unwrap();
        connection.write_all(request.as_bytes()).await.unwrap();
        drop(connection);
    }
    let answer = loop {
        let answer = post(&server, CUP, &server.admin, "k1", &body).await;
        // The others may be so slow that it is this one that is early.
        if answer.status != StatusCode::CONFLICT {
            break answer;
        }
    };
    answer.ok(StatusCode::CREATED);
    assert_eq!(server.contents().await.rows["tournaments"], 1);
}
