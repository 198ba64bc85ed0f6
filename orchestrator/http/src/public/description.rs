//! `GET /api/v1/openapi.json`.

use axum::Extension;
use axum::http::header;
use axum::response::IntoResponse;

use crate::openapi::Description;

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
pub(crate) async fn show(Extension(description): Extension<Description>) -> impl IntoResponse {
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (kind, description.text.to_string())
}
