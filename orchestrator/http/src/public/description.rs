//! `GET /api/v1/openapi.json`.

use axum::http::header;
use axum::response::IntoResponse;

use crate::openapi::openapi;

/// The description of all of this, for programs.
#[utoipa::path(
    get,
    path = "/openapi.json",
    operation_id = "describe",
    tag = "platform",
    summary = "This description",
    responses(
        (status = 200, description = "An OpenAPI document", body = Object),
    ),
)]
pub(crate) async fn show() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], openapi())
}
