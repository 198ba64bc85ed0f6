//! `Idempotency-Key`: a POST that comes again, because its answer was lost, gets that answer and
//! does nothing twice.
//!
//! A key is an account's, and good for a day. What was carried out is remembered with its answer,
//! but for the secrets in it; what was refused is not, and may come again. It is carried out to
//! its end even if its sender has gone. Should the server die between the two, the same request is
//! asked to wait for ten minutes, and then taken as new. Runners need no key: their messages are
//! known by their attempts.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::{FutureExt as _, StreamExt as _};
use gauntlet_domain::Digest;
use gauntlet_image::ImageLimits;
use gauntlet_storage::idempotency::{self, Begun, Key};
use sha2::{Digest as _, Sha256};
use tracing::Instrument as _;

use crate::app::App;
use crate::auth;
use crate::error::{Error, Result};
use crate::extract::{MAX_JSON, has_content_type};
use crate::incoming::{self, Incoming};

const HEADER: HeaderName = HeaderName::from_static("idempotency-key");
/// Says that an answer is that of an earlier request.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// Characters of a key.
const LONGEST: usize = 255;
/// Largest answer that is remembered.
const LARGEST: usize = 4 << 20;
/// How long one waits for the same request to be carried out, and how often one looks.
const WAIT: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_millis(100);

/// Carries out a request with a key once.
pub(crate) async fn once(app: &App, request: Request, next: Next) -> Response {
    if request.method() != Method::POST || !request.headers().contains_key(HEADER) {
        return next.run(request).await;
    }
    // In a piece of memory of its own, which the many without a key do not need.
    match Box::pin(with_key(app, request, next)).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    }
}

async fn with_key(app: &App, request: Request, next: Next) -> Result<Response> {
    let (parts, body) = request.into_parts();
    let key = key(&parts)?;
    let caller = match auth::shown(&parts, app).await? {
        Some(caller) if !caller.is_runner() => caller,
        // Refused where it is known what it would need, or none of ours.
        _ => return Ok(next.run(Request::from_parts(parts, body)).await),
    };
    let key = Key {
        account: caller.account,
        key,
    };
    // What is streamed is not read for this; its answer says what it was.
    let is_upload = is_upload(&parts);
    let (body, whole) = if is_upload {
        (body, None)
    } else {
        let bytes = incoming::read(&parts.headers, body, MAX_JSON, "body").await?;
        (Body::from(bytes.clone()), Some(bytes))
    };
    let asked = digest(&parts, caller.scope(), whole.as_deref().unwrap_or_default());
    let is_secret = is_secret(&parts);
    match begin(app, &key, &asked).await? {
        Begun::Now => {
            let request = Request::from_parts(parts, body);
            carry_out(app.clone(), key, is_secret, request, next).await
        }
        Begun::UnderWay => Err(Error::new(
            StatusCode::CONFLICT,
            "still-under-way",
            "The same request is being carried out",
            "a request with this key has come before and is not answered yet",
            "send it again in a moment, with the same key",
        )
        .field("header.idempotency-key")
        .retry_after(Duration::from_secs(1))),
        Begun::Another => Err(another()),
        Begun::Answered { body: answer, .. } if is_secret => Err(made_already(&answer)),
        Begun::Answered {
            status,
            body: answer,
        } => {
            if is_upload {
                same_upload(&parts, body, &answer).await?;
            }
            replay(status, answer)
        }
    }
}

fn key(parts: &Parts) -> Result<String> {
    let mut keys = parts.headers.get_all(HEADER).iter();
    let key = keys.next().and_then(|key| key.to_str().ok());
    let key = key.filter(|key| {
        (1..=LONGEST).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
    });
    match (key, keys.next()) {
        (Some(key), None) => Ok(key.to_owned()),
        _ => Err(Error::invalid(
            "header.idempotency-key",
            "this cannot be a key",
            "send one key that you give to no other request, such as a UUID",
        )
        .limit(format!("1 to {LONGEST} visible ASCII characters"))),
    }
}

fn is_upload(parts: &Parts) -> bool {
    let streamed = ["application/wasm", "application/x-tar"];
    streamed
        .iter()
        .any(|kind| has_content_type(&parts.headers, kind))
}

/// Whether the answer has a secret, which is nowhere but there.
fn is_secret(parts: &Parts) -> bool {
    let path = parts.uri.path();
    path == "/api/v1/tokens" || (path.starts_with("/api/v1/tokens/") && path.ends_with("/rotate"))
}

