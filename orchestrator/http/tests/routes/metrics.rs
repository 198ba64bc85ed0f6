//! What is measured of the orchestrator.

use axum::http::StatusCode;
use serde_json::json;

use crate::modules;
use crate::support::{Server, report};

/// The value of a sample, by its name and labels.
pub(crate) fn value(text: &str, sample: &str) -> Option<f64> {
    text.lines()
        .find_map(|line| line.strip_prefix(sample)?.trim().parse().ok())
}

pub(crate) async fn scrape(server: &Server) -> String {
    let answer = server.get_as("/metrics", &server.admin).await;
    assert_eq!(answer.status, StatusCode::OK);
    let kind = answer.headers["content-type"].to_str().unwrap();
    assert!(kind.starts_with("application/openmetrics-text"), "{kind}");
    let text = answer.text();
    assert!(text.ends_with("# EOF\n"), "{text}");
    text
}

#[tokio::test]
async fn a_tournament_shows_in_the_metrics() {
    let server = Server::start().await;
    server.open_tournament("cup").await;
    for name in ["one", "two"] {
        server
            .submit("cup", name, modules::honest(name))
            .await
            .ok(StatusCode::CREATED);
    }
    let before = scrape(&server).await;
    assert_eq!(value(&before, "gauntlet_runs_queued "), Some(0.0));
    server
        .admin_post("/api/v1/tournaments/cup/close")
        .await
        .ok(StatusCode::OK);
    server.tick().await;
    let queued = value(&scrape(&server).await, "gauntlet_runs_queued ").unwrap();
    assert!(queued >= 2.0, "{queued}");

    let runner = server.register("local-1").await;
    let first = server.lease(runner).await.unwrap();
    let second = server.lease(runner).await.unwrap();
    let held = scrape(&server).await;
    assert_eq!(value(&held, "gauntlet_runs_leased "), Some(2.0));
    assert_eq!(value(&held, "gauntlet_leases_total "), Some(2.0));
    assert_eq!(value(&held, "gauntlet_runners_alive "), Some(1.0));
    assert_eq!(value(&held, "gauntlet_tournaments_playing "), Some(1.0));
    assert_eq!(value(&held, "gauntlet_runs_queued "), Some(queued - 2.0));

    let path = |run, attempt, end| format!("/api/v1/runs/{run}/attempts/{attempt}/{end}");
    let failed = report("method_failed", None, None);
    server
        .runner_post(&path(first.run, first.attempt, "report"), &failed)
        .await
        .ok(StatusCode::NO_CONTENT);
    let fault = json!({ "reason": "no disk" });
    server
        .runner_post(&path(second.run, second.attempt, "fault"), &fault)
        .await
        .ok(StatusCode::NO_CONTENT);
    let after = scrape(&server).await;
    let ended = "gauntlet_results_total{verdict=\"method_failed\"} ";
    assert_eq!(value(&after, ended), Some(1.0));
    assert_eq!(value(&after, "gauntlet_faults_total "), Some(1.0));
    assert_eq!(value(&after, "gauntlet_runs_leased "), Some(0.0));
}

#[tokio::test]
async fn the_time_between_rounds_shows_in_the_metrics() {
    let server = Server::start().await;
    let count = |text: &str, until: &str| {
        let labels = format!("{{until=\"{until}\"}} ");
        value(text, &format!("gauntlet_round_gap_seconds_count{labels}"))
    };
    let before = scrape(&server).await;
    assert_eq!(count(&before, "lease"), Some(0.0), "{before}");
    server.finished_tournament("cup").await;
    let cup = server
        .get("/api/v1/tournaments/cup")
        .await
        .ok(StatusCode::OK);
    let rounds = cup["rounds"].as_array().unwrap().len();
    let text = scrape(&server).await;
    assert_eq!(count(&text, "lease"), Some(rounds as f64 - 1.0), "{text}");
    assert_eq!(count(&text, "end"), Some(1.0), "{text}");
    let within = |le: &str| {
        let labels = format!("le=\"{le}\",until=\"end\"");
        value(
            &text,
            &format!("gauntlet_round_gap_seconds_bucket{{{labels}}} "),
        )
    };
    assert_eq!(within("+Inf"), Some(1.0), "{text}");
    assert_eq!(within("3000.0"), Some(1.0), "{text}");
    let kind = "# TYPE gauntlet_round_gap_seconds histogram\n";
    assert_eq!(text.matches(kind).count(), 1, "{text}");
}

#[tokio::test]
async fn requests_are_counted_by_route_and_not_by_address() {
    let server = Server::start().await;
    for name in ["a", "b", "c"] {
        server.get(&format!("/api/v1/tasks/{name}")).await;
        server.get(&format!("/no/such/{name}")).await;
    }
    let text = scrape(&server).await;
    let missing = |route: &str| {
        let labels = format!("method=\"GET\",route=\"{route}\",status=\"404\"");
        value(&text, &format!("gauntlet_http_requests_total{{{labels}}} "))
    };
    assert_eq!(missing("/api/v1/tasks/{name}"), Some(3.0), "{text}");
    assert_eq!(missing("none"), Some(3.0), "{text}");
    let began = "gauntlet_http_request_duration_seconds_count{route=\"/api/v1/tasks/{name}\"} ";
    assert_eq!(value(&text, began), Some(3.0), "{text}");
}

#[tokio::test]
async fn only_admins_read_them() {
    let server = Server::start().await;
    server.get("/metrics").await.problem(401, "missing-token");
    server
        .get_as("/metrics", &server.miner)
        .await
        .problem(403, "wrong-scope");
    let text = scrape(&server).await;
    for why in ["missing", "scope"] {
        let refused = format!("gauntlet_requests_refused_total{{why=\"{why}\"}} ");
        assert_eq!(value(&text, &refused), Some(1.0), "{text}");
    }
}

#[tokio::test]
async fn a_server_that_ends_is_not_ready() {
    let server = Server::start().await;
    let ready = server.get("/readyz").await.ok(StatusCode::OK);
    assert_eq!(ready["status"], "ok");
    server.stop();
    let stopping = server.get("/readyz").await;
    assert_eq!(stopping.status, StatusCode::SERVICE_UNAVAILABLE);
}
