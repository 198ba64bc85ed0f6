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

pub(crate) async fn list(State(app): State<App>) -> Result<Json<List<TournamentSummary>>> {
    let items = read::tournaments(&app)
        .await?
        .into_iter()
        .map(convert::summary)
        .collect();
    Ok(Json(List { items }))
}

pub(crate) async fn show(
    State(app): State<App>,
    viewer: Viewer,
    Path(name): Path<String>,
) -> Result<Json<Tournament>> {
    let audience = viewer.audience(&app, &name).await?;
    let mut tournament = convert::tournament(read::tournament(&app, &name, audience).await?);
    tournament.waiting = read::waiting(&app, &name).await?;
    Ok(Json(tournament))
}
