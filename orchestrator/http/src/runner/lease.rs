//! `POST /api/v1/runners/{id}/lease`.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use gauntlet_domain::{Lane, RunnerId};
use gauntlet_protocol::{AssignedTask, Assignment, Lane as WireLane, LeaseRequest, Probing};
use gauntlet_scheduler::commands::claim::{Claim, claim};
use tokio::time::Instant;

use crate::app::App;
use crate::auth::Runner;
use crate::convert;
use crate::error::{Error, Result};
use crate::extract::{Json, Path};

/// The longest a runner may wait; below the time after which proxies cut idle connections.
const MAX_WAIT: u32 = 30;

/// Gives a run as soon as there is one, or 204 when the wait is over.
pub(crate) async fn lease(
    State(app): State<App>,
    runner: Runner,
    Path(id): Path<RunnerId>,
    Json(body): Json<LeaseRequest>,
) -> Result<Response> {
    if body.wait_seconds > MAX_WAIT {
        let error = Error::invalid(
            "body.wait_seconds",
            "this is too long to wait",
            "ask again after each 204",
        );
        return Err(error
            .limit(format!("{MAX_WAIT} seconds"))
            .found(format!("{} seconds", body.wait_seconds)));
    }
    let lanes: &[Lane] = if body.containers {
        &[Lane::Wasm, Lane::Oci]
    } else {
        &[Lane::Wasm]
    };
    let until = Instant::now() + Duration::from_secs(body.wait_seconds.into());
    // Subscribed before the first look, so that no hint falls in between.
    let mut changes = app.changes.subscribe();
    loop {
        if let Some(claimed) = claim(&app.context, id, runner.token, lanes).await? {
            return Ok(axum::Json(assignment(claimed)).into_response());
        }
        let waiting = tokio::time::timeout_at(until, changes.wait(None));
        match app.stop.run_until_cancelled(waiting).await {
            Some(Ok(())) => {}
            Some(Err(_)) | None => return Ok(StatusCode::NO_CONTENT.into_response()),
        }
    }
}

fn assignment(claimed: Claim) -> Assignment {
    let work = claimed.work;
    Assignment {
        run: claimed.run.0,
        attempt: claimed.attempt,
        lease_seconds: claimed.lease.as_secs().try_into().unwrap_or(u32::MAX),
        tournament: work.tournament.to_string(),
        method: work.method.to_string(),
        module: work.module.to_string(),
        lane: match work.lane {
            Lane::Wasm => WireLane::Wasm,
            Lane::Oci => WireLane::Oci,
        },
        task: AssignedTask {
            name: work.task.to_string(),
            info: work.info,
            train: work.train.to_string(),
            hidden_inputs: work.hidden_inputs.to_string(),
            hidden_labels: work.hidden_labels.to_string(),
            base: work.base.map(|digest| digest.to_string()),
        },
        seed: work.seed.to_string(),
        budget: convert::wire_budget(work.budget),
        probing: work.probing.map(|probing| Probing {
            every: probing.every,
            target: probing.target,
        }),
    }
}
