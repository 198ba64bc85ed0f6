//! Several attempts in one request, and many runners that wait at the same time.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use futures::stream::{FuturesUnordered, StreamExt as _};
use serde_json::{Value, json};

use crate::modules;
use crate::support::Server;

/// A closed tournament of this many methods with their first runs queued.
async fn closed(methods: usize) -> Server {
    let server = Server::start().await;
    server.open_tournament("cup").await;
    for nth in 0..methods {
        let name = format!("method-{nth}");
        server
            .submit("cup", &name, modules::honest(&name))
            .await
            .ok(StatusCode::CREATED);
    }
    server
        .admin_post("/api/v1/tournaments/cup/close")
        .await
        .ok(StatusCode::OK);
    server.tick().await;
    server
}

fn reports(leased: &[Value], report: &Value) -> Value {
    let reports: Vec<Value> = leased
        .iter()
        .map(|one| json!({ "run": one["run"], "attempt": one["attempt"], "report": report }))
        .collect();
    json!({ "reports": reports })
}

#[tokio::test]
async fn several_are_leased_and_reported_in_one_request_each() {
    let server = closed(4).await;
    let runner = server.register("local-1").await;
    let path = format!("/api/v1/runners/{runner}/leases");
    let body = json!({ "most": 3, "wait_seconds": 0 });
    let answer = server.runner_post(&path, &body).await.ok(StatusCode::OK);
    let leased = answer["assignments"].as_array().unwrap();
    assert_eq!(leased.len(), 3);
    let runs: BTreeSet<&str> = leased
        .iter()
        .map(|one| one["run"].as_str().unwrap())
        .collect();
    assert_eq!(runs.len(), 3);
    assert!(leased.iter().all(|one| one["attempt"] == 1));

    let good = server.completed(0.5).await;
    let mut body = reports(leased, &good);
    body["reports"][1]["attempt"] = json!(2);
    body["reports"][2]["report"]["score"] = json!(null);
    // Sent twice, as after a lost answer: the answer is the same.
    for _ in 0..2 {
        let answer = server
            .runner_post("/api/v1/reports", &body)
            .await
            .ok(StatusCode::OK);
        let answers = answer["answers"].as_array().unwrap();
        assert_eq!(answers.len(), 3);
        assert_eq!(answers[0]["run"], leased[0]["run"]);
        assert_eq!(answers[0]["problem"], json!(null));
        assert_eq!(answers[1]["problem"]["status"], 409);
        assert_eq!(answers[1]["problem"]["field"], "body.reports[1].attempt");
        assert_eq!(answers[2]["problem"]["status"], 400);
        assert_eq!(
            answers[2]["problem"]["field"],
            "body.reports[2].report.score"
        );
    }
    let answer = server
        .runner_post("/api/v1/reports", &reports(leased, &good))
        .await
        .ok(StatusCode::OK);
    for answer in answer["answers"].as_array().unwrap() {
        assert_eq!(answer["problem"], json!(null));
    }
    let body = json!({ "most": 3, "wait_seconds": 0 });
    let last = server.runner_post(&path, &body).await.ok(StatusCode::OK);
    assert_eq!(last["assignments"].as_array().unwrap().len(), 1);
    let none = server.runner_post(&path, &body).await;
    none.ok(StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn how_many_at_once_is_limited_and_the_limit_named() {
    let server = closed(1).await;
    let runner = server.register("local-1").await;
    let path = format!("/api/v1/runners/{runner}/leases");
    for most in [0, 65] {
        let body = json!({ "most": most, "wait_seconds": 0 });
        let problem = server
            .runner_post(&path, &body)
            .await
            .problem(400, "invalid-request");
        assert_eq!(problem.field.as_deref(), Some("body.most"));
        assert_eq!(problem.limit.as_deref(), Some("1 to 64"));
        assert_eq!(problem.found, Some(most.to_string()));
    }
    let long = json!({ "most": 1, "wait_seconds": 31 });
    let problem = server.runner_post(&path, &long).await.any_problem(400);
    assert_eq!(problem.field.as_deref(), Some("body.wait_seconds"));
    let none = json!({ "reports": [] });
    let problem = server
        .runner_post("/api/v1/reports", &none)
        .await
        .any_problem(400);
    assert_eq!(problem.field.as_deref(), Some("body.reports"));
    let stranger = format!("/api/v1/runners/{}/leases", uuid::Uuid::now_v7());
    let body = json!({ "most": 1, "wait_seconds": 0 });
    server.runner_post(&stranger, &body).await.any_problem(404);
    let miner = server.post_json_as(&path, &server.miner, &body).await;
    miner.any_problem(403);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_that_wait_each_gets_another_run() {
    let server = Server::start().await;
    server.open_tournament("cup").await;
    for nth in 0..12 {
        let name = format!("method-{nth}");
        // An admin's, since a token of anybody else hands in only a few.
        let path = format!("/api/v1/tournaments/cup/submissions?name={name}");
        let module = modules::honest(&name);
        server
            .post_bytes(&path, &server.admin, "application/wasm", module)
            .await
            .ok(StatusCode::CREATED);
    }
    let mut runners = Vec::new();
    for nth in 0..20 {
        runners.push(server.register(&format!("local-{nth}")).await);
    }
    let mut waiting: FuturesUnordered<_> = runners
        .iter()
        .map(|runner| server.lease_waiting(*runner, 30))
        .collect();
    // Those for whom there is no run go on waiting.
    let first = (&mut waiting).take(12).collect::<Vec<_>>();
    let (leases, ()) = tokio::join!(first, async {
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        server
            .admin_post("/api/v1/tournaments/cup/close")
            .await
            .ok(StatusCode::OK);
        server.tick().await;
    });
    let runs: Vec<_> = leases.iter().flatten().map(|lease| lease.run).collect();
    let different: BTreeSet<_> = runs.iter().collect();
    assert_eq!((runs.len(), different.len()), (12, 12));
    drop(waiting);
    assert!(server.lease_waiting(runners[0], 0).await.is_none());
}
