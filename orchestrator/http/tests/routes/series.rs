//! Series and ratings.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::Server;

fn weekly() -> Value {
    json!({
        "name": "weekly", "task": "digits", "calendar": "0 9 * * MON", "open_seconds": 86_400,
    })
}

#[tokio::test]
async fn a_series_is_made_listed_and_ended() {
    let server = Server::start().await;
    server.create_task("digits").await;
    let made = server
        .admin_post_json("/api/v1/series", &weekly())
        .await
        .ok(StatusCode::CREATED);
    assert_eq!(made["task"], "digits");
    assert_eq!(made["calendar"], "0 9 * * MON");
    assert_eq!(made["last_number"], 0);
    assert_eq!(made["tournaments"], json!([]));
    assert!(made["next_at"].as_str().unwrap().ends_with("T09:00:00Z"));
    // The champion defends its title, unless the rules say otherwise.
    assert_eq!(made["rules"]["terms"]["defend"], true);
    assert_eq!(made["rules"]["format"], "racing");
    for (name, terms, defend) in [
        ("some-terms", json!({ "min_field": 2 }), json!(true)),
        (
            "not-defended",
            json!({ "min_field": 2, "defend": false }),
            json!(false),
        ),
    ] {
        let mut body = weekly();
        body["name"] = json!(name);
        body["rules"] = json!({ "format": "round_robin", "blocks": 3, "terms": terms });
        let made = server
            .admin_post_json("/api/v1/series", &body)
            .await
            .ok(StatusCode::CREATED);
        assert_eq!(made["rules"]["terms"]["defend"], defend, "{name}");
        assert_eq!(made["rules"]["terms"]["min_field"], 2, "{name}");
    }
    let all = server.get("/api/v1/series").await.ok(StatusCode::OK);
    let names: Vec<&str> = all["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|series| series["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["not-defended", "some-terms", "weekly"]);

    for _ in 0..2 {
        let ended = server.admin_post("/api/v1/series/weekly/end").await;
        assert_eq!(ended.ok(StatusCode::OK)["next_at"], Value::Null);
    }
    let shown = server.get("/api/v1/series/weekly").await.ok(StatusCode::OK);
    assert!(shown["ended_at"].is_string());
}

#[tokio::test]
async fn what_cannot_recur_is_refused_and_changes_nothing() {
    let server = Server::start().await;
    server.create_task("digits").await;
    let before = server.contents().await;
    let cases: [(&str, Value, u16, &str); 9] = [
        ("name", json!("Weekly!"), 400, "body.name"),
        ("name", json!("x".repeat(33)), 400, "body.name"),
        ("task", json!("alchemy"), 404, "body.task"),
        ("calendar", json!("on Mondays"), 400, "body.calendar"),
        ("calendar", json!("0 0 30 2 *"), 400, "body.calendar"),
        ("open_seconds", json!(5), 400, "body.open_seconds"),
        ("open_seconds", json!(-1), 400, "body.open_seconds"),
        ("rules", json!("halving"), 400, "body.rules"),
        (
            "rules",
            json!({ "format": "round_robin", "blocks": 0 }),
            400,
            "body.rules.blocks",
        ),
    ];
    for (field, value, status, named) in cases {
        let mut body = weekly();
        body[field] = value;
        let problem = server
            .admin_post_json("/api/v1/series", &body)
            .await
            .any_problem(status);
        assert_eq!(problem.field.as_deref(), Some(named), "{problem}");
    }
    let miner = server.miner.clone();
    server
        .post_json_as("/api/v1/series", &miner, &weekly())
        .await
        .any_problem(403);
    server
        .get("/api/v1/series/weekly")
        .await
        .problem(404, "not-found");
    server
        .admin_post("/api/v1/series/weekly/end")
        .await
        .any_problem(404);
    assert_eq!(server.contents().await, before);
}

#[tokio::test]
async fn ratings_follow_from_completed_tournaments() {
    let server = Server::start().await;
    server
        .get("/api/v1/tasks/digits/ratings")
        .await
        .problem(404, "not-found");
    server.finished_tournament("cup").await;
    let ratings = server
        .get("/api/v1/tasks/digits/ratings")
        .await
        .ok(StatusCode::OK);
    assert_eq!(ratings["tournaments"], 1);
    let methods = ratings["methods"].as_array().unwrap();
    assert_eq!(methods.len(), 2);
    let cup = server
        .get("/api/v1/tournaments/cup")
        .await
        .ok(StatusCode::OK);
    // Both have the same scores: the champion is so by lot, and is rated like the other.
    for method in methods {
        assert_eq!(method["rating"], 25.0);
        assert!(method["uncertainty"].as_f64().unwrap() < 25.0 / 3.0);
        let step = &method["history"][0];
        assert_eq!(
            (&step["tournament"], &step["of"]),
            (&"cup".into(), &2.into())
        );
        let won = method["method"] == cup["champion"]["method"];
        assert_eq!(method["titles"], u32::from(won));
        assert_eq!(step["champion"], won);
        let entered = cup["methods"].as_array().unwrap();
        assert!(entered.iter().any(|one| one["digest"] == method["digest"]));
    }
    let again = server.get("/api/v1/tasks/digits/ratings").await;
    assert_eq!(again.ok(StatusCode::OK), ratings);
}
