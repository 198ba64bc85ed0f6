//! `GET` and `PUT /api/v1/blobs/{digest}`.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::StreamExt as _;
use gauntlet_domain::Digest;
use gauntlet_domain::run::Budget;
use gauntlet_storage::{PutStreamError, uploads};

use crate::app::App;
use crate::auth::{self, Runner, Writer};
use crate::error::{Error, Result};
use crate::extract::{self, Path};
use crate::incoming::Incoming;

/// Largest blob: what a task may at most let a model be.
const MAX_BLOB: u64 = Budget::MAX_OUTPUT_BYTES;

/// Runners alone may read, and only what belongs to runs that they hold: hidden data are blobs
/// too. What they may not read is not there for them.
#[utoipa::path(
    get,
    path = "/blobs/{digest}",
    operation_id = "get_blob",
    tag = "runners",
    summary = "Bytes that a leased run needs",
    params(("digest" = gauntlet_domain::Digest, Path, description = "SHA-256 of the bytes")),
    responses(
        (status = 200, description = "The bytes", body = inline(crate::openapi::shapes::Binary), content_type = "application/octet-stream"),
    ),
    security(("bearer" = ["runner"])),
)]
pub(crate) async fn get(
    State(app): State<App>,
    Runner(runner): Runner,
    Path(digest): Path<String>,
) -> Result<Response> {
    let digest = extract::digest(&digest, "path.digest")?;
    let held = {
        let mut conn = app.context.db.acquire().await?;
        uploads::is_of_a_held_run(&mut conn, runner.token, &digest).await?
    };
    if !held {
        return Err(Error::new(
            StatusCode::NOT_FOUND,
            "not-found",
            "Not found",
            format!("no run that is leased to this token needs a blob `{digest}`"),
            "fetch what an assignment names, while its lease lasts",
        )
        .field("path.digest"));
    }
    let kind = (
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/octet-stream"),
    );
    let found = send(&app, &digest, [kind]).await?;
    let response = found.ok_or_else(|| Error::not_found("path.digest", "blob", digest))?;
    // A token that is revoked meanwhile gets no more of it; the length says that it broke off.
    let hold = runner.hold(&app);
    Ok(response.map(|body| {
        let pieces = body.into_data_stream();
        Body::from_stream(pieces.take_until(async move { hold.ended().await }))
    }))
}

/// Stores the bytes if they are what their name says.
#[utoipa::path(
    put,
    path = "/blobs/{digest}",
    operation_id = "put_blob",
    tag = "runners",
    summary = "Store bytes under their digest",
    params(("digest" = gauntlet_domain::Digest, Path, description = "SHA-256 of the bytes")),
    request_body(content = inline(crate::openapi::shapes::Binary), content_type = "application/octet-stream"),
    responses(
        (status = 204, description = "They are stored"),
        (status = 422, description = "They are not what their name says"),
    ),
    security(("bearer" = ["runner"]), ("bearer" = ["admin"])),
)]
pub(crate) async fn put(
    State(app): State<App>,
    Writer(writer): Writer,
    Path(digest): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode> {
    let digest = extract::digest(&digest, "path.digest")?;
    let mut body = Incoming::new(&headers, body, MAX_BLOB, "body")?;
    let hold = writer.hold(&app);
    let stored = tokio::select! {
        stored = app.context.blobs.put_stream(&digest, MAX_BLOB, &mut body) => stored,
        () = hold.ended() => return Err(auth::ended()),
    };
    match stored {
        Ok(()) => {
            if writer.is_runner() {
                let db = &app.context.db;
                app.uploads.note(db, writer.token, digest).await?;
            }
            Ok(StatusCode::NO_CONTENT)
        }
        Err(PutStreamError::Source(error)) => Err(error),
        Err(PutStreamError::TooLarge { .. }) => Err(body.too_large()),
        Err(PutStreamError::Storage(error)) => Err(error.into()),
    }
}

/// A blob with these headers; `None` if there is no such blob.
pub(crate) async fn send(
    app: &App,
    digest: &Digest,
    headers: impl IntoIterator<Item = (HeaderName, HeaderValue)>,
) -> Result<Option<Response>> {
    let Some((size, stream)) = app.context.blobs.get_stream(digest).await? else {
        return Ok(None);
    };
    let mut response = Body::from_stream(stream).into_response();
    response.headers_mut().extend(headers);
    response
        .headers_mut()
        .insert(header::CONTENT_LENGTH, HeaderValue::from(size));
    // The name is the content: whoever has it need not ask again.
    let etag = HeaderValue::try_from(format!("\"{digest}\"")).map_err(Error::internal)?;
    response.headers_mut().insert(header::ETAG, etag);
    Ok(Some(response))
}
