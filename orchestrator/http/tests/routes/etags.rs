//! Whoever has an answer is not sent it again.

use axum::body::Body;
use axum::http::{Request, StatusCode};

use crate::support::{Answer, Server};

async fn read(server: &Server, path: &str, token: Option<&str>, tag: Option<&str>) -> Answer {
    let mut request = Request::get(path);
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    if let Some(tag) = tag {
        request = request.header("if-none-match", tag);
    }
    server.send(request.body(Body::empty()).unwrap()).await
}

fn header(answer: &Answer, name: &str) -> String {
    let value = answer.headers.get(name).unwrap_or_else(|| panic!("{name}"));
    value.to_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_has_not_changed_is_not_sent_again() {
    let server = Server::start().await;
    server.finished_tournament("cup").await;
    let entry = server.get("/api/v1/archive").await.ok(StatusCode::OK)["items"][0].clone();
    let id = entry["id"].as_str().unwrap();
    let stored = |what: &str| format!("\"{}\"", entry[what].as_str().unwrap());
    let (module, model) = (stored("module"), stored("model"));
    for (path, known) in [
        (format!("/archive/{id}"), None),
        ("/api/v1/tasks".to_owned(), None),
        ("/api/v1/tournaments/cup".to_owned(), None),
        ("/api/v1/tournaments/cup/record".to_owned(), None),
        (format!("/api/v1/archive/{id}"), None),
        (format!("/api/v1/archive/{id}/module"), Some(module)),
        (format!("/api/v1/archive/{id}/model"), Some(model)),
    ] {
        let first = read(&server, &path, None, None).await;
        assert_eq!(first.status, StatusCode::OK, "{path}");
        let tag = header(&first, "etag");
        if let Some(known) = known {
            assert_eq!(tag, known, "{path}");
        }
        let again = read(&server, &path, None, Some(&tag)).await;
        assert_eq!(again.status, StatusCode::NOT_MODIFIED, "{path}");
        assert!(again.body.is_empty());
        assert_eq!(header(&again, "etag"), tag);
        assert_eq!(header(&again, "cache-control"), "no-cache");
        assert_eq!(header(&again, "vary"), "authorization");
        let other = read(&server, &path, None, Some("\"another\"")).await;
        assert_eq!((other.status, &other.body), (StatusCode::OK, &first.body));
    }
}

#[tokio::test]
async fn what_has_changed_is() {
    let server = Server::start().await;
    server.draft_tournament("cup").await;
    let path = "/api/v1/tournaments/cup";
    let tag = header(&read(&server, path, None, None).await, "etag");
    server
        .admin_post("/api/v1/tournaments/cup/open")
        .await
        .ok(StatusCode::OK);
    let changed = read(&server, path, None, Some(&tag)).await;
    assert_eq!(changed.status, StatusCode::OK);
    assert_ne!(header(&changed, "etag"), tag);
}

#[tokio::test]
async fn what_a_token_shows_is_its_bearers_own() {
    let server = Server::start().await;
    server.create_task("digits").await;
    let path = "/api/v1/tasks";
    let shown = read(&server, path, Some(&server.admin), None).await;
    assert_eq!(header(&shown, "cache-control"), "private, no-cache");
    // What goes wrong is kept by nobody, and has no tag.
    let none = read(&server, "/api/v1/tasks/none", None, None).await;
    assert_eq!(header(&none, "cache-control"), "no-store");
    assert!(!none.headers.contains_key("etag"));
}
