//! Who is a member of a private tournament, and what it is to be one.

use std::time::Duration;

use axum::http::StatusCode;
use futures::StreamExt as _;
use gauntlet_scheduler::loops::start_series;
use serde_json::{Value, json};

use crate::modules::honest;
use crate::support::{Answer, Server};

/// Longest that an answer is waited for; nothing is decided by it.
const LONG: Duration = Duration::from_secs(30);

async fn account(server: &Server, scope: &str, name: &str) -> String {
    let made = server
        .make_token(json!({ "scope": scope, "account": name }))
        .await;
    made["token"].as_str().unwrap().to_owned()
}

/// `ward`, a private tournament of the account `chief` on a public task, open.
async fn ward(server: &Server) -> String {
    let chief = account(server, "organiser", "chief").await;
    server.create_task("digits").await;
    let body = json!({ "name": "ward", "task": "digits", "private": true });
    server
        .post_json_as("/api/v1/tournaments", &chief, &body)
        .await
        .ok(StatusCode::CREATED);
    server
        .post_json_as("/api/v1/tournaments/ward/open", &chief, &json!({}))
        .await
        .ok(StatusCode::OK);
    chief
}

async fn change(server: &Server, token: &str, add: bool, who: &str) -> Answer {
    if add {
        let path = "/api/v1/tournaments/ward/members";
        return server
            .post_json_as(path, token, &json!({ "account": who }))
            .await;
    }
    let path = format!("/api/v1/tournaments/ward/members/{who}/remove");
    server.post_json_as(&path, token, &json!({})).await
}

async fn hand_in(server: &Server, tournament: &str, token: &str, name: &str) -> Answer {
    let path = format!("/api/v1/tournaments/{tournament}/submissions?name={name}");
    server
        .post_bytes(&path, token, "application/wasm", honest(name))
        .await
}

#[tokio::test]
async fn members_come_and_go_and_the_record_says_by_whom() {
    let server = Server::start().await;
    let chief = ward(&server).await;
    let doctor = account(&server, "miner", "doctor").await;
    let visitor = account(&server, "reader", "visitor").await;
    let show = "/api/v1/tournaments/ward";
    for token in [&doctor, &visitor] {
        server.get_as(show, token).await.problem(404, "not-found");
    }
    hand_in(&server, "ward", &doctor, "mine")
        .await
        .problem(404, "unknown-tournament");
    for who in ["doctor", "visitor", "doctor"] {
        change(&server, &chief, true, who).await.ok(StatusCode::OK);
    }
    for token in [&doctor, &visitor] {
        let shown = server.get_as(show, token).await.ok(StatusCode::OK);
        assert_eq!(shown["private"], true);
    }
    hand_in(&server, "ward", &doctor, "mine")
        .await
        .ok(StatusCode::CREATED);
    let members = server
        .get_as("/api/v1/tournaments/ward/members", &chief)
        .await
        .ok(StatusCode::OK);
    let names: Vec<&str> = members["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|member| member["account"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["chief", "doctor", "visitor"]);
    // Who may see it is for its organiser to say, and to know.
    for token in [&doctor, &visitor] {
        server
            .get_as("/api/v1/tournaments/ward/members", token)
            .await
            .any_problem(403);
        change(&server, token, true, "doctor")
            .await
            .any_problem(403);
    }

    let mut stream = server
        .stream_as("/api/v1/tournaments/ward/events", &doctor)
        .await;
    stream.next().await.unwrap();
    change(&server, &chief, false, "doctor")
        .await
        .ok(StatusCode::OK);
    let rest = tokio::time::timeout(LONG, async { while stream.next().await.is_some() {} });
    rest.await
        .expect("the stream of somebody who is no member ends");
    server.get_as(show, &doctor).await.problem(404, "not-found");
    hand_in(&server, "ward", &doctor, "another")
        .await
        .problem(404, "unknown-tournament");
    // What it has handed in stays; and removing it again changes nothing.
    change(&server, &chief, false, "doctor")
        .await
        .ok(StatusCode::OK);
    let record = server
        .get_as("/api/v1/tournaments/ward/record", &chief)
        .await
        .ok(StatusCode::OK);
    let changes: Vec<(String, &Value)> = record["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| {
            let body: Value = serde_json::from_str(event["body"].as_str().unwrap()).unwrap();
            (body["kind"].as_str().unwrap().to_owned(), &event["actor"])
        })
        .filter(|(kind, _)| kind.starts_with("member_"))
        .collect();
    let kinds = ["member_added", "member_added", "member_removed"];
    let by_chief = json!("chief");
    assert_eq!(changes, kinds.map(|kind| (kind.to_owned(), &by_chief)));
    let shown = server.get_as(show, &chief).await.ok(StatusCode::OK);
    assert_eq!(shown["methods"][0]["name"], "mine");
}

