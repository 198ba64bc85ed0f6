//! `GET /api/v1/tournaments` and `GET /api/v1/tournaments/{name}`.

use axum::Json;
use axum::extract::State;
use gauntlet_api::{List, Tournament, TournamentSummary};

use crate::app::App;
use crate::auth::Viewer;
use crate::convert;
use crate::error::Result;
use crate::extract::Path;
use crate::read;

#[utoipa::path(
    get,
    path = "/tournaments",
    operation_id = "list_tournaments",
    tag = "tournaments",
    summary = "The tournaments there are",
    responses(
        (status = 200, description = "The tournaments, newest first", body = List<TournamentSummary>),
    ),
)]
pub(crate) async fn list(State(app): State<App>) -> Result<Json<List<TournamentSummary>>> {
    let items = read::tournaments(&app)
        .await?
        .into_iter()
        .map(convert::summary)
        .collect();
    Ok(Json(List { items }))
}

#[utoipa::path(
    get,
    path = "/tournaments/{name}",
    operation_id = "show_tournament",
    tag = "tournaments",
    summary = "A tournament with all that can be seen of it",
    params(("name" = gauntlet_domain::TournamentName, Path, description = "Name of the tournament")),
    responses(
        (status = 200, description = "The tournament", body = Tournament),
    ),
    security((), ("bearer" = [])),
)]
pub(crate) async fn show(
    State(app): State<App>,
    viewer: Viewer,
    Path(name): Path<String>,
) -> Result<Json<Tournament>> {
    let audience = viewer.audience(&app, &name).await?;
    Ok(Json(convert::tournament(
        read::tournament(&app, &name, audience).await?,
    )))
}
