//! A runner as the engine sees one: a connection that leases and reports. What it does in
//! between takes no time, so that only the engine is measured.

use bytes::Bytes;
use gauntlet_protocol::{
    Assignment, Assignments, AttemptReport, LeaseRequest, LeasesRequest, Meters, Register,
    Registered, Report, ReportAnswers, Reports, Verdict,
};
use http_body_util::Full;
use hyper::{Request, StatusCode};
use serde::Serialize;
use uuid::Uuid;

use crate::connection::Connection;
use crate::error::Result;
use crate::platform::Platform;

/// See the module.
pub(crate) struct Runner {
    connection: Connection,
    token: String,
    model: String,
    id: Uuid,
}

impl Runner {
    /// Connects and registers.
    pub(crate) async fn start(platform: &Platform, name: &str) -> Result<Self> {
        let mut runner = Self {
            connection: Connection::new(&platform.address),
            token: format!("Bearer {}", platform.token),
            model: platform.model.clone(),
            id: Uuid::nil(),
        };
        let body = Register {
            name: name.to_owned(),
            class: "bench".to_owned(),
            version: "0".to_owned(),
        };
        let answer = runner.post("/api/v1/runners", &body).await?;
        let registered: Registered = serde_json::from_slice(&answer.ok_or("no answer")?)?;
        runner.id = registered.runner;
        Ok(runner)
    }

    /// The body of the answer; nothing for 204.
    async fn post(&mut self, path: &str, body: &impl Serialize) -> Result<Option<Bytes>> {
        let request = Request::post(path)
            .header("host", "bench")
            .header("authorization", &self.token)
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(serde_json::to_vec(body)?)))?;
        let (status, body) = self.connection.send(&request).await?;
        match status {
            StatusCode::NO_CONTENT => Ok(None),
            status if status.is_success() => Ok(Some(body)),
            status => {
                Err(format!("POST {path}: {status} {}", String::from_utf8_lossy(&body)).into())
            }
        }
    }

    pub(crate) async fn lease(&mut self, wait_seconds: u32) -> Result<Option<Assignment>> {
        let body = LeaseRequest {
            wait_seconds,
            containers: false,
        };
        let path = format!("/api/v1/runners/{}/lease", self.id);
        let answer = self.post(&path, &body).await?;
        Ok(answer
            .map(|body| serde_json::from_slice(&body))
            .transpose()?)
    }

    pub(crate) async fn lease_many(&mut self, most: usize) -> Result<Vec<Assignment>> {
        let body = LeasesRequest {
            most,
            wait_seconds: 1,
            containers: false,
        };
        let path = format!("/api/v1/runners/{}/leases", self.id);
        let answer = self.post(&path, &body).await?;
        let leased: Option<Assignments> = answer
            .map(|body| serde_json::from_slice(&body))
            .transpose()?;
        Ok(leased.map(|leased| leased.assignments).unwrap_or_default())
    }

    pub(crate) async fn report(&mut self, assignment: &Assignment) -> Result<()> {
        let path = format!(
            "/api/v1/runs/{}/attempts/{}/report",
            assignment.run, assignment.attempt
        );
        let body = result(&self.model, assignment);
        self.post(&path, &body).await?;
        Ok(())
    }

    pub(crate) async fn report_many(&mut self, assignments: &[Assignment]) -> Result<()> {
        let reports = assignments
            .iter()
            .map(|assignment| AttemptReport {
                run: assignment.run,
                attempt: assignment.attempt,
                report: result(&self.model, assignment),
            })
            .collect();
        let answer = self.post("/api/v1/reports", &Reports { reports }).await?;
        let answers: ReportAnswers = serde_json::from_slice(&answer.ok_or("no answer")?)?;
        match answers
            .answers
            .into_iter()
            .find_map(|answer| answer.problem)
        {
            Some(problem) => Err(format!("a report was refused: {}", problem.detail).into()),
            None => Ok(()),
        }
    }
}

/// What it would report: a score that differs between methods and blocks.
fn result(model: &str, assignment: &Assignment) -> Report {
    let bits = assignment.run.as_u128() ^ u128::from_str_radix(&assignment.seed, 16).unwrap_or(0);
    let meters = Meters {
        work: 900_000_000,
        flops: 600_000_000,
        bytes_moved: 300_000_000,
        operations: 48_000,
        batches: 400,
        peak_tensor_bytes: 3 << 20,
        wall_micros: 2_345_678,
    };
    Report {
        probes: Vec::new(),
        to_target: None,
        verdict: Verdict::Completed,
        score: Some((bits % 1_000_003) as f64 / 1_000_003.0),
        model: Some(model.to_owned()),
        predictions: Some(model.to_owned()),
        detail: None,
        train: meters,
        predict: meters,
        curve: Vec::new(),
    }
}
