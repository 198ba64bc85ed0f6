//! `POST /api/v1/runs/{id}/retry`.

use axum::extract::State;
use gauntlet_api::Run;
use gauntlet_domain::RunId;
use gauntlet_scheduler::commands::retry::retry_run;

use crate::app::App;
use crate::auth::{Admin, Eyes};
use crate::convert;
use crate::error::Result;
use crate::extract::Path;
use crate::read;

#[utoipa::path(
    post,
    path = "/runs/{id}/retry",
    operation_id = "retry_run",
    tag = "runs",
    summary = "Grant a stuck run further attempts",
    params(("id" = uuid::Uuid, Path, description = "Id of the run")),
    responses(
        (status = 200, description = "The run", body = Run),
        (status = 409, description = "It does not fit the present state"),
    ),
    security(("bearer" = ["admin"])),
)]
pub(crate) async fn retry(
    State(app): State<App>,
    Admin(admin): Admin,
    Path(id): Path<RunId>,
) -> Result<axum::Json<Run>> {
    retry_run(&admin.context(&app), id).await?;
    Ok(axum::Json(convert::run(
        read::run(&app, id, Eyes::ORGANISER).await?,
    )))
}
