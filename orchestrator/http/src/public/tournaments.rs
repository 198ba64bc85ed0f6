//! `GET /api/v1/tournaments` and `GET /api/v1/tournaments/{name}`.

use axum::Json;
use axum::extract::State;
use gauntlet_api::{List, Tournament, TournamentSummary};
use gauntlet_storage::views::TournamentSummary as TournamentSummaryView;
use gauntlet_storage::{Access, Place};

use crate::app::App;
use crate::auth::Viewer;
use crate::convert;
use crate::error::Result;
use crate::extract::{Path, Query};
use crate::page::Piece;
use crate::read;

#[utoipa::path(
    get,
    path = "/tournaments",
    operation_id = "list_tournaments",
    tag = "tournaments",
    summary = "The tournaments there are",
    params(Piece),
    responses(
        (status = 200, description = "The tournaments, newest first", body = List<TournamentSummary>),
    ),
    security((), ("bearer" = [])),
)]
pub(crate) async fn list(
    State(app): State<App>,
    viewer: Viewer,
    Query(piece): Query<Piece>,
) -> Result<Json<List<TournamentSummary>>> {
    Ok(Json(tournaments(&app, &piece, viewer.access()).await?))
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
    let eyes = viewer.eyes(&app, &name).await?;
    let mut tournament = convert::tournament(read::tournament(&app, &name, eyes).await?);
    tournament.waiting = read::waiting(&app, &name).await?;
    Ok(Json(tournament))
}

/// A piece of the list.
pub(crate) async fn tournaments(
    app: &App,
    piece: &Piece,
    access: Access,
) -> Result<List<TournamentSummary>> {
    let read = read::tournaments(app, &piece.page()?, access).await?;
    let place = |view: &TournamentSummaryView| Place {
        at: view.created_at,
        id: view.id.0,
    };
    Ok(piece.list(read, place, convert::summary))
}
