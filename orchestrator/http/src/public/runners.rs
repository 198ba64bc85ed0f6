//! `GET /api/v1/runners`.

use axum::Json;
use axum::extract::State;
use gauntlet_api::{List, Runner};
use gauntlet_domain::tournament::Audience;
use gauntlet_storage::Place;
use gauntlet_storage::views::RunnerView;

use crate::app::App;
use crate::auth::Viewer;
use crate::convert;
use crate::error::Result;
use crate::extract::Query;
use crate::page::Piece;
use crate::read;

#[utoipa::path(
    get,
    path = "/runners",
    operation_id = "list_runners",
    tag = "runners",
    summary = "The runners there are",
    params(Piece),
    responses(
        (status = 200, description = "The runners", body = List<Runner>),
    ),
    security((), ("bearer" = [])),
)]
pub(crate) async fn list(
    State(app): State<App>,
    viewer: Viewer,
    Query(piece): Query<Piece>,
) -> Result<Json<List<Runner>>> {
    Ok(Json(
        runners(&app, viewer.audience_of_platform(), &piece).await?,
    ))
}

/// A piece of the list, those that registered last first.
pub(crate) async fn runners(app: &App, audience: Audience, piece: &Piece) -> Result<List<Runner>> {
    let read = read::runners(app, audience, &piece.page()?).await?;
    let place = |view: &RunnerView| Place {
        at: view.registered_at,
        id: view.id.0,
    };
    Ok(piece.list(read, place, convert::runner))
}
