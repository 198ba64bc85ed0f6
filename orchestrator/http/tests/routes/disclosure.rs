//! What a run tells while its tournament is played: a method that has seen hidden inputs has few
//! answers to choose from.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::time::Duration;

use axum::http::StatusCode;
use futures::StreamExt;
use gauntlet_domain::run::SCORE_STEPS;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use crate::events::next;
use crate::modules;
use crate::support::{Lease, Server, digest, report};

const SPY: &str = "spy";
/// Rounded, both are this.
const CHOSEN: [(f64, f64); 2] = [(0.9312, 0.93), (0.9288, 0.93)];

/// A tournament of three whose first round is open, with two of its runs done: the third is the
/// spy's, leased by the runner.
async fn stage() -> (Server, Uuid, Lease) {
    let server = Server::start().await;
    server.open_tournament("cup").await;
    for name in [SPY, "one", "two"] {
        server
            .submit("cup", name, modules::honest(name))
            .await
            .ok(StatusCode::CREATED);
    }
    server
        .admin_post("/api/v1/tournaments/cup/close")
        .await
        .ok(StatusCode::OK);
    server.tick().await;
    let runner = server.register("local-1").await;
    let mut spy = None;
    while let Some(lease) = server.lease(runner).await {
        if lease.method == SPY {
            spy = Some(lease);
            continue;
        }
        let score = if lease.method == "one" { 0.5 } else { 0.7 };
        let body = server.completed(score).await;
        deliver(&server, &lease, "report", &body).await;
    }
    (server, runner, spy.expect("the spy's run is queued"))
}

async fn deliver(server: &Server, lease: &Lease, what: &str, body: &Value) {
    let path = format!(
        "/api/v1/runs/{}/attempts/{}/{what}",
        lease.run, lease.attempt
    );
    let answer = server.runner_post(&path, body).await;
    assert!(answer.status.is_success(), "{}", answer.text());
}

/// The JSON of the tournament, the run and the record, for `token` if there is one.
async fn answers(server: &Server, run: Uuid, token: Option<&str>) -> [Value; 3] {
    let paths = [
        String::from("/api/v1/tournaments/cup"),
        format!("/api/v1/runs/{run}"),
        String::from("/api/v1/tournaments/cup/record"),
    ];
    let mut all = Vec::new();
    for path in paths {
        let answer = match token {
            Some(token) => server.get_as(&path, token).await,
            None => server.get(&path).await,
        };
        all.push(answer.ok(StatusCode::OK));
    }
    all.try_into().expect("three answers")
}

/// Without what differs between any two servers: ids, times, and digests over these.
fn comparable(value: Value) -> Value {
    match value {
        Value::String(text) => {
            let is_time = OffsetDateTime::parse(&text, &Rfc3339).is_ok();
            if is_time || text.parse::<Uuid>().is_ok() || text.len() == 64 {
                return json!("differs");
            }
            match serde_json::from_str::<Value>(&text) {
                Ok(inner @ Value::Object(_)) => comparable(inner),
                _ => Value::String(text),
            }
        }
        Value::Array(items) => items.into_iter().map(comparable).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .filter(|(name, _)| name != "at_micros")
            .map(|(name, field)| (name, comparable(field)))
            .collect(),
        other => other,
    }
}

/// Plays the spy's run in one of two ways that differ in whatever it can choose once it has seen
/// hidden inputs, and gives what everybody sees of it: with its result, then with its round
/// decided, and what an admin sees.
async fn told(way: usize) -> ([Value; 3], [Value; 3], [Value; 3]) {
    let (server, runner, mut lease) = stage().await;
    if way == 1 {
        for _ in 0..3 {
            let beat = json!({ "progress": 0.9, "curve": [] });
            deliver(&server, &lease, "heartbeat", &beat).await;
        }
        deliver(&server, &lease, "fault", &json!({ "reason": "label 7" })).await;
        lease = server.lease_run(runner, lease.run).await;
    }
    let model = b"the model, made before".to_vec();
    let name = digest(&model);
    server
        .put_blob(&name, &server.runner, model)
        .await
        .ok(StatusCode::NO_CONTENT);
    let mut body = report("completed", Some(CHOSEN[way].0), Some(&name));
    if way == 1 {
        body["detail"] = json!("r2 0.1234; label 3");
        body["predictions"] = json!(digest(b"label 4"));
        for (nth, meter) in [
            "work",
            "flops",
            "batches",
            "peak_tensor_bytes",
            "wall_micros",
        ]
        .into_iter()
        .enumerate()
        {
            body["predict"][meter] = json!(1_000 + nth);
        }
    }
    deliver(&server, &lease, "report", &body).await;
    let with_result = answers(&server, lease.run, None).await;
    server.tick().await;
    let decided = answers(&server, lease.run, None).await;
    let admin = answers(&server, lease.run, Some(&server.admin)).await;
    (with_result, decided, admin)
}

