//! `GET /healthz`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use gauntlet_api::Health;

use crate::app::App;

/// 200 if the database answers, else 503.
pub(crate) async fn health(State(app): State<App>) -> (StatusCode, Json<Health>) {
    let (code, status) = match app.context.db.ping().await {
        Ok(()) => (StatusCode::OK, "ok"),
        Err(error) => {
            tracing::warn!(%error, "the database does not answer");
            (StatusCode::SERVICE_UNAVAILABLE, "unavailable")
        }
    };
    let version = env!("CARGO_PKG_VERSION").to_owned();
    (
        code,
        Json(Health {
            status: status.to_owned(),
            version,
        }),
    )
}
