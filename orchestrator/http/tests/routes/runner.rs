//! The runner's side: leases, fences, reports.

use axum::http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::modules;
use crate::support::{Lease, Server, report};

/// A closed tournament of two methods with their first runs queued.
async fn closed() -> Server {
    let server = Server::start().await;
    server.closed_tournament("cup", &["one", "two"]).await;
    server
}

#[tokio::test]
async fn a_lease_tells_all_that_is_needed() {
    let server = closed().await;
    let runner = server.register("local-1").await;
    let lease = server.lease(runner).await.expect("a run is queued");
    let assignment = &lease.assignment;
    assert_eq!(assignment["tournament"], "cup");
    assert_eq!(assignment["attempt"], 1);
    assert_eq!(assignment["seed"].as_str().unwrap().len(), 16);
    assert_eq!(assignment["task"]["name"], "digits");
    assert!(assignment["lease_seconds"].as_u64().unwrap() >= 5);
    for blob in [
        &assignment["module"],
        &assignment["task"]["train"],
        &assignment["task"]["hidden_inputs"],
        &assignment["task"]["hidden_labels"],
    ] {
        let digest = blob.as_str().unwrap();
        let answer = server
            .get_as(&format!("/api/v1/blobs/{digest}"), &server.runner)
            .await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(crate::support::digest(&answer.body), digest);
    }
}

#[tokio::test]
async fn with_nothing_to_do_the_answer_is_204_after_the_wait() {
    let server = Server::start().await;
    let runner = server.register("local-1").await;
    let start = std::time::Instant::now();
    assert!(server.lease_waiting(runner, 1).await.is_none());
    let waited = start.elapsed().as_secs_f64();
    assert!(waited > 0.9, "waited {waited} s");
    let long = server
        .runner_post(
            &format!("/api/v1/runners/{runner}/lease"),
            &json!({ "wait_seconds": 31 }),
        )
        .await
        .problem(400, "invalid-request");
    assert_eq!(long.field.as_deref(), Some("body.wait_seconds"));
    assert_eq!(long.limit.as_deref(), Some("30 seconds"));
}

#[tokio::test]
async fn a_waiting_runner_is_given_work_as_it_comes() {
    let server = Server::start().await;
    server.open_tournament("cup").await;
    server
        .submit("cup", "one", modules::honest("one"))
        .await
        .ok(StatusCode::CREATED);
    let runner = server.register("local-1").await;
    let start = std::time::Instant::now();
    let (lease, ()) = tokio::join!(server.lease_waiting(runner, 30), async {
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        server
            .admin_post("/api/v1/tournaments/cup/close")
            .await
            .ok(StatusCode::OK);
        server.tick().await;
    });
    assert!(lease.is_some());
    assert!(
        start.elapsed().as_secs() < 28,
        "woken after {:?}",
        start.elapsed()
    );
}

#[tokio::test]
async fn an_unknown_runner_gets_nothing() {
    let server = closed().await;
    let stranger = Uuid::now_v7();
    let problem = server
        .runner_post(
            &format!("/api/v1/runners/{stranger}/lease"),
            &json!({ "wait_seconds": 0 }),
        )
        .await
        .any_problem(404);
    assert_eq!(problem.field.as_deref(), Some("path.id"));
}

