//! What is shown is what was computed: for every format the JSON, the page and the archive's card
//! say the same. The command line shows this JSON; its own tests read it from these snapshots.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::modules;
use crate::support::Server;

/// Formats by name, small enough to be read whole; groups and pairs where there are some.
fn formats() -> Vec<(&'static str, Value)> {
    vec![
        (
            "halving",
            json!({ "format": "halving", "rungs": 2, "eta": 2, "blocks_per_rung": [2, 3] }),
        ),
        (
            "racing",
            json!({ "format": "racing", "runs_per_method": 2.5, "batch": 1, "confidence": 0.99,
                    "first_block": "half" }),
        ),
        (
            "classic",
            json!({ "format": "classic", "group_size": 3, "group_winners": 1,
                    "group_blocks": 2, "pair_blocks": 3 }),
        ),
        (
            "round_robin",
            json!({ "format": "round_robin", "blocks": 3 }),
        ),
        (
            "swiss",
            json!({ "format": "swiss", "rounds": 3, "blocks": 2 }),
        ),
    ]
}

/// Six methods; the better has the larger number, but for what a block's seed adds.
fn score(method: &str, seed: &str) -> f64 {
    let nth: f64 = method[1..].parse().unwrap();
    let noise = u64::from_str_radix(seed, 16).unwrap() / 7 % 13;
    let own = (noise + 5 * nth as u64) % 13;
    ((0.5 + nth * 0.02 + own as f64 * 0.004) * 1e4).round() / 1e4
}

async fn play(server: &Server, rules: &Value) {
    server.create_task("digits").await;
    let body = json!({ "name": "cup", "task": "digits", "rules": rules, "seed": 7 });
    server
        .admin_post_json("/api/v1/tournaments", &body)
        .await
        .ok(StatusCode::CREATED);
    server
        .admin_post("/api/v1/tournaments/cup/open")
        .await
        .ok(StatusCode::OK);
    for nth in 0..6 {
        // An admin's, since a token of anybody else hands in only a few.
        let method = format!("m{nth}");
        let path = format!("/api/v1/tournaments/cup/submissions?name={method}");
        server
            .post_bytes(
                &path,
                &server.admin,
                "application/wasm",
                modules::honest(&method),
            )
            .await
            .ok(StatusCode::CREATED);
    }
    server
        .admin_post("/api/v1/tournaments/cup/close")
        .await
        .ok(StatusCode::OK);
    let runner = server.register("local").await;
    for _ in 0..200 {
        server.tick().await;
        while let Some(lease) = server.lease(runner).await {
            let seed = lease.assignment["seed"].as_str().unwrap();
            let body = server.completed(score(&lease.method, seed)).await;
            let path = format!(
                "/api/v1/runs/{}/attempts/{}/report",
                lease.run, lease.attempt
            );
            server
                .runner_post(&path, &body)
                .await
                .ok(StatusCode::NO_CONTENT);
        }
        if shown(server).await["state"] == "completed" {
            return;
        }
    }
    panic!("it does not end");
}

async fn shown(server: &Server) -> Value {
    server
        .get("/api/v1/tournaments/cup")
        .await
        .ok(StatusCode::OK)
}

/// What differs from one time to the next: ids, and when things happened.
fn without_chance(mut value: Value) -> Value {
    match &mut value {
        Value::Object(fields) => {
            for (name, field) in fields {
                *field = match (name.as_str(), &field) {
                    ("run" | "archive", Value::String(_)) => json!(uuid::Uuid::nil()),
                    ("created_at" | "completed_at", Value::String(_)) => {
                        json!("2026-01-01T00:00:00Z")
                    }
                    _ => without_chance(field.take()),
                };
            }
        }
        Value::Array(items) => {
            for item in items {
                *item = without_chance(item.take());
            }
        }
        _ => {}
    }
    value
}

/// The text of a page from its first heading of a part on, a line for each piece.
fn text(page: &str) -> String {
    let page = &page[page.find("<h2>").unwrap()..page.find("<details").unwrap()];
    let mut lines = Vec::new();
    for piece in page.split('<') {
        let words = piece.split_once('>').map_or("", |(_, words)| words).trim();
        if !words.is_empty() {
            lines.push(words);
        }
    }
    lines.join("\n")
}

#[tokio::test]
async fn every_format_is_shown_as_it_was_computed() {
    for (name, rules) in formats() {
        let server = Server::start().await;
        play(&server, &rules).await;
        let shown = shown(&server).await;
        let page = server.get("/tournaments/cup/live").await.text();
        let entry = server
            .get("/api/v1/archive/digits@champion")
            .await
            .ok(StatusCode::OK);
        let page = text(&page);

        // One mean, on the same blocks, with the same error, wherever the champion is shown.
        let champion = &shown["champion"];
        let first = &shown["standings"][0];
        assert_eq!(first["method"], champion["method"], "{name}");
        assert_eq!(first["mean"], champion["score"], "{name}");
        assert_eq!(entry["score"], champion["score"], "{name}");
        assert_eq!(entry["blocks"], first["blocks"], "{name}");
        let mean = format!("{:.4}", first["mean"].as_f64().unwrap());
        let error = format!("± {:.4}", first["standard_error"].as_f64().unwrap());
        let card = entry["card"].as_str().unwrap();
        let said = format!(
            "mean accuracy {mean} {error} over {} blocks",
            first["blocks"]
        );
        assert!(card.contains(&said), "{name}: {said}\n{card}");
        assert!(
            page.contains(&mean) && page.contains(&error),
            "{name}\n{page}"
        );

        // The mean and its error again, from the runs themselves.
        let mut scores = Vec::new();
        for round in shown["rounds"].as_array().unwrap() {
            let half = |block: &Value| {
                let blocks = round["blocks"].as_array().unwrap().iter();
                let mut same = blocks.filter(|one| one["number"] == *block);
                same.next().unwrap()["half"] == true
            };
            let runs = round["runs"].as_array().unwrap().iter();
            let own = runs.filter(|run| run["method"] == champion["method"]);
            scores.extend(
                own.filter(|run| !half(&run["block"]))
                    .map(|run| run["score"].as_f64().unwrap()),
            );
        }
        let n = scores.len() as f64;
        let again = scores.iter().sum::<f64>() / n;
        let squares: f64 = scores.iter().map(|score| (score - again).powi(2)).sum();
        assert_eq!(first["blocks"], scores.len(), "{name}");
        assert!((again - first["mean"].as_f64().unwrap()).abs() < 1e-12);
        let again = (squares / (n - 1.0) / n).sqrt();
        assert!((again - first["standard_error"].as_f64().unwrap()).abs() < 1e-12);

        // A cut's line names two that met.
        for round in shown["rounds"].as_array().unwrap() {
            let line = &round["cut"]["line"];
            let (Some(kept), Some(dropped)) = (line["kept"].as_str(), line["dropped"].as_str())
            else {
                continue;
            };
            let said = format!("At the line: {kept} against {dropped}");
            assert!(page.contains(&said), "{name}: {said}\n{page}");
            if let Some(heats) = round["heats"].as_array().filter(|_| name == "classic") {
                let together = |heat: &Value| {
                    let methods = heat["methods"].as_array().unwrap();
                    methods.contains(&json!(kept)) && methods.contains(&json!(dropped))
                };
                assert!(heats.iter().any(together), "{name}: {kept} and {dropped}");
                assert!(round["cut"]["common_blocks"].as_u64().unwrap() > 0);
            }
        }
        insta::assert_json_snapshot!(format!("{name}_json"), without_chance(shown));
        insta::assert_snapshot!(format!("{name}_page"), page);
    }
}
