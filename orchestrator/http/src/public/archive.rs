//! `GET /api/v1/archive` and what is below it.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use futures::StreamExt as _;
use gauntlet_api::{ArchiveEntry, List};
use gauntlet_domain::Digest;
use gauntlet_storage::{Access, Place};

use crate::app::App;
use crate::auth::Viewer;
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
    security((), ("bearer" = [])),
)]
pub(crate) async fn list(
    State(app): State<App>,
    viewer: Viewer,
    Query(piece): Query<Piece>,
) -> Result<Json<List<ArchiveEntry>>> {
    Ok(Json(entries(&app, &piece, viewer.access()).await?))
}

/// A piece of the list.
pub(crate) async fn entries(
    app: &App,
    piece: &Piece,
    access: Access,
) -> Result<List<ArchiveEntry>> {
    let read = read::archive(app, &piece.page()?, access).await?;
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
    security((), ("bearer" = [])),
)]
pub(crate) async fn show(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Json<ArchiveEntry>> {
    let entry = read::archive_entry(&app, &id, viewer.access()).await?;
    Ok(Json(entry))
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
    security((), ("bearer" = [])),
)]
pub(crate) async fn module(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Response> {
    let entry = read::archive_entry(&app, &id, viewer.access()).await?;
    let (ending, kind) = match entry.lane.as_str() {
        "oci" => ("tar", "application/x-tar"),
        _ => ("wasm", "application/wasm"),
    };
    let name = format!("{}.{ending}", entry.method);
    download((&app, &viewer), &entry.module, &name, kind).await
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
    security((), ("bearer" = [])),
)]
pub(crate) async fn model(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Response> {
    let entry = read::archive_entry(&app, &id, viewer.access()).await?;
    let name = format!("{}.safetensors", entry.method);
    download(
        (&app, &viewer),
        &entry.model,
        &name,
        "application/octet-stream",
    )
    .await
}

/// `name` is made of a method's name, which needs no quoting.
async fn download(
    (app, viewer): (&App, &Viewer),
    digest: &str,
    name: &str,
    kind: &'static str,
) -> Result<Response> {
    let digest: Digest = digest.parse().map_err(Error::internal)?;
    let disposition = HeaderValue::try_from(format!("attachment; filename=\"{name}\""));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (
            header::CONTENT_DISPOSITION,
            disposition.map_err(Error::internal)?,
        ),
    ];
    let found = blobs::send(app, &digest, headers).await?;
    let response = found.ok_or_else(|| {
        Error::internal(format_args!("the blob {digest} of the archive is missing"))
    })?;
    let Some(hold) = viewer.hold(app) else {
        return Ok(response);
    };
    // It may be there for the token alone: revoked meanwhile, its bearer gets no more of it.
    Ok(response.map(|body| {
        let pieces = body.into_data_stream();
        Body::from_stream(pieces.take_until(async move { hold.ended().await }))
    }))
}
