//! `GET /api/v1/tournaments/{name}/record?after=N`: what happened, link by link, for whoever
//! wants to check it.

use axum::extract::State;
use gauntlet_api::{Record, RecordedEvent};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::app::App;
use crate::auth::Viewer;
use crate::error::Result;
use crate::extract::{Path, Query};
use crate::read;

/// Events of one answer.
const PAGE: i64 = 1000;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Page {
    /// Number of the event after which to begin.
    #[serde(default)]
    after: i64,
}

#[utoipa::path(
    get,
    path = "/tournaments/{name}/record",
    operation_id = "show_record",
    tag = "tournaments",
    summary = "What happened, as a hash chain",
    params(
        ("name" = gauntlet_domain::TournamentName, Path, description = "Name of the tournament"),
        Page,
    ),
    responses(
        (status = 200, description = "Up to 1,000 events", body = Record),
    ),
    security((), ("bearer" = [])),
)]
pub(crate) async fn record(
    State(app): State<App>,
    viewer: Viewer,
    Path(name): Path<String>,
    Query(page): Query<Page>,
) -> Result<axum::Json<Record>> {
    let eyes = viewer.eyes(&app, &name).await?;
    let mut view = read::record(&app, &name, eyes, page.after, PAGE).await?;
    Ok(axum::Json(Record {
        chain: view.chain,
        head: view.head.to_string(),
        length: view.length,
        events: std::mem::take(&mut view.links)
            .into_iter()
            .map(|link| RecordedEvent {
                seq: link.seq,
                at_micros: link.at_micros,
                body: link.body,
                previous: link.previous.to_string(),
                digest: link.digest.to_string(),
                actor: view.actors.remove(&link.seq),
            })
            .collect(),
    }))
}
