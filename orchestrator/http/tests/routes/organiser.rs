//! What organisers do to a tournament: its share, stuck runs, judging again; and what they
//! write is read as it stands.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::Server;

#[tokio::test]
async fn a_share_is_given_shown_changed_and_refused_by_name() {
    let server = Server::start().await;
    server.create_task("digits").await;
    let mut new = json!({
        "name": "cup", "task": "digits", "share": { "priority": -1, "weight": 3 },
    });
    let made = server
        .admin_post_json("/api/v1/tournaments", &new)
        .await
        .ok(StatusCode::CREATED);
    assert_eq!(made["share"], json!({ "priority": -1, "weight": 3 }));
    let path = "/api/v1/tournaments/cup/share";
    let body = json!({ "priority": 2, "reason": "the sponsors wait" });
    let now = server.admin_post_json(path, &body).await.ok(StatusCode::OK);
    assert_eq!(now["share"], json!({ "priority": 2, "weight": 3 }));
    let record = server
        .get("/api/v1/tournaments/cup/record?after=0")
        .await
        .ok(StatusCode::OK);
    assert!(record.to_string().contains("the sponsors wait"));

    for (wrong, field) in [
        (json!({ "weight": 0, "reason": "" }), "body.weight"),
        (json!({ "priority": 11, "reason": "" }), "body.priority"),
        (json!({ "weight": 1 }), "body"),
    ] {
        let problem = server.admin_post_json(path, &wrong).await.any_problem(400);
        assert_eq!(problem.field.as_deref(), Some(field), "{problem}");
    }
    let miner = server.miner.clone();
    server
        .post_json_as(path, &miner, &body)
        .await
        .any_problem(403);
    new["name"] = json!("other");
    new["share"] = json!({ "weight": 1001 });
    let before = server.contents().await;
    let problem = server
        .admin_post_json("/api/v1/tournaments", &new)
        .await
        .any_problem(400);
    assert_eq!(problem.field.as_deref(), Some("body.share.weight"));
    assert_eq!(server.contents().await, before);
}