#[tokio::test]
async fn who_is_no_member_cannot_be_one_of_anything() {
    let server = Server::start().await;
    let chief = ward(&server).await;
    let admin = server.admin.clone();
    let problem = change(&server, &chief, false, "chief").await;
    problem.problem(409, "organiser-is-a-member");
    for add in [true, false] {
        change(&server, &chief, add, "nobody")
            .await
            .problem(404, "unknown-account");
        change(&server, &chief, add, "Nobody!")
            .await
            .any_problem(400);
    }
    let body = json!({ "name": "public", "task": "digits" });
    server
        .admin_post_json("/api/v1/tournaments", &body)
        .await
        .ok(StatusCode::CREATED);
    server
        .post_json_as(
            "/api/v1/tournaments/public/members",
            &admin,
            &json!({ "account": "chief" }),
        )
        .await
        .problem(409, "not-private");
    // Another organiser has no say, nor is told that there is something to say.
    let rival = account(&server, "organiser", "rival").await;
    change(&server, &rival, true, "rival")
        .await
        .problem(404, "not-found");
    server
        .get_as("/api/v1/tournaments/ward/members", &rival)
        .await
        .problem(404, "not-found");
}

#[tokio::test]
async fn a_private_task_is_played_by_those_who_see_it_and_in_private() {
    let server = Server::start().await;
    let mut task = server.task_body("scans").await;
    task["private"] = json!(true);
    let path = "/api/v1/tasks";
    server
        .admin_post_json(path, &task)
        .await
        .ok(StatusCode::CREATED);
    let new =
        |name: &str, private: bool| json!({ "name": name, "task": "scans", "private": private });
    let path = "/api/v1/tournaments";
    server
        .admin_post_json(path, &new("cup", false))
        .await
        .problem(409, "private-task");
    let mut defended = new("cup", true);
    defended["rules"] =
        json!({ "format": "round_robin", "blocks": 3, "terms": { "defend": true } });
    server
        .admin_post_json(path, &defended)
        .await
        .problem(409, "private-defence");
    let series = json!({
        "name": "weekly", "task": "scans", "calendar": "0 9 * * MON", "open_seconds": 60,
    });
    server
        .admin_post_json("/api/v1/series", &series)
        .await
        .problem(409, "private-task");
    server
        .admin_post_json(path, &new("ward", true))
        .await
        .ok(StatusCode::CREATED);
    let chief = account(&server, "organiser", "chief").await;
    server
        .post_json_as(path, &chief, &new("mine", true))
        .await
        .problem(404, "unknown-task");
    let admin = server.admin.clone();
    change(&server, &admin, true, "chief")
        .await
        .ok(StatusCode::OK);
    server
        .post_json_as(path, &chief, &new("mine", true))
        .await
        .ok(StatusCode::CREATED);
}

