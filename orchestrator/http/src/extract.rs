//! Extractors that refuse with problems instead of plain text, and name the field.

use std::time::Duration;

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};

/// JSON bodies are small: the largest is a report with its curve.
pub(crate) const MAX_JSON: u64 = 1 << 20;
/// A body must have arrived within this time.
const BODY_TIMEOUT: Duration = Duration::from_secs(60);

/// A JSON body.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, _: &S) -> Result<Self> {
        let (parts, body) = request.into_parts();
        require_content_type(&parts.headers, "application/json")?;
        let bytes = read(&parts.headers, body, MAX_JSON, "body").await?;
        let mut json = serde_json::Deserializer::from_slice(&bytes);
        let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
            let path = error.path().to_string();
            let field = if path == "." {
                String::from("body")
            } else {
                format!("body.{path}")
            };
            Error::invalid(
                field,
                format!("the body cannot be read: {}", error.inner()),
                JSON_HELP,
            )
        })?;
        json.end().map_err(|error| {
            Error::invalid(
                "body",
                format!("something follows the JSON value: {error}"),
                JSON_HELP,
            )
        })?;
        Ok(Self(value))
    }
}

const JSON_HELP: &str =
    "send one JSON object with exactly the fields that the API description names";

/// Parts of the path.
pub(crate) struct Path<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        match axum::extract::Path::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(PathRejection::FailedToDeserializePathParams(error)) => Err(Error::invalid(
                "path",
                format!("the address cannot be read: {}", error.body_text()),
                "ids are UUIDs, digests 64 lower-case hex digits, attempts whole numbers",
            )),
            Err(error) => Err(Error::internal(error)),
        }
    }
}

/// Parameters of the query.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        match axum::extract::Query::from_request_parts(parts, state).await {
            Ok(axum::extract::Query(value)) => Ok(Self(value)),
            Err(error) => {
                let text = error.body_text();
                let field = text
                    .split('`')
                    .nth(1)
                    .map_or_else(|| String::from("query"), |name| format!("query.{name}"));
                Err(Error::invalid(
                    field,
                    format!("the query cannot be read: {text}"),
                    "give each parameter that the API description names, once",
                ))
            }
        }
    }
}

/// Refuses a body of another kind; without the header it is taken on trust.
pub(crate) fn require_content_type(headers: &HeaderMap, wanted: &str) -> Result<()> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else {
        return Ok(());
    };
    let found = value.to_str().unwrap_or("");
    let essence = found.split(';').next().unwrap_or("").trim();
    if essence.eq_ignore_ascii_case(wanted) {
        return Ok(());
    }
    Err(Error::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported-media-type",
        "The body has the wrong type",
        format!("this endpoint takes {wanted}"),
        format!("send the header `content-type: {wanted}`"),
    )
    .field("header.content-type")
    .limit(wanted)
    .found(found))
}

/// Reads a body of at most `limit` bytes.
///
/// A body that is too large is read on for a while and thrown away, because a
/// client that is cut off while it is still sending may never see the answer.
pub(crate) async fn read(
    headers: &HeaderMap,
    body: Body,
    limit: u64,
    field: &str,
) -> Result<Bytes> {
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse::<u64>().ok());
    let mut stream = body.into_data_stream();
    let too_large = announced.is_some_and(|length| length > limit);
    let mut kept = BytesMut::new();
    let mut seen = 0u64;
    let reading = async {
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(|error| {
                Error::invalid(
                    field,
                    format!("the body ended early: {error}"),
                    "send it again",
                )
            })?;
            seen += chunk.len() as u64;
            if seen > limit.saturating_mul(4) {
                break;
            }
            if too_large || seen > limit {
                kept = BytesMut::new();
            } else {
                kept.extend_from_slice(&chunk);
            }
        }
        Ok(())
    };
    let finished: Result<()> = tokio::time::timeout(BODY_TIMEOUT, reading)
        .await
        .unwrap_or_else(|_| {
            Err(Error::new(
                StatusCode::REQUEST_TIMEOUT,
                "too-slow",
                "The body came too slowly",
                "the body had not arrived in time",
                "send it again over a better connection",
            )
            .field(field)
            .limit(format!("{} seconds", BODY_TIMEOUT.as_secs())))
        });
    if too_large || seen > limit {
        return Err(Error::too_large(field, limit, announced));
    }
    finished?;
    Ok(kept.freeze())
}