#[tokio::test]
async fn what_a_method_chooses_after_it_saw_hidden_inputs_changes_no_answer() {
    let (first, second) = (told(0).await, told(1).await);
    for (one, other) in [(first.0, second.0), (first.1, second.1)] {
        for (one, other) in one.into_iter().zip(other) {
            let (one, other) = (comparable(one), comparable(other));
            assert_eq!(one, other);
            assert!(!one.to_string().contains("label"), "{one}");
        }
    }
    // The organiser sees all of it.
    for ((score, _), [tournament, run, record]) in CHOSEN.into_iter().zip([first.2, second.2]) {
        assert_eq!(run["score"], score);
        assert!(run["predict"]["work"].is_u64(), "{run}");
        assert!(run["attempts"][0]["state"].is_string(), "{run}");
        assert!(run.get("rounded").is_none(), "{run}");
        assert!(tournament["rounds"][0]["cut"]["effect"].is_f64());
        let done = record["events"].as_array().unwrap().iter();
        let done = done.filter(|event| event["body"].as_str().unwrap().contains("run_done"));
        assert_eq!(done.count(), 3);
    }
}

#[tokio::test]
async fn everything_is_shown_once_the_tournament_has_ended() {
    let (server, _, lease) = stage().await;
    let mut body = server.completed(CHOSEN[0].0).await;
    body["detail"] = json!("r2 0.1234");
    deliver(&server, &lease, "report", &body).await;
    let [tournament, run, record] = answers(&server, lease.run, None).await;
    assert_eq!(
        (&tournament["rounded"], &run["rounded"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(run["score"], CHOSEN[0].1);
    assert_eq!(run["train"], body["train"]);
    let mean = tournament["standings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|line| line["method"] == SPY)
        .map(|line| line["mean"].clone());
    assert_eq!(mean, Some(json!(CHOSEN[0].1)));
    // What is shown of the record is a chain in itself.
    let events = record["events"].as_array().unwrap();
    assert_eq!(record["length"], events.len());
    assert_eq!(record["head"], events[events.len() - 1]["digest"]);

    server.finish("cup").await;
    let [tournament, run, record] = answers(&server, lease.run, None).await;
    assert!(tournament.get("rounded").is_none() && run.get("rounded").is_none());
    assert_eq!(run["score"], CHOSEN[0].0);
    assert_eq!(run["detail"], "r2 0.1234");
    assert_eq!(run["predict"], body["predict"]);
    assert_eq!(run["attempts"][0]["state"], "reported");
    assert!(record.to_string().contains("0.9312"), "{record}");
}

#[tokio::test]
async fn an_event_stream_hears_of_what_is_shown() {
    let (server, _, lease) = stage().await;
    let path = format!("/api/v1/runs/{}/events", lease.run);
    let mut stream = server.stream(&path).await;
    assert_eq!(next(&mut stream).await["finished"], false);
    // Heartbeats of a run that predicts tell nothing, so they are no event; its result is one.
    for _ in 0..3 {
        let beat = json!({ "progress": 0.0, "curve": [] });
        deliver(&server, &lease, "heartbeat", &beat).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    let body = server.completed(0.5).await;
    deliver(&server, &lease, "report", &body).await;
    assert_eq!(next(&mut stream).await["finished"], true);
}

/// Everything that everybody may ask about a tournament and one of its runs, as one text.
async fn everything(server: &Server, run: Uuid) -> String {
    let mut all = String::new();
    for path in [
        format!("/api/v1/runs/{run}"),
        format!("/runs/{run}"),
        String::from("/api/v1/tournaments/cup"),
        String::from("/tournaments/cup"),
        String::from("/api/v1/tournaments/cup/record"),
        String::from("/api/v1/tournaments"),
    ] {
        let answer = server.get(&path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        all.push_str(&answer.text());
    }
    for path in [
        format!("/api/v1/runs/{run}/events"),
        String::from("/api/v1/tournaments/cup/events"),
    ] {
        let mut stream = server.stream(&path).await;
        let first = tokio::time::timeout(Duration::from_secs(30), stream.next()).await;
        all.push_str(&first.expect("the present").expect("an event"));
    }
    all
}

/// Numbers and words that a method could choose while it predicts.
fn free(nth: u32) -> String {
    let meters = json!({
        "work": nth, "flops": nth * 7, "bytes_moved": nth, "operations": nth, "batches": nth % 5,
        "peak_tensor_bytes": nth, "wall_micros": 1 + nth * 1_000,
    });
    format!(
        "detail = 'label {nth}', predict = '{meters}', predictions = '{}'",
        digest(&nth.to_be_bytes())
    )
}

/// Counts the distinct answers by writing every result, verdict by verdict and between the steps
/// of the score, in place of a run's, beside everything else that a method could choose.
#[tokio::test]
async fn outside_figure_leak_bits_per_run() {
    let (server, _, lease) = stage().await;
    let run = lease.run;
    let mut pending = HashSet::new();
    pending.insert(everything(&server, run).await);
    let lease_until = "lease_until = now() + interval '1 hour'";
    for state in [
        String::from("state = 'stuck', lease_until = NULL, stuck_because = 'label 3'"),
        String::from("state = 'stuck', lease_until = NULL, stuck_because = 'label 4'"),
        String::from("state = 'queued', lease_until = NULL, stuck_because = NULL"),
        format!("state = 'leased', {lease_until}, stuck_because = NULL"),
    ] {
        server
            .execute(&format!("UPDATE runs SET {state} WHERE id = '{run}'"))
            .await;
        pending.insert(everything(&server, run).await);
    }
    assert_eq!(pending.len(), 3, "leased, stuck, queued");

    let body = server.completed(0.5).await;
    deliver(&server, &lease, "report", &body).await;
    let model = body["model"].as_str().unwrap();
    server
        .execute(
            "ALTER TABLE results DISABLE TRIGGER USER;
                  ALTER TABLE attempts DISABLE TRIGGER USER",
        )
        .await;
    let mut results = Vec::new();
    for nth in 0..=250_u32 {
        let score = f64::from(nth) / 250.0;
        for to_target in ["NULL", "400000"] {
            results.push(format!(
                "verdict = 'completed', score = {score}, model = '{model}', \
                 to_target = {to_target}"
            ));
        }
    }
    for verdict in [
        "budget_exceeded",
        "memory_exceeded",
        "method_failed",
        "invalid_predictions",
    ] {
        for _ in 0..5 {
            results.push(format!(
                "verdict = '{verdict}', score = NULL, model = NULL, to_target = NULL"
            ));
        }
    }
    let mut ended = HashSet::new();
    for (nth, result) in (0..).zip(&results) {
        let (free, attempts) = (free(nth), 1 + nth % 5);
        server
            .execute(&format!(
                "UPDATE results SET {result}, {free} WHERE run_id = '{run}';
                 UPDATE runs SET attempt = {attempts} WHERE id = '{run}';
                 UPDATE attempts SET reason = 'label {nth}',
                        ended_at = leased_at + interval '{nth} milliseconds'
                 WHERE run_id = '{run}';
                 INSERT INTO beats AS kept (tournament_id, shard, count)
                 SELECT tournament_id, {attempts}, 1 FROM runs WHERE id = '{run}'
                 ON CONFLICT (tournament_id, shard) DO UPDATE SET count = kept.count + 1"
            ))
            .await;
        ended.insert(everything(&server, run).await);
    }
    // Every step, with the target reached or not, and the four faults: nothing else tells.
    let steps = SCORE_STEPS as usize + 1;
    assert_eq!(ended.len(), 2 * steps + 4);
    let bits = ((pending.len() + ended.len()) as f64).log2();
    figure("leak_bits_per_run", bits);
    assert!(bits <= 8.0, "{bits}");
}

/// Writes a figure for `make figures-engine-outside`.
fn figure(name: &str, number: f64) {
    // `target/tmp` is cargo's folder for tests, whatever the target folder is called.
    let target = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .unwrap();
    let folder = target.join("figures/outside");
    std::fs::create_dir_all(&folder).unwrap();
    let mut line = String::new();
    writeln!(line, "{name} {number:.3}").unwrap();
    std::fs::write(folder.join(name), line).unwrap();
}
