//! Extractors that refuse with problems instead of plain text, and name the field.

use std::str::FromStr;

use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use gauntlet_domain::{Digest, NameError, ParseDigestError};
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};
use crate::incoming;

/// JSON bodies are small: the largest is a report with its curve.
pub(crate) const MAX_JSON: u64 = 1 << 20;

/// A JSON body.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, _: &S) -> Result<Self> {
        let (parts, body) = request.into_parts();
        require_content_type(&parts.headers, "application/json")?;
        let bytes = incoming::read(&parts.headers, body, MAX_JSON, "body").await?;
        if bytes.starts_with(BYTE_ORDER_MARK) {
            return Err(Error::invalid(
                "body",
                "the body starts with a byte order mark (EF BB BF), which JSON has not",
                "save the file as UTF-8 without BOM, or leave out its first three bytes",
            ));
        }
        let mut json = serde_json::Deserializer::from_slice(&bytes);
        let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
            // Text that is no JSON breaks nowhere in particular: its path ends in `?`.
            let path = error.path().to_string();
            let field = match path.trim_end_matches(['?', '.']) {
                "" => String::from("body"),
                path => format!("body.{path}"),
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

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
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

/// Whether the body says that it is of this type.
pub(crate) fn has_content_type(headers: &HeaderMap, wanted: &str) -> bool {
    let found = headers.get(header::CONTENT_TYPE);
    let found = found.and_then(|value| value.to_str().ok()).unwrap_or("");
    let essence = found.split(';').next().unwrap_or("").trim();
    essence.eq_ignore_ascii_case(wanted)
}

/// A name within its rule.
pub(crate) fn name<T: FromStr<Err = NameError>>(text: &str, field: &str) -> Result<T> {
    text.parse().map_err(|error: NameError| {
        Error::invalid(
            field,
            error.to_string(),
            "choose another name, such as `adamw-cosine`",
        )
        .limit(format!("1 to {} characters: {}", error.max, error.rule))
    })
}

/// A digest in the one spelling there is.
pub(crate) fn digest(text: &str, field: &str) -> Result<Digest> {
    text.parse().map_err(|error: ParseDigestError| {
        Error::invalid(
            field,
            error.to_string(),
            "give the SHA-256 of the bytes, as `sha256sum` prints it",
        )
        .limit("64 of 0-9 and a-f")
    })
}