#[tokio::test]
async fn stuck_runs_of_a_round_are_said_and_retried() {
    let server = Server::start().await;
    server.open_tournament("cup").await;
    for method in ["one", "two"] {
        server
            .submit("cup", method, crate::modules::honest(method))
            .await
            .ok(StatusCode::CREATED);
    }
    server
        .admin_post("/api/v1/tournaments/cup/close")
        .await
        .ok(StatusCode::OK);
    server.tick().await;
    let mut broken = 0;
    let stuck = loop {
        loop {
            // Another one each time: one that keeps failing is set aside.
            broken += 1;
            let runner = server.register(&format!("broken-{broken}")).await;
            let Some(lease) = server.lease(runner).await else {
                break;
            };
            let path = format!(
                "/api/v1/runs/{}/attempts/{}/fault",
                lease.run, lease.attempt
            );
            server
                .runner_post(&path, &json!({ "reason": "the disk is full" }))
                .await
                .ok(StatusCode::NO_CONTENT);
        }
        let shown = server
            .get_as("/api/v1/tournaments/cup", &server.admin)
            .await
            .ok(StatusCode::OK);
        let runs = shown["rounds"][0]["runs"].as_array().unwrap();
        if runs.iter().all(|run| run["state"] == "stuck") {
            break shown;
        }
        // A lost attempt is followed by a pause.
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    assert_eq!(stuck["rounds"][0]["state"], "stuck");
    let note = stuck["rounds"][0]["note"].as_str().unwrap();
    assert!(note.contains("the disk is full"), "{note}");
    let path = "/api/v1/tournaments/cup/retry";
    let problem = server
        .admin_post_json(path, &json!({ "round": 4 }))
        .await
        .any_problem(404);
    assert_eq!(problem.field.as_deref(), Some("body.round"));
    let now = server
        .admin_post_json(path, &json!({ "round": 1 }))
        .await
        .ok(StatusCode::OK);
    assert_eq!(now["rounds"][0]["state"], "running");
    assert_eq!(now["rounds"][0]["note"], Value::Null);
    server.finish("cup").await;
}

#[tokio::test]
async fn what_stands_twice_and_a_byte_order_mark_are_refused_by_name() {
    let server = Server::start().await;
    server.create_task("digits").await;
    let before = server.contents().await;
    let twice = "{\"name\": \"cup\", \"task\": \"digits\",\n \"rules\": {\"format\": \"swiss\",\n  \"format\": \"racing\"}}";
    let admin = server.admin.clone();
    let path = "/api/v1/tournaments";
    let send = async |body: Vec<u8>| {
        server
            .post_bytes(path, &admin, "application/json", body)
            .await
            .any_problem(400)
    };
    let problem = send(twice.as_bytes().to_vec()).await;
    assert_eq!(problem.field.as_deref(), Some("body.rules"));
    assert!(
        problem.detail.contains("`format` stands twice"),
        "{problem}"
    );
    assert!(problem.detail.contains("line 3"), "{problem}");
    let marked = [b"\xef\xbb\xbf".as_slice(), twice.as_bytes()].concat();
    let problem = send(marked).await;
    assert!(problem.detail.contains("byte order mark"), "{problem}");
    assert_eq!(server.contents().await, before);
}

/// The example of docs/FORMATS.md, as it stands there but for the id of a run, which every
/// tournament has its own of.
#[tokio::test]
async fn the_documented_erratum_is_taken() {
    let document = include_str!("../../../../docs/FORMATS.md");
    let example = document
        .split("```json\n")
        .filter_map(|piece| piece.split("```").next())
        .find(|piece| piece.contains("\"erratum\""))
        .unwrap();
    let server = Server::start().await;
    server.create_task("digits").await;
    let rules = json!({ "format": "round_robin", "blocks": 4 });
    let body = json!({ "name": "digits-cup", "task": "digits", "rules": rules });
    server
        .admin_post_json("/api/v1/tournaments", &body)
        .await
        .ok(StatusCode::CREATED);
    let path = "/api/v1/tournaments/digits-cup";
    server
        .admin_post(&format!("{path}/open"))
        .await
        .ok(StatusCode::OK);
    for method in ["peeked", "plain", "fancy"] {
        server
            .submit("digits-cup", method, crate::modules::honest(method))
            .await
            .ok(StatusCode::CREATED);
    }
    server
        .admin_post(&format!("{path}/close"))
        .await
        .ok(StatusCode::OK);
    server.finish("digits-cup").await;
    let shown = server.get(path).await.ok(StatusCode::OK);
    let run = shown["rounds"][0]["runs"]
        .as_array()
        .unwrap()
        .iter()
        .find(|run| run["method"] == "plain")
        .unwrap();
    let mut changes: Value = serde_json::from_str(example).unwrap();
    changes["erratum"]["corrected"][0][0] = run["run"].clone();
    let body = json!({ "changes": changes, "apply": true, "reason": "labels were wrong" });
    let judged = server
        .admin_post_json(&format!("{path}/rejudge"), &body)
        .await
        .ok(StatusCode::OK);
    assert_eq!(judged["applied"], true);
    assert_eq!(judged["champion"], "plain");
    let places = judged["moves"].as_array().unwrap();
    let peeked = places.iter().find(|one| one["method"] == "peeked").unwrap();
    assert_eq!(peeked["after"], Value::Null);
}

#[tokio::test]
async fn rounds_and_blocks_beyond_all_numbers_are_not_there() {
    let server = Server::start().await;
    server.finished_tournament("cup").await;
    let reason = json!({ "reason": "a mistake" });
    for (round, block) in [(u32::MAX, 1), (1, u32::MAX), (9, 1)] {
        for what in ["void", "replace"] {
            let path = format!("/api/v1/tournaments/cup/rounds/{round}/blocks/{block}/{what}");
            let answer = server.admin_post_json(&path, &reason).await;
            answer.problem(404, "unknown-block");
        }
    }
}