#[tokio::test]
async fn a_report_counts_once_and_only_from_the_current_attempt() {
    let server = closed().await;
    let runner = server.register("local-1").await;
    let Lease { run, attempt, .. } = server.lease(runner).await.unwrap();
    let path = |attempt: i64, what: &str| format!("/api/v1/runs/{run}/attempts/{attempt}/{what}");
    let beat = json!({ "progress": 0.5, "curve": [{ "step": 1, "name": "loss", "value": 2.0 }] });

    let beaten = server
        .runner_post(&path(attempt, "heartbeat"), &beat)
        .await
        .ok(StatusCode::OK);
    assert!(beaten["lease_seconds"].as_u64().unwrap() >= 5);
    let shown = server
        .get(&format!("/api/v1/runs/{run}"))
        .await
        .ok(StatusCode::OK);
    assert_eq!(shown["progress"], 0.5);
    assert_eq!(shown["curve"][0]["value"], 2.0);

    // The runner gives up, the run is leased again: attempt 1 is history.
    server
        .runner_post(&path(attempt, "fault"), &json!({ "reason": "disk full" }))
        .await
        .ok(StatusCode::NO_CONTENT);
    let second = server.lease_run(runner, run).await;
    assert_eq!(second.attempt, 2);
    let before = server.contents().await;
    for what in ["heartbeat", "report"] {
        let body = if what == "report" {
            server.completed(0.9).await
        } else {
            beat.clone()
        };
        let before = if what == "report" {
            server.contents().await
        } else {
            before.clone()
        };
        let stale = server
            .runner_post(&path(1, what), &body)
            .await
            .any_problem(409);
        assert_eq!(stale.field.as_deref(), Some("path.attempt"), "{what}");
        assert!(stale.help.contains("stop"), "{what}: {stale}");
        assert_eq!(server.contents().await, before, "{what}");
    }

    let done = server.completed(0.9).await;
    server
        .runner_post(&path(2, "report"), &done)
        .await
        .ok(StatusCode::NO_CONTENT);
    // The same again is the answer lost on the way; another one is not.
    server
        .runner_post(&path(2, "report"), &done)
        .await
        .ok(StatusCode::NO_CONTENT);
    let mut other = done.clone();
    other["score"] = json!(0.99);
    server
        .runner_post(&path(2, "report"), &other)
        .await
        .any_problem(409);
    let shown = server
        .get_as(&format!("/api/v1/runs/{run}"), &server.admin)
        .await
        .ok(StatusCode::OK);
    assert_eq!(shown["state"], "done");
    assert_eq!(shown["score"], 0.9);
    assert_eq!(shown["attempts"][0]["state"], "faulted");
    assert_eq!(shown["attempts"][1]["state"], "reported");
}