#[tokio::test]
async fn a_private_tournament_on_a_public_task_leaves_title_and_names_alone() {
    let server = Server::start().await;
    server.finished_tournament("cup").await;
    let before = server
        .get("/api/v1/archive/digits@champion")
        .await
        .ok(StatusCode::OK);
    let ratings = server.get("/api/v1/tasks/digits/ratings").await.text();
    let rules = json!({ "format": "halving", "rungs": 2, "eta": 2, "blocks_per_rung": [1, 2] });
    let body = json!({ "name": "ward", "task": "digits", "rules": rules, "private": true });
    server
        .admin_post_json("/api/v1/tournaments", &body)
        .await
        .ok(StatusCode::CREATED);
    let admin = server.admin.clone();
    let doctor = account(&server, "miner", "doctor").await;
    change(&server, &admin, true, "doctor")
        .await
        .ok(StatusCode::OK);
    server
        .admin_post("/api/v1/tournaments/ward/open")
        .await
        .ok(StatusCode::OK);
    for method in ["ward-one", "ward-two"] {
        hand_in(&server, "ward", &doctor, method)
            .await
            .ok(StatusCode::CREATED);
    }
    server
        .admin_post("/api/v1/tournaments/ward/close")
        .await
        .ok(StatusCode::OK);
    crate::private::play(&server, "ward").await;
    let after = server
        .get("/api/v1/archive/digits@champion")
        .await
        .ok(StatusCode::OK);
    assert_eq!(after, before);
    assert_eq!(
        server.get("/api/v1/tasks/digits/ratings").await.text(),
        ratings
    );
    let seen = server
        .get_as("/api/v1/tasks/digits/ratings", &doctor)
        .await
        .ok(StatusCode::OK);
    assert_eq!(seen["tournaments"], 2);
    // That somebody has a method of that name is not told by a refusal either.
    let body = json!({ "name": "open", "task": "digits" });
    server
        .admin_post_json("/api/v1/tournaments", &body)
        .await
        .ok(StatusCode::CREATED);
    server
        .admin_post("/api/v1/tournaments/open/open")
        .await
        .ok(StatusCode::OK);
    server
        .submit("open", "ward-one", honest("mine"))
        .await
        .ok(StatusCode::CREATED);
}

#[tokio::test]
async fn the_tournaments_of_a_private_series_have_the_members_of_the_one_before() {
    let server = Server::start().await;
    server.create_task("digits").await;
    let chief = account(&server, "organiser", "chief").await;
    let doctor = account(&server, "miner", "doctor").await;
    let series = json!({
        "name": "ward", "task": "digits", "calendar": "0 9 * * MON", "open_seconds": 86_400,
        "private": true,
    });
    let made = server
        .post_json_as("/api/v1/series", &chief, &series)
        .await
        .ok(StatusCode::CREATED);
    assert_ne!(made["rules"]["terms"]["defend"], true);
    let show = "/api/v1/series/ward";
    server.get_as(show, &chief).await.ok(StatusCode::OK);
    server.get_as(show, &doctor).await.problem(404, "not-found");
    let next = async || {
        server
            .execute("UPDATE series SET next_at = now() - interval '1 minute'")
            .await;
        start_series::once(server.context()).await.unwrap();
    };
    next().await;
    let path = "/api/v1/tournaments/ward-1/members";
    server
        .post_json_as(path, &chief, &json!({ "account": "doctor" }))
        .await
        .ok(StatusCode::OK);
    let reason = json!({ "reason": "nobody came" });
    server
        .post_json_as("/api/v1/tournaments/ward-1/cancel", &chief, &reason)
        .await
        .ok(StatusCode::OK);
    next().await;
    for path in ["/api/v1/tournaments/ward-2", show] {
        server.get(path).await.problem(404, "not-found");
        server.get_as(path, &doctor).await.ok(StatusCode::OK);
        server.get_as(path, &chief).await.ok(StatusCode::OK);
    }
    let seen = server.get_as(show, &doctor).await.ok(StatusCode::OK);
    assert_eq!(seen["tournaments"].as_array().unwrap().len(), 2);
}
