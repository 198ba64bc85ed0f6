//! `GET /api/v1/runs/{id}`.

use axum::Json;
use axum::extract::State;
use gauntlet_api::Run;
use gauntlet_domain::RunId;

use crate::app::App;
use crate::auth::Viewer;
use crate::convert;
use crate::error::Result;
use crate::extract::Path;
use crate::read;

#[utoipa::path(
    get,
    path = "/runs/{id}",
    operation_id = "show_run",
    tag = "runs",
    summary = "A run",
    params(("id" = uuid::Uuid, Path, description = "Id of the run")),
    responses(
        (status = 200, description = "The run", body = Run),
    ),
    security((), ("bearer" = [])),
)]
pub(crate) async fn show(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<RunId>,
) -> Result<Json<Run>> {
    Ok(Json(convert::run(read::run_for(&app, id, &viewer).await?)))
}
