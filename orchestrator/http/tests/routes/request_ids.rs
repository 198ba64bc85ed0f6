//! What a request is called, and what becomes of one whose handler panics.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use gauntlet_http::RequestLimits;
use serde_json::json;

use crate::metrics::{scrape, value};
use crate::support::{Answer, Server};

fn id(answer: &Answer) -> String {
    answer.headers["x-request-id"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn every_answer_names_its_request() {
    let server = Server::start().await;
    let mut seen = std::collections::BTreeSet::new();
    for path in ["/", "/healthz", "/api/v1/tasks", "/assets/icon.svg"] {
        let answer = server.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        let id: uuid::Uuid = id(&answer).parse().unwrap();
        assert_eq!(id.get_version_num(), 7);
        assert!(seen.insert(id), "{path}");
    }
    let own = Request::get("/api/v1/tasks/none").header("x-request-id", "mine/7");
    let answer = server.send(own.body(Body::empty()).unwrap()).await;
    assert_eq!(id(&answer), "mine/7");
    let problem = answer.problem(404, "not-found");
    assert_eq!(problem.request_id.as_deref(), Some("mine/7"));
    let page = Request::get("/runs/seven")
        .header("accept", "text/html")
        .body(Body::empty())
        .unwrap();
    let page = server.send(page).await;
    let id = id(&page);
    assert!(page.text().contains(&format!("Request {id}")));
}

/// Before it has written anything down for good.
fn dies_of_a_runner(command: &'static str, place: &'static str) {
    assert!(
        (command, place) != ("register", "before commit"),
        "one runner too many"
    );
}

#[tokio::test]
async fn a_panic_is_answered_counted_and_survived() {
    let server = Server::start_as(RequestLimits::default(), |context| {
        context.with_failpoints(dies_of_a_runner)
    })
    .await;
    let before = server.contents().await;
    let register = json!({ "name": "local-1", "class": "cpu", "version": "0" });
    let answer = server.runner_post("/api/v1/runners", &register).await;
    let id = id(&answer);
    assert_eq!(answer.headers["x-content-type-options"], "nosniff");
    let problem = answer.problem(500, "internal");
    assert_eq!(problem.request_id, Some(id));
    assert!(!problem.to_string().contains("too many"), "{problem}");
    assert_eq!(server.contents().await, before);
    let text = scrape(&server).await;
    assert_eq!(value(&text, "gauntlet_panics_total "), Some(1.0), "{text}");
    let labels = "method=\"POST\",route=\"/api/v1/runners\",status=\"500\"";
    let counted = format!("gauntlet_http_requests_total{{{labels}}} ");
    assert_eq!(value(&text, &counted), Some(1.0), "{text}");
}
