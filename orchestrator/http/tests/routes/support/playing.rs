//! Tasks, tournaments and runs, as organisers, miners and runners bring them about.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Answer, Server, digest};

/// A leased attempt.
pub(crate) struct Lease {
    pub(crate) run: Uuid,
    pub(crate) attempt: i64,
    pub(crate) method: String,
    pub(crate) assignment: Value,
}

impl Server {
    pub(crate) async fn submit(&self, tournament: &str, name: &str, module: Vec<u8>) -> Answer {
        let path = format!(
            "/api/v1/tournaments/{tournament}/submissions?name={}",
            escaped(name)
        );
        self.post_bytes(&path, &self.miner, "application/wasm", module)
            .await
    }

    /// Puts the blobs of a task and gives a body for its creation.
    pub(crate) async fn task_body(&self, name: &str) -> Value {
        let mut digests = Vec::new();
        for part in ["train", "hidden inputs", "hidden labels"] {
            let bytes = format!("{part} of {name}").into_bytes();
            let digest = digest(&bytes);
            self.put_blob(&digest, &self.admin, bytes)
                .await
                .ok(StatusCode::NO_CONTENT);
            digests.push(digest);
        }
        json!({
            "name": name,
            "title": "Handwritten digits",
            "description": "Which digit is it?",
            "licence": "CC-BY-4.0",
            "info": { "name": name, "kind": "anything" },
            "budget": {
                "work": 1_000_000_000u64, "predict_share_percent": 20, "wall_seconds": 60,
                "tensor_bytes": 1 << 28, "guest_bytes": 1 << 26, "output_bytes": 1 << 24,
            },
            "train": digests[0],
            "hidden_inputs": digests[1],
            "hidden_labels": digests[2],
        })
    }

    pub(crate) async fn create_task(&self, name: &str) {
        let body = self.task_body(name).await;
        self.admin_post_json("/api/v1/tasks", &body)
            .await
            .ok(StatusCode::CREATED);
    }

    /// A tournament of two rungs on the task `digits`.
    pub(crate) async fn draft_tournament(&self, name: &str) {
        self.create_task("digits").await;
        let rules = json!({ "format": "halving", "rungs": 2, "eta": 2, "blocks_per_rung": [1, 2] });
        let body = json!({ "name": name, "task": "digits", "rules": rules, "seed": 7 });
        self.admin_post_json("/api/v1/tournaments", &body)
            .await
            .ok(StatusCode::CREATED);
    }

    pub(crate) async fn open_tournament(&self, name: &str) {
        self.draft_tournament(name).await;
        self.admin_post(&format!("/api/v1/tournaments/{name}/open"))
            .await
            .ok(StatusCode::OK);
    }

    /// A tournament of these methods, closed, with their first runs queued.
    pub(crate) async fn closed_tournament(&self, name: &str, methods: &[&str]) {
        self.open_tournament(name).await;
        for method in methods {
            self.submit(name, method, crate::modules::honest(method))
                .await
                .ok(StatusCode::CREATED);
        }
        self.admin_post(&format!("/api/v1/tournaments/{name}/close"))
            .await
            .ok(StatusCode::OK);
        self.tick().await;
    }

    /// A tournament of two methods, played to its end.
    pub(crate) async fn finished_tournament(&self, name: &str) {
        self.closed_tournament(name, &["one", "two"]).await;
        self.finish(name).await;
    }

    /// Plays what is left of a tournament.
    pub(crate) async fn finish(&self, name: &str) {
        let runner = self.register("finisher").await;
        for _ in 0..100 {
            self.tick().await;
            let shown = self
                .get(&format!("/api/v1/tournaments/{name}"))
                .await
                .ok(StatusCode::OK);
            if shown["state"] == "completed" {
                return;
            }
            while let Some(lease) = self.lease(runner).await {
                let mut body = self.completed(0.9).await;
                body["curve"] = json!([
                    { "step": 0, "name": "loss", "value": 2.0 },
                    { "step": 10, "name": "loss", "value": 1.0 },
                ]);
                let path = format!(
                    "/api/v1/runs/{}/attempts/{}/report",
                    lease.run, lease.attempt
                );
                self.runner_post(&path, &body)
                    .await
                    .ok(StatusCode::NO_CONTENT);
            }
        }
        panic!("{name} does not end");
    }

    /// Id of the champion's archive entry.
    pub(crate) async fn champion(&self, name: &str) -> String {
        let shown = self
            .get(&format!("/api/v1/tournaments/{name}"))
            .await
            .ok(StatusCode::OK);
        shown["champion"]["archive"]
            .as_str()
            .expect("archived")
            .to_owned()
    }

    pub(crate) async fn register(&self, name: &str) -> Uuid {
        let body = json!({ "name": name, "class": "cpu-2", "version": "0.1.0" });
        let answer = self
            .runner_post("/api/v1/runners", &body)
            .await
            .ok(StatusCode::OK);
        answer["runner"].as_str().unwrap().parse().unwrap()
    }

    pub(crate) async fn lease(&self, runner: Uuid) -> Option<Lease> {
        self.lease_waiting(runner, 0).await
    }

    pub(crate) async fn lease_waiting(&self, runner: Uuid, seconds: u32) -> Option<Lease> {
        let answer = self
            .runner_post(
                &format!("/api/v1/runners/{runner}/lease"),
                &json!({ "wait_seconds": seconds }),
            )
            .await;
        if answer.status == StatusCode::NO_CONTENT {
            return None;
        }
        let assignment = answer.ok(StatusCode::OK);
        Some(Lease {
            run: assignment["run"].as_str().unwrap().parse().unwrap(),
            attempt: assignment["attempt"].as_i64().unwrap(),
            method: assignment["method"].as_str().unwrap().to_owned(),
            assignment,
        })
    }

    /// Leases until it is this run's turn; the others are left leased.
    pub(crate) async fn lease_run(&self, runner: Uuid, run: Uuid) -> Lease {
        for _ in 0..100 {
            match self.lease(runner).await {
                Some(lease) if lease.run == run => return lease,
                Some(_) => {}
                // A lost attempt is followed by a pause.
                None => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
        panic!("the run is not leased again");
    }

    /// A good report, whose model is put already.
    pub(crate) async fn completed(&self, score: f64) -> Value {
        let model = format!("model {score}").into_bytes();
        let name = digest(&model);
        self.put_blob(&name, &self.runner, model)
            .await
            .ok(StatusCode::NO_CONTENT);
        report("completed", Some(score), Some(&name))
    }
}

/// A report as a runner sends it.
pub(crate) fn report(verdict: &str, score: Option<f64>, model: Option<&str>) -> Value {
    let meters = json!({
        "work": 1_900_000u64, "flops": 1_200_000u64, "bytes_moved": 700_000u64, "operations": 480,
        "batches": 12, "peak_tensor_bytes": 3 << 20, "wall_micros": 234_567,
    });
    json!({
        "verdict": verdict, "score": score, "model": model, "predictions": null, "detail": null,
        "train": meters, "predict": meters, "curve": [],
    })
}

/// For a query.
fn escaped(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' => char::from(byte).to_string(),
            b'%' => String::from("%"),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