/// What makes two requests the same.
fn digest(parts: &Parts, scope: &str, body: &[u8]) -> Digest {
    let mut hasher = Sha256::new();
    let kind = parts.headers.get(header::CONTENT_TYPE);
    let target = parts
        .uri
        .path_and_query()
        .map_or("", |target| target.as_str());
    for part in [
        scope.as_bytes(),
        target.as_bytes(),
        kind.map_or(b"".as_slice(), HeaderValue::as_bytes),
        body,
    ] {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    Digest::from_bytes(hasher.finalize().into())
}

/// Whether the request is to be carried out; waits a while for one that is.
async fn begin(app: &App, key: &Key, asked: &Digest) -> Result<Begun> {
    let until = tokio::time::Instant::now() + WAIT;
    loop {
        let begun = {
            let mut conn = app.context.db.acquire().await?;
            idempotency::begin(&mut conn, key, asked).await?
        };
        if begun != Begun::UnderWay || tokio::time::Instant::now() >= until {
            return Ok(begun);
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// In a task of its own, so that it comes to its end also when its sender has gone.
async fn carry_out(
    app: App,
    key: Key,
    is_secret: bool,
    request: Request,
    next: Next,
) -> Result<Response> {
    let work = async move {
        let done = AssertUnwindSafe(next.run(request)).catch_unwind().await;
        match done {
            Ok(response) if response.status().is_success() => {
                remember(&app, &key, is_secret, response).await
            }
            Ok(response) => {
                forget(&app, &key).await;
                Ok(response)
            }
            Err(panic) => {
                forget(&app, &key).await;
                std::panic::resume_unwind(panic)
            }
        }
    };
    match tokio::spawn(work.in_current_span()).await {
        Ok(answered) => answered,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(error) => Err(Error::internal(error)),
        },
    }
}

async fn remember(app: &App, key: &Key, is_secret: bool, response: Response) -> Result<Response> {
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, LARGEST).await.map_err(Error::internal)?;
    let kept = if is_secret {
        without_secret(&bytes)
    } else {
        bytes.to_vec()
    };
    let noted = async {
        let mut conn = app.context.db.acquire().await?;
        idempotency::answered(&mut conn, key, parts.status.as_u16(), &kept).await
    };
    if let Err(error) = noted.await {
        tracing::warn!(%error, "an answer is not remembered for its idempotency key");
    }
    Ok(Response::from_parts(parts, Body::from(bytes)))
}

async fn forget(app: &App, key: &Key) {
    let forgotten = async {
        let mut conn = app.context.db.acquire().await?;
        idempotency::forget(&mut conn, key).await
    };
    if let Err(error) = forgotten.await {
        tracing::warn!(%error, "an idempotency key stays in use");
    }
}

fn without_secret(answer: &[u8]) -> Vec<u8> {
    let id = serde_json::from_slice::<serde_json::Value>(answer)
        .ok()
        .and_then(|answer| answer.get("id").cloned());
    serde_json::json!({ "id": id }).to_string().into_bytes()
}

fn replay(status: u16, answer: Vec<u8>) -> Result<Response> {
    let status = StatusCode::from_u16(status).map_err(Error::internal)?;
    let mut response = (status, Body::from(answer)).into_response();
    let headers = response.headers_mut();
    if status != StatusCode::NO_CONTENT {
        let json = HeaderValue::from_static("application/json");
        headers.insert(header::CONTENT_TYPE, json);
    }
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}

/// Whether what is uploaded again is what was taken in then.
async fn same_upload(parts: &Parts, body: Body, answer: &[u8]) -> Result<()> {
    let limit = ImageLimits::default().archive_bytes;
    let mut incoming = Incoming::new(&parts.headers, body, limit, "body")?;
    let mut hasher = Sha256::new();
    let mut bytes = 0;
    while let Some(piece) = incoming.next().await {
        let piece = piece?;
        bytes += piece.len() as u64;
        if bytes > limit {
            return Err(incoming.too_large());
        }
        hasher.update(&piece);
    }
    let found = Digest::from_bytes(hasher.finalize().into()).to_string();
    let answer: serde_json::Value = serde_json::from_slice(answer).map_err(Error::internal)?;
    if answer["digest"] == found.as_str() {
        Ok(())
    } else {
        Err(another())
    }
}

fn another() -> Error {
    Error::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "key-of-another-request",
        "The idempotency key is another request's",
        "this account has sent another request with this key within 24 hours",
        "give each request a key of its own, and the same one only if the same is sent again",
    )
    .field("header.idempotency-key")
}

fn made_already(answer: &[u8]) -> Error {
    let answer: serde_json::Value = serde_json::from_slice(answer).unwrap_or_default();
    let id = answer["id"].as_str().unwrap_or("unknown").to_owned();
    Error::new(
        StatusCode::CONFLICT,
        "made-already",
        "The token is made already",
        format!("this request was carried out, and its secret was in its answer alone: token {id}"),
        "if the answer was lost, `gauntlet token revoke` it and make another, with another key",
    )
    .field("header.idempotency-key")
    .found(id)
}
