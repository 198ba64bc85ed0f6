//! `POST /api/v1/runners/{id}/lease` and `…/leases`.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use gauntlet_domain::RunnerId;
use gauntlet_domain::run::Lane;
use gauntlet_protocol::{
    AssignedTask, Assignment, Assignments, Lane as WireLane, LeaseRequest, LeasesRequest,
    MOST_AT_ONCE, Probing,
};
use gauntlet_scheduler::commands::claim::{self, Claim};
use tokio::time::Instant;

use crate::app::App;
use crate::auth::{self, Caller, Runner};
use crate::error::{Error, Result};
use crate::extract::{Json, Path};
use crate::runner::wire;

/// The longest a runner may wait; below the time after which proxies cut idle connections.
const MAX_WAIT: u32 = 30;

/// Gives a run as soon as there is one, or 204 when the wait is over.
#[utoipa::path(
    post,
    path = "/runners/{id}/lease",
    operation_id = "lease",
    tag = "runners",
    summary = "Wait for work",
    params(("id" = uuid::Uuid, Path, description = "Id of the runner")),
    request_body = LeaseRequest,
    responses(
        (status = 200, description = "An attempt", body = Assignment),
        (status = 204, description = "There is none so far"),
    ),
    security(("bearer" = ["runner"])),
)]
pub(crate) async fn lease(
    State(app): State<App>,
    Runner(runner): Runner,
    Path(id): Path<RunnerId>,
    Json(body): Json<LeaseRequest>,
) -> Result<Response> {
    let until = until(body.wait_seconds)?;
    let ask = claim::LeaseRequest {
        runner: id,
        most: 1,
    };
    let wait = app.leases.wait(runner.token, ask, body.containers, until);
    Ok(match while_good(&app, &runner, wait).await?.pop() {
        Some(claimed) => {
            app.metrics.leased(1);
            axum::Json(assignment(claimed)).into_response()
        }
        None => StatusCode::NO_CONTENT.into_response(),
    })
}

/// Gives several as soon as there is one, or 204 when the wait is over.
#[utoipa::path(
    post,
    path = "/runners/{id}/leases",
    operation_id = "lease_several",
    tag = "runners",
    summary = "Wait for work, several at once",
    params(("id" = uuid::Uuid, Path, description = "Id of the runner")),
    request_body = LeasesRequest,
    responses(
        (status = 200, description = "Attempts", body = Assignments),
        (status = 204, description = "There are none so far"),
    ),
    security(("bearer" = ["runner"])),
)]
pub(crate) async fn leases(
    State(app): State<App>,
    Runner(runner): Runner,
    Path(id): Path<RunnerId>,
    Json(body): Json<LeasesRequest>,
) -> Result<Response> {
    let until = until(body.wait_seconds)?;
    check_count("body.most", body.most)?;
    let ask = claim::LeaseRequest {
        runner: id,
        most: body.most,
    };
    let wait = app.leases.wait(runner.token, ask, body.containers, until);
    let claims = while_good(&app, &runner, wait).await?;
    let assignments: Vec<Assignment> = claims.into_iter().map(assignment).collect();
    Ok(if assignments.is_empty() {
        StatusCode::NO_CONTENT.into_response()
    } else {
        app.metrics.leased(assignments.len());
        axum::Json(Assignments { assignments }).into_response()
    })
}

/// Waits for leases; a runner whose token is revoked meanwhile gets none.
async fn while_good(
    app: &App,
    runner: &Caller,
    wait: impl Future<Output = Result<Vec<Claim>>>,
) -> Result<Vec<Claim>> {
    let hold = runner.hold(app);
    tokio::select! {
        claims = wait => claims,
        () = hold.ended() => Err(auth::ended()),
    }
}

/// When a runner that may wait this long is sent away.
fn until(wait_seconds: u32) -> Result<Instant> {
    if wait_seconds > MAX_WAIT {
        let error = Error::invalid(
            "body.wait_seconds",
            "this is too long to wait",
            "ask again after each 204",
        );
        return Err(error
            .limit(format!("{MAX_WAIT} seconds"))
            .found(format!("{wait_seconds} seconds")));
    }
    Ok(Instant::now() + Duration::from_secs(wait_seconds.into()))
}

/// How many attempts or reports one request may be about.
pub(super) fn check_count(field: &str, count: usize) -> Result<()> {
    if (1..=MOST_AT_ONCE).contains(&count) {
        return Ok(());
    }
    Err(Error::invalid(
        field,
        "this is not a number that is handled at once",
        "send several requests",
    )
    .limit(format!("1 to {MOST_AT_ONCE}"))
    .found(count.to_string()))
}

fn assignment(claimed: Claim) -> Assignment {
    let work = claimed.work;
    Assignment {
        run: claimed.run.0,
        attempt: claimed.attempt,
        lease_seconds: claimed.lease.as_secs().try_into().unwrap_or(u32::MAX),
        tournament: work.tournament.to_string(),
        method: work.method.to_string(),
        artifact: work.artifact.to_string(),
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
        budget: wire::budget(work.budget),
        probing: work.probing.map(|probing| Probing {
            every: probing.every,
            target: probing.target,
        }),
    }
}
