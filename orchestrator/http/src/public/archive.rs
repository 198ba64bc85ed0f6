//! `GET /api/v1/archive` and what is below it.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use gauntlet_api::{ArchiveEntry, List};
use gauntlet_domain::Digest;
use gauntlet_storage::Place;

use crate::app::App;
use crate::error::{Error, Result};
use crate::extract::{Path, Query};
use crate::page::Piece;
use crate::read;
use crate::runner::blobs;

#[utoipa::path(
    get,
    path = "/archive",
    operation_id = "list_archive",
    tag = "archive",
    summary = "The champions that are kept",
    params(Piece),
    responses(
        (status = 200, description = "The entries, newest first", body = List<ArchiveEntry>),
    ),
)]
pub(crate) async fn list(
    State(app): State<App>,
    Query(piece): Query<Piece>,
) -> Result<Json<List<ArchiveEntry>>> {
    Ok(Json(entries(&app, &piece).await?))
}

/// A piece of the list.
pub(crate) async fn entries(app: &App, piece: &Piece) -> Result<List<ArchiveEntry>> {
    let read = read::archive(app, &piece.page()?).await?;
    let place = |entry: &ArchiveEntry| Place {
        at: entry.created_at,
        id: entry.id,
    };
    Ok(piece.list(read, place, |entry| entry))
}

/// `{id}` is an id or an alias.
#[utoipa::path(
    get,
    path = "/archive/{id}",
    operation_id = "show_entry",
    tag = "archive",
    summary = "An entry of the archive",
    params(("id" = String, Path, description = "Id of an entry, or an alias such as `digits@champion`", min_length = 1, max_length = 200, pattern = "^[a-z0-9@_.-]+$")),
    responses(
        (status = 200, description = "The entry", body = ArchiveEntry),
    ),
)]
pub(crate) async fn show(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<ArchiveEntry>> {
    Ok(Json(read::archive_entry(&app, &id).await?))
}

#[utoipa::path(
    get,
    path = "/archive/{id}/module",
    operation_id = "download_module",
    tag = "archive",
    summary = "The code of an entry",
    params(("id" = String, Path, description = "Id of an entry, or an alias such as `digits@champion`", min_length = 1, max_length = 200, pattern = "^[a-z0-9@_.-]+$")),
    responses(
        (status = 200, description = "The module, or the archive of the image", content((inline(crate::openapi::shapes::Binary) = "application/wasm"), (inline(crate::openapi::shapes::Binary) = "application/x-tar"))),
    ),
)]
pub(crate) async fn module(State(app): State<App>, Path(id): Path<String>) -> Result<Response> {
    let entry = read::archive_entry(&app, &id).await?;
    let (ending, kind) = match entry.lane.as_str() {
        "oci" => ("tar", "application/x-tar"),
        _ => ("wasm", "application/wasm"),
    };
    let name = format!("{}.{ending}", entry.method);
    download(&app, &entry.module, &name, kind).await
}

#[utoipa::path(
    get,
    path = "/archive/{id}/model",
    operation_id = "download_model",
    tag = "archive",
    summary = "The model of an entry",
    params(("id" = String, Path, description = "Id of an entry, or an alias such as `digits@champion`", min_length = 1, max_length = 200, pattern = "^[a-z0-9@_.-]+$")),
    responses(
        (status = 200, description = "The model (safetensors)", body = inline(crate::openapi::shapes::Binary), content_type = "application/octet-stream"),
    ),
)]
pub(crate) async fn model(State(app): State<App>, Path(id): Path<String>) -> Result<Response> {
    let entry = read::archive_entry(&app, &id).await?;
    let name = format!("{}.safetensors", entry.method);
    download(&app, &entry.model, &name, "application/octet-stream").await
}

/// `name` is made of a method's name, which needs no quoting.
async fn download(app: &App, digest: &str, name: &str, kind: &'static str) -> Result<Response> {
    let digest: Digest = digest.parse().map_err(Error::internal)?;
    let disposition = HeaderValue::try_from(format!("attachment; filename=\"{name}\""));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (
            header::CONTENT_DISPOSITION,
            disposition.map_err(Error::internal)?,
        ),
    ];
    blobs::send(app, &digest, headers)
        .await?
        .ok_or_else(|| Error::internal(format_args!("the blob {digest} of the archive is missing")))
}
