//! `GET /metrics`.

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use gauntlet_storage::{gauges, round_gaps};

use crate::app::App;
use crate::auth::Admin;
use crate::error::{Error, Result};

/// The media type of the format that `prometheus-client` writes.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// For admins: verdicts and faults of a running tournament are in it.
#[utoipa::path(
    get,
    path = "/metrics",
    operation_id = "metrics",
    tag = "platform",
    summary = "What a monitoring system reads",
    responses(
        (status = 200, description = "OpenMetrics text", body = String, content_type = "application/openmetrics-text"),
    ),
    security(("bearer" = ["admin"])),
)]
pub(crate) async fn metrics(State(app): State<App>, _: Admin) -> Result<impl IntoResponse> {
    let (gauges, gaps) = {
        let mut conn = app.context.db.acquire().await?;
        (
            gauges::read(&mut conn).await?,
            round_gaps::read(&mut conn).await?,
        )
    };
    let text = app.metrics.encode(&gauges, gaps).map_err(Error::internal)?;
    Ok(([(header::CONTENT_TYPE, OPEN_METRICS)], text))
}
