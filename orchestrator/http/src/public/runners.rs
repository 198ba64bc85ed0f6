//! `GET /api/v1/runners`.

use axum::Json;
use axum::extract::State;
use gauntlet_api::{List, Runner};

use crate::app::App;
use crate::auth::Viewer;
use crate::convert;
use crate::error::Result;
use crate::read;

#[utoipa::path(
    get,
    path = "/runners",
    operation_id = "list_runners",
    tag = "runners",
    summary = "The runners there are",
    responses(
        (status = 200, description = "The runners", body = List<Runner>),
    ),
    security((), ("bearer" = [])),
)]
pub(crate) async fn list(State(app): State<App>, viewer: Viewer) -> Result<Json<List<Runner>>> {
    let items = read::runners(&app, viewer.audience_of_platform())
        .await?
        .into_iter()
        .map(convert::runner)
        .collect();
    Ok(Json(List { items }))
}
