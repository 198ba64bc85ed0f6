//! Who may do what.

use axum::body::Body;
use axum::http::{Method, Request};
use uuid::Uuid;

use crate::modules;
use crate::support::Server;

/// Method, address, body type, and which tokens open it.
fn guarded() -> Vec<(Method, String, &'static str, &'static [&'static str])> {
    let id = Uuid::nil();
    let digest = "0".repeat(64);
    vec![
        (
            Method::POST,
            "/api/v1/tasks".into(),
            "application/json",
            &["admin"],
        ),
        (
            Method::POST,
            "/api/v1/tokens".into(),
            "application/json",
            &["admin"],
        ),
        (Method::GET, "/api/v1/tokens".into(), "", &["admin"]),
        (
            Method::POST,
            format!("/api/v1/tokens/{id}/revoke"),
            "",
            &["admin"],
        ),
        (
            Method::POST,
            format!("/api/v1/tokens/{id}/rotate"),
            "",
            &["admin"],
        ),
        (
            Method::POST,
            "/api/v1/tournaments".into(),
            "application/json",
            &["organiser", "admin"],
        ),
        (
            Method::POST,
            "/api/v1/tournaments/cup/open".into(),
            "",
            &["organiser", "admin"],
        ),
        (
            Method::POST,
            "/api/v1/tournaments/cup/close".into(),
            "",
            &["organiser", "admin"],
        ),
        (
            Method::POST,
            "/api/v1/tournaments/cup/cancel".into(),
            "application/json",
            &["organiser", "admin"],
        ),
        (
            Method::POST,
            format!("/api/v1/runs/{id}/retry"),
            "",
            &["admin"],
        ),
        (
            Method::POST,
            "/api/v1/tournaments/cup/submissions?name=a".into(),
            "application/wasm",
            &["miner", "organiser", "admin"],
        ),
        (
            Method::POST,
            "/api/v1/runners".into(),
            "application/json",
            &["runner"],
        ),
        (
            Method::POST,
            format!("/api/v1/runners/{id}/lease"),
            "application/json",
            &["runner"],
        ),
        (
            Method::POST,
            format!("/api/v1/runs/{id}/attempts/1/heartbeat"),
            "application/json",
            &["runner"],
        ),
        (
            Method::POST,
            format!("/api/v1/runs/{id}/attempts/1/report"),
            "application/json",
            &["runner"],
        ),
        (
            Method::POST,
            format!("/api/v1/runs/{id}/attempts/1/fault"),
            "application/json",
            &["runner"],
        ),
        (
            Method::GET,
            format!("/api/v1/blobs/{digest}"),
            "",
            &["runner"],
        ),
        (
            Method::PUT,
            format!("/api/v1/blobs/{digest}"),
            "",
            &["runner", "admin"],
        ),
    ]
}

async fn send(
    server: &Server,
    method: &Method,
    path: &str,
    kind: &str,
    authorization: Option<&str>,
) -> crate::support::Answer {
    let mut request = Request::builder().method(method.clone()).uri(path);
    if !kind.is_empty() {
        request = request.header("content-type", kind);
    }
    if let Some(value) = authorization {
        request = request.header("authorization", value);
    }
    let body = if kind == "application/wasm" {
        modules::honest("a")
    } else {
        b"{".to_vec()
    };
    server.send(request.body(Body::from(body)).unwrap()).await
}

#[tokio::test]
async fn a_missing_or_wrong_token_is_refused_before_anything_else() {
    let server = Server::start().await;
    server.open_tournament("cup").await;
    let before = server.contents().await;
    let unknown = format!("Bearer gnt_admin_{}", "ab".repeat(32));
    let basic = format!("Basic {}", server.admin);
    for (method, path, kind, _) in guarded() {
        let cases = [
            (None, "missing-token"),
            (Some(basic.as_str()), "missing-token"),
            (Some("Bearer"), "missing-token"),
            (Some("Bearer nonsense"), "unknown-token"),
            (Some(unknown.as_str()), "unknown-token"),
        ];
        for (authorization, problem) in cases {
            let answer = send(&server, &method, &path, kind, authorization).await;
            assert!(
                answer.headers.contains_key("www-authenticate"),
                "{method} {path}"
            );
            let problem = answer.problem(401, problem);
            assert_eq!(
                problem.field.as_deref(),
                Some("header.authorization"),
                "{method} {path}"
            );
        }
    }
    assert_eq!(server.contents().await, before);
}

#[tokio::test]
async fn a_token_of_another_scope_is_refused() {
    let server = Server::start().await;
    server.open_tournament("cup").await;
    let organiser = server.new_token("organiser").await;
    let reader = server.new_token("reader").await;
    let before = server.contents().await;
    for (method, path, kind, allowed) in guarded() {
        for (scope, token) in [
            ("admin", &server.admin),
            ("organiser", &organiser),
            ("miner", &server.miner),
            ("runner", &server.runner),
            ("reader", &reader),
        ] {
            if allowed.contains(&scope) {
                continue;
            }
            let bearer = format!("Bearer {token}");
            let problem = send(&server, &method, &path, kind, Some(&bearer))
                .await
                .problem(403, "wrong-scope");
            assert_eq!(problem.field.as_deref(), Some("header.authorization"));
            assert_eq!(
                problem.limit.as_deref(),
                Some(allowed.join(" or ").as_str()),
                "{method} {path}"
            );
        }
    }
    assert_eq!(server.contents().await, before);
}

#[tokio::test]
async fn tokens_are_not_kept_in_clear() {
    let server = Server::start().await;
    let dump = server.dump().await;
    for token in [&server.admin, &server.miner, &server.runner] {
        let secret = token.rsplit('_').next().unwrap();
        assert!(!dump.contains(secret), "a token is in the database");
    }
}

#[tokio::test]
async fn an_admin_makes_tokens_that_work() {
    let server = Server::start().await;
    server.open_tournament("cup").await;
    let body = serde_json::json!({ "scope": "miner", "note": "for a friend" });
    let made = server
        .admin_post_json("/api/v1/tokens", &body)
        .await
        .ok(axum::http::StatusCode::CREATED);
    let token = made["token"].as_str().unwrap();
    assert!(token.starts_with("gnt_miner_"), "{token}");
    server
        .post_bytes(
            "/api/v1/tournaments/cup/submissions?name=a",
            token,
            "application/wasm",
            modules::honest("a"),
        )
        .await
        .ok(axum::http::StatusCode::CREATED);
}
