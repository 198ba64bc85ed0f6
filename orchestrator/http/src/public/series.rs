//! `GET /api/v1/series` and `GET /api/v1/series/{name}`.

use axum::Json;
use axum::extract::State;
use gauntlet_api::{List, Series, SeriesTournament};
use gauntlet_storage::views::SeriesView;

use crate::app::App;
use crate::auth::Viewer;
use crate::error::Result;
use crate::extract::{Path, Query};
use crate::page::Piece;
use crate::read;

#[utoipa::path(
    get,
    path = "/series",
    operation_id = "list_series",
    tag = "series",
    summary = "The series there are",
    params(Piece),
    responses(
        (status = 200, description = "The series, by name", body = List<Series>),
    ),
    security((), ("bearer" = [])),
)]
pub(crate) async fn list(
    State(app): State<App>,
    viewer: Viewer,
    Query(piece): Query<Piece>,
) -> Result<Json<List<Series>>> {
    let read = read::series(&app, &piece.page()?, viewer.access()).await?;
    Ok(Json(piece.list(read, |series| series.name.clone(), shown)))
}

#[utoipa::path(
    get,
    path = "/series/{name}",
    operation_id = "show_series",
    tag = "series",
    summary = "A series",
    params(("name" = gauntlet_domain::SeriesName, Path, description = "Name of the series")),
    responses(
        (status = 200, description = "The series", body = Series),
    ),
    security((), ("bearer" = [])),
)]
pub(crate) async fn show(
    State(app): State<App>,
    viewer: Viewer,
    Path(name): Path<String>,
) -> Result<Json<Series>> {
    let series = read::one_series(&app, &name, viewer.access()).await?;
    Ok(Json(shown(series)))
}

/// In the shape of the API.
pub(crate) fn shown(view: SeriesView) -> Series {
    let mut tasks = view.tasks.into_iter();
    Series {
        name: view.name,
        private: view.private,
        task: tasks.next().unwrap_or_default(),
        more_tasks: tasks.collect(),
        // Rules are plain data: numbers, names and lists.
        rules: serde_json::to_value(&view.rules).unwrap_or_default(),
        calendar: view.calendar,
        open_seconds: view.open_seconds,
        next_at: view.next_at,
        // The hidden part is frozen with the task.
        fresh_hidden_part: false,
        last_number: view.last_number,
        tournaments: view
            .tournaments
            .into_iter()
            .map(|tournament| SeriesTournament {
                name: tournament.name,
                state: tournament.state,
                champion: tournament.champion,
                opened_at: tournament.opened_at,
                closes_at: tournament.closes_at,
            })
            .collect(),
        created_at: view.created_at,
        ended_at: view.ended_at,
    }
}
