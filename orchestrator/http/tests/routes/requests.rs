//! Bodies, addresses and methods that cannot be understood; headers of all answers.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::json;

use crate::support::Server;

#[tokio::test]
async fn a_malformed_body_is_named_where_it_breaks() {
    let server = Server::start().await;
    server.create_task("digits").await;
    let before = server.contents().await;
    let cases: [(&str, &str); 7] = [
        ("", "body"),
        ("{", "body"),
        ("[]", "body"),
        (r#"{"name":"cup","task":7}"#, "body.task"),
        (r#"{"name":"cup"}"#, "body"),
        (r#"{"name":"cup","task":"digits","bribe":1}"#, "body.bribe"),
        (r#"{"name":"cup","task":"digits"} trailing"#, "body"),
    ];
    for (body, field) in cases {
        let problem = server
            .post_bytes(
                "/api/v1/tournaments",
                &server.admin,
                "application/json",
                body.into(),
            )
            .await
            .problem(400, "invalid-request");
        assert_eq!(problem.field.as_deref(), Some(field), "{body}: {problem}");
    }
    let typed = server
        .post_bytes(
            "/api/v1/tournaments",
            &server.admin,
            "text/plain",
            b"{}".to_vec(),
        )
        .await
        .problem(415, "unsupported-media-type");
    assert_eq!(typed.limit.as_deref(), Some("application/json"));
    let large = format!(r#"{{"name":"{}"}}"#, "x".repeat(2 << 20));
    let large = server
        .post_bytes(
            "/api/v1/tournaments",
            &server.admin,
            "application/json",
            large.into(),
        )
        .await
        .problem(413, "too-large");
    assert_eq!(large.limit.as_deref(), Some("1048576 bytes"));
    assert_eq!(server.contents().await, before);
}

#[tokio::test]
async fn what_a_tournament_needs_is_checked() {
    let server = Server::start().await;
    server.create_task("digits").await;
    let before = server.contents().await;
    let create =
        async |body: serde_json::Value| server.admin_post_json("/api/v1/tournaments", &body).await;

    let unknown = create(json!({ "name": "cup", "task": "no-such-task" }))
        .await
        .problem(404, "unknown-task");
    assert_eq!(unknown.field.as_deref(), Some("body.task"));
    assert!(unknown.detail.contains("no-such-task"));
    for name in ["", "Cup", "a b", "<script>", &"x".repeat(41)] {
        let named = create(json!({ "name": name, "task": "digits" }))
            .await
            .problem(400, "invalid-request");
        assert_eq!(named.field.as_deref(), Some("body.name"), "{name}");
    }
    let rules = [
        (json!({ "format": "lottery" }), "body.rules"),
        (
            json!({ "format": "halving", "rungs": 0, "eta": 2, "blocks_per_rung": [] }),
            "body.rules.rungs",
        ),
        (
            json!({ "format": "halving", "rungs": 2, "eta": 2, "blocks_per_rung": [1] }),
            "body.rules.blocks_per_rung",
        ),
    ];
    for (rules, field) in rules {
        let ruled = create(json!({ "name": "cup", "task": "digits", "rules": rules }))
            .await
            .any_problem(400);
        assert_eq!(ruled.field.as_deref(), Some(field), "{ruled}");
    }
    assert_eq!(server.contents().await, before);

    create(json!({ "name": "cup", "task": "digits" }))
        .await
        .ok(StatusCode::CREATED);
    let again = create(json!({ "name": "cup", "task": "digits" }))
        .await
        .any_problem(409);
    assert_eq!(again.field.as_deref(), Some("body.name"));
}

#[tokio::test]
async fn a_task_needs_its_blobs_and_a_budget() {
    let server = Server::start().await;
    let good = server.task_body("digits").await;
    let before = server.contents().await;
    let post = async |change: &dyn Fn(&mut serde_json::Value)| {
        let mut body = good.clone();
        change(&mut body);
        server.admin_post_json("/api/v1/tasks", &body).await
    };

    let blob = post(&|body| body["train"] = json!("0".repeat(64)))
        .await
        .any_problem(400);
    assert_eq!(blob.field.as_deref(), Some("body.train"), "{blob}");
    let digest = post(&|body| body["hidden_labels"] = json!("xyz"))
        .await
        .any_problem(400);
    assert_eq!(
        digest.field.as_deref(),
        Some("body.hidden_labels"),
        "{digest}"
    );
    let budget = post(&|body| body["budget"]["work"] = json!(0))
        .await
        .any_problem(400);
    assert_eq!(
        budget.field.as_deref(),
        Some("body.budget.work"),
        "{budget}"
    );
    let negative = post(&|body| body["budget"]["work"] = json!(-1))
        .await
        .any_problem(400);
    assert_eq!(
        negative.field.as_deref(),
        Some("body.budget.work"),
        "{negative}"
    );
    let name = post(&|body| body["name"] = json!("Digits!"))
        .await
        .any_problem(400);
    assert_eq!(name.field.as_deref(), Some("body.name"), "{name}");
    assert_eq!(server.contents().await, before);

    post(&|_| ()).await.ok(StatusCode::CREATED);
    let taken = post(&|body| body["title"] = json!("another"))
        .await
        .any_problem(409);
    assert_eq!(taken.field.as_deref(), Some("body.name"));
    let shown = server.get("/api/v1/tasks/digits").await.ok(StatusCode::OK);
    assert_eq!(shown["name"], "digits");
    let text = shown.to_string();
    for hidden in ["hidden_inputs", "hidden_labels"] {
        let digest = good[hidden].as_str().unwrap();
        assert!(
            !text.contains(digest),
            "the public task tells a digest of {hidden}"
        );
    }
}

#[tokio::test]
async fn unknown_addresses_and_methods_are_problems() {
    let server = Server::start().await;
    server
        .get("/api/v1/nothing")
        .await
        .problem(404, "not-found");
    server.get("/nothing").await.problem(404, "not-found");
    server
        .get("/api/v1/tasks/none")
        .await
        .problem(404, "not-found");
    server
        .get("/api/v1/tournaments/none")
        .await
        .problem(404, "not-found");
    server
        .get("/api/v1/tournaments/none/events")
        .await
        .problem(404, "not-found");
    server
        .get("/api/v1/archive/digits@champion")
        .await
        .problem(404, "not-found");
    let nil = uuid::Uuid::nil();
    server
        .get(&format!("/api/v1/runs/{nil}"))
        .await
        .problem(404, "not-found");
    server
        .get(&format!("/api/v1/archive/{nil}/model"))
        .await
        .problem(404, "not-found");
    let id = server
        .get("/api/v1/runs/seven")
        .await
        .problem(400, "invalid-request");
    assert!(
        id.field
            .as_deref()
            .is_some_and(|field| field.starts_with("path")),
        "{id:?}"
    );

    let delete = Request::delete("/api/v1/tasks")
        .body(Body::empty())
        .unwrap();
    let answer = server.send(delete).await;
    let allow = answer.headers["allow"].to_str().unwrap().to_owned();
    assert!(allow.contains("GET") && allow.contains("POST"), "{allow}");
    let problem = answer.problem(405, "method-not-allowed");
    assert_eq!(problem.field.as_deref(), Some("method"));
}

#[tokio::test]
async fn people_get_a_page_instead() {
    let server = Server::start().await;
    for path in [
        "/nothing",
        "/tournaments/none",
        "/runs/seven",
        "/archive/none",
    ] {
        let request = Request::get(path)
            .header("accept", "text/html,*/*")
            .body(Body::empty())
            .unwrap();
        let answer = server.send(request).await;
        assert!(answer.status.is_client_error(), "{path}: {}", answer.status);
        let kind = answer.headers["content-type"].to_str().unwrap();
        assert!(kind.starts_with("text/html"), "{path}: {kind}");
        assert!(answer.text().contains("<h1>"), "{path}");
    }
}

#[tokio::test]
async fn every_answer_is_guarded_by_headers() {
    let server = Server::start().await;
    for path in [
        "/",
        "/api/v1/tasks",
        "/nothing",
        "/healthz",
        "/assets/icon.svg",
    ] {
        let answer = server.get(path).await;
        let header = |name: &str| answer.headers[name].to_str().unwrap().to_owned();
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header("x-frame-options"), "DENY", "{path}");
        let policy = header("content-security-policy");
        assert!(policy.contains("default-src 'none'"), "{path}");
        assert!(policy.contains("frame-ancestors 'none'"), "{path}");
        assert!(!policy.contains("unsafe"), "{path}");
    }
}

#[tokio::test]
async fn health_is_told() {
    let server = Server::start().await;
    let health = server.get("/healthz").await.ok(StatusCode::OK);
    assert_eq!(health["status"], "ok");
}
