//! `GET /healthz` and `/readyz`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use gauntlet_api::Health;

use crate::app::App;

/// As [`health`], but 503 also when the server is ending and should be sent nothing new.
#[utoipa::path(
    get,
    path = "/readyz",
    operation_id = "ready",
    tag = "platform",
    summary = "Whether the server should be sent requests",
    responses(
        (status = 200, description = "It should", body = Health),
        (status = 503, description = "It is ending, or cannot reach its database", body = Health),
    ),
)]
pub(crate) async fn ready(State(app): State<App>) -> (StatusCode, Json<Health>) {
    if app.stop.is_cancelled() {
        return answer(StatusCode::SERVICE_UNAVAILABLE, "stopping");
    }
    health(State(app)).await
}

/// 200 if the database answers, else 503.
#[utoipa::path(
    get,
    path = "/healthz",
    operation_id = "health",
    tag = "platform",
    summary = "Whether the server can work",
    responses(
        (status = 200, description = "It can", body = Health),
        (status = 503, description = "It cannot reach its database", body = Health),
    ),
)]
pub(crate) async fn health(State(app): State<App>) -> (StatusCode, Json<Health>) {
    let (code, status) = match app.context.db.ping().await {
        Ok(()) => (StatusCode::OK, "ok"),
        Err(error) => {
            tracing::warn!(%error, "the database does not answer");
            (StatusCode::SERVICE_UNAVAILABLE, "unavailable")
        }
    };
    answer(code, status)
}

fn answer(code: StatusCode, status: &str) -> (StatusCode, Json<Health>) {
    let version = env!("CARGO_PKG_VERSION").to_owned();
    (
        code,
        Json(Health {
            status: status.to_owned(),
            version,
        }),
    )
}
