//! `POST /api/v1/runs/{run}/attempts/{attempt}/heartbeat`.

use axum::extract::State;
use gauntlet_domain::RunId;
use gauntlet_protocol::{Heartbeat, LeaseExtended};
use gauntlet_scheduler::commands::heartbeat::heartbeat as beat;
use gauntlet_scheduler::commands::score_checkpoints::score_checkpoints;
use gauntlet_storage::leases::Holder;

use crate::app::App;
use crate::auth::Runner;
use crate::error::Result;
use crate::extract::{Json, Path};
use crate::runner::wire;

#[utoipa::path(
    post,
    path = "/runs/{id}/attempts/{attempt}/heartbeat",
    operation_id = "heartbeat",
    tag = "runners",
    summary = "Keep a lease",
    params(
        ("id" = uuid::Uuid, Path, description = "Id of the run"),
        ("attempt" = i32, Path, description = "Number of the attempt", minimum = 1),
    ),
    request_body = Heartbeat,
    responses(
        (status = 200, description = "It is kept", body = LeaseExtended),
        (status = 409, description = "It does not fit the present state"),
    ),
    security(("bearer" = ["runner"])),
)]
pub(crate) async fn heartbeat(
    State(app): State<App>,
    Runner(runner): Runner,
    Path((run, attempt)): Path<(RunId, i32)>,
    Json(body): Json<Heartbeat>,
) -> Result<axum::Json<LeaseExtended>> {
    let holder = Holder {
        run,
        attempt,
        token: runner.token,
    };
    let curve = wire::curve(body.curve);
    let lease = beat(&app.context, &holder, body.progress, curve).await?;
    let stop = match body.probes.as_slice() {
        // Where nobody asks for probes there is nothing to look up.
        [] => None,
        new => score_checkpoints(&app.context, &holder, &wire::checkpoint_scores(new)).await?,
    };
    Ok(axum::Json(LeaseExtended {
        lease_seconds: lease.as_secs().try_into().unwrap_or(u32::MAX),
        stop,
    }))
}
