//! `GET /metrics`.

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use gauntlet_storage::gauges;

use crate::app::App;
use crate::auth::Admin;
use crate::error::{Error, Result};

/// The media type of the format that `prometheus-client` writes.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// For admins: verdicts and faults of a running tournament are in it.
pub(crate) async fn metrics(State(app): State<App>, _: Admin) -> Result<impl IntoResponse> {
    let gauges = {
        let mut conn = app.context.db.acquire().await?;
        gauges::read(&mut conn).await?
    };
    let text = app.metrics.encode(&gauges).map_err(Error::internal)?;
    Ok(([(header::CONTENT_TYPE, OPEN_METRICS)], text))
}