#[tokio::test]
async fn reports_that_contradict_themselves_are_refused() {
    let server = closed().await;
    let runner = server.register("local-1").await;
    let Lease { run, attempt, .. } = server.lease(runner).await.unwrap();
    let path = format!("/api/v1/runs/{run}/attempts/{attempt}/report");
    let good = server.completed(0.5).await;
    let before = server.contents().await;
    let cases: [(&str, Value, &str); 6] = [
        ("model", json!(null), "body.model"),
        ("score", json!(null), "body.score"),
        ("score", json!(1.5), "body.score"),
        ("verdict", json!("method_failed"), "body.verdict"),
        ("model", json!("0".repeat(64)), "body.model"),
        ("model", json!("short"), "body.model"),
    ];
    for (field, value, named) in cases {
        let mut body = good.clone();
        body[field] = value.clone();
        let problem = server.runner_post(&path, &body).await.any_problem(400);
        assert_eq!(
            problem.field.as_deref(),
            Some(named),
            "{field} = {value}: {problem}"
        );
    }
    assert_eq!(server.contents().await, before);
    server
        .runner_post(&path, &good)
        .await
        .ok(StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn another_runner_cannot_speak_for_this_one() {
    let server = closed().await;
    let first = server.register("local-1").await;
    let Lease { run, attempt, .. } = server.lease(first).await.unwrap();
    let other = server.new_token("runner").await;
    let before = server.contents().await;
    let answer = server
        .post_json_as(
            &format!("/api/v1/runs/{run}/attempts/{attempt}/report"),
            &other,
            &report("method_failed", None, None),
        )
        .await;
    answer.any_problem(409);
    assert_eq!(server.contents().await, before);
}

#[tokio::test]
async fn numbers_beyond_the_stars_do_no_harm() {
    let server = closed().await;
    let runner = server.register("local-1").await;
    let Lease { run, attempt, .. } = server.lease(runner).await.unwrap();
    let beat = json!({ "progress": 1e300, "curve": [
        { "step": u64::MAX, "name": "<script>\u{1b}[31m\u{0}", "value": null },
        { "step": 0, "name": "loss", "value": 1e308 },
    ]});
    server
        .runner_post(
            &format!("/api/v1/runs/{run}/attempts/{attempt}/heartbeat"),
            &beat,
        )
        .await
        .ok(StatusCode::OK);
    let shown = server
        .get(&format!("/api/v1/runs/{run}"))
        .await
        .ok(StatusCode::OK);
    let progress = shown["progress"].as_f64().unwrap();
    assert!((0.0..=1.0).contains(&progress), "{progress}");
}

#[tokio::test]
async fn a_stuck_run_says_why_and_can_be_retried() {
    let server = closed().await;
    let runner = server.register("local-1").await;
    let Lease {
        run, mut attempt, ..
    } = server.lease(runner).await.unwrap();
    let path = format!("/api/v1/runs/{run}");
    loop {
        server
            .runner_post(
                &format!("{path}/attempts/{attempt}/fault"),
                &json!({ "reason": "disk full" }),
            )
            .await
            .ok(StatusCode::NO_CONTENT);
        let shown = server.get(&path).await.ok(StatusCode::OK);
        if shown["state"] == "stuck" {
            assert_eq!(shown["verdict"], json!(null), "not the entrant's fault");
            break;
        }
        attempt = server.lease_run(runner, run).await.attempt;
    }
    assert_eq!(attempt, 5);
    let path_of_cup = "/api/v1/tournaments/cup";
    let cup = server.get_as(path_of_cup, &server.admin).await;
    let cup = cup.ok(StatusCode::OK);
    assert_eq!(cup["rounds"][0]["state"], "stuck");
    let note = cup["rounds"][0]["note"].as_str().unwrap();
    assert!(note.contains("attempt 5: disk full"), "{note}");
    // Everybody sees that it is stuck; why may be a worker's words.
    let cup = server.get(path_of_cup).await.ok(StatusCode::OK);
    assert_eq!(cup["rounds"][0]["state"], "stuck");
    let page = server.get("/tournaments/cup").await.text();
    assert!(
        page.contains("stuck after faults of the platform"),
        "{page}"
    );
    assert!(!page.contains("disk full"), "{page}");

    let retried = server.admin_post(&format!("{path}/retry")).await;
    assert_eq!(retried.ok(StatusCode::OK)["state"], "queued");
    assert_eq!(server.lease_run(runner, run).await.attempt, 6);
}

#[tokio::test]
async fn a_cancelled_tournament_says_why_and_leases_nothing() {
    let server = closed().await;
    let runner = server.register("local-1").await;
    let body = json!({ "reason": "the data were wrong" });
    let shown = server
        .admin_post_json("/api/v1/tournaments/cup/cancel", &body)
        .await
        .ok(StatusCode::OK);
    assert_eq!(shown["state"], "cancelled");
    assert_eq!(shown["note"], "the data were wrong");
    assert!(server.lease(runner).await.is_none());
}

#[tokio::test]
async fn a_runner_that_keeps_failing_waits_in_vain_and_everybody_sees_why() {
    let server = closed().await;
    let runner = server.register("local-1").await;
    let mut failed = 0;
    // A lost run waits for a moment before it comes again.
    while failed < 3 {
        let Some(lease) = server.lease_waiting(runner, 30).await else {
            panic!("nothing came after {failed} faults");
        };
        let path = format!(
            "/api/v1/runs/{}/attempts/{}/fault",
            lease.run, lease.attempt
        );
        server
            .runner_post(&path, &json!({ "reason": "the disk is full" }))
            .await
            .ok(StatusCode::NO_CONTENT);
        failed += 1;
    }
    assert!(server.lease_waiting(runner, 1).await.is_none());
    let shown = server.get("/api/v1/runners").await.ok(StatusCode::OK);
    let shown = &shown["items"][0];
    assert_eq!(shown["state"], "set_aside");
    assert_eq!(shown["set_aside_because"], "3 faults in a row");
    assert!(shown["set_aside_until"].is_string());
    assert_eq!(shown["last_fault"], Value::Null);
    let told = server.get_as("/api/v1/runners", &server.admin).await;
    let told = told.ok(StatusCode::OK);
    assert_eq!(told["items"][0]["last_fault"], "the disk is full");
    let page = server.get("/").await.text();
    assert!(page.contains("set aside until"), "{page}");
    // Another is given what it lost.
    let other = server.register("local-2").await;
    assert!(server.lease_waiting(other, 30).await.is_some());
}
