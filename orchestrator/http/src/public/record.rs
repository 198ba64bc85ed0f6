//! `GET /api/v1/tournaments/{name}/record?after=N`: what happened, link by link, for whoever
//! wants to check it.

use axum::extract::State;
use gauntlet_api::{Record, RecordedEvent};
use gauntlet_storage::events;
use serde::Deserialize;

use crate::app::App;
use crate::error::{Error, Result};
use crate::extract::{Path, Query};
use crate::read;

/// Events of one answer.
const PAGE: i64 = 1000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Page {
    #[serde(default)]
    after: i64,
}

pub(crate) async fn record(
    State(app): State<App>,
    Path(name): Path<String>,
    Query(page): Query<Page>,
) -> Result<axum::Json<Record>> {
    let id = read::tournament_id(&app, &name).await?;
    let chain = id.to_string();
    let mut conn = app.context.db.acquire().await?;
    let Some((length, head)) = events::head(&mut conn, &chain).await? else {
        return Err(Error::not_found("path.name", "tournament", &name));
    };
    let links = events::list(&mut conn, &chain, page.after, PAGE).await?;
    Ok(axum::Json(Record {
        chain,
        head: head.to_string(),
        length,
        events: links
            .into_iter()
            .map(|link| RecordedEvent {
                seq: link.seq,
                at_micros: link.at_micros,
                body: link.body,
                previous: link.previous.to_string(),
                digest: link.digest.to_string(),
            })
            .collect(),
    }))
}
