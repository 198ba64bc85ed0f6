//! Entity tags: whoever has what would be answered is told so, and sent nothing.
//!
//! What is stored under its digest has that as its tag (`runner/blobs.rs`). Every other answer that
//! is there as a whole has the digest of its bytes, so its tag is strong, and differs whenever the
//! answer does, whoever asks.

use axum::body::{Body, HttpBody as _, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use gauntlet_domain::Digest;

use crate::error::Error;

/// Answers up to this many bytes get a tag.
const LARGEST: u64 = 4 << 20;

/// What a read says of answers that its sender has.
pub(crate) struct Had {
    tags: Vec<HeaderValue>,
    by_token: bool,
}

impl Had {
    /// Of a request, if it is a read. The body of an answer to HEAD is gone where this would tag it.
    pub(crate) fn of(request: &Request) -> Option<Self> {
        (request.method() == Method::GET).then(|| {
            let tags = request.headers().get_all(header::IF_NONE_MATCH);
            Self {
                tags: tags.iter().cloned().collect(),
                by_token: request.headers().contains_key(header::AUTHORIZATION),
            }
        })
    }

    /// Tags the answer, or says 304 where the caller has it.
    pub(crate) async fn answer(self, response: Response) -> Response {
        if response.status() != StatusCode::OK {
            return response;
        }
        let mut response = match tagged(response).await {
            Ok(response) => response,
            Err(error) => return error.into_response(),
        };
        let headers = response.headers_mut();
        // A token may show more than others see.
        let keep = if self.by_token {
            "private, no-cache"
        } else {
            "no-cache"
        };
        if !headers.contains_key(header::CACHE_CONTROL) {
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
            headers.append(header::VARY, HeaderValue::from_static("authorization"));
        }
        let Some(tag) = headers.get(header::ETAG) else {
            return response;
        };
        if self.tags.iter().any(|had| names(had, tag)) {
            return not_modified(&response);
        }
        response
    }
}

/// The answer with its tag, if it has one or can be given one.
async fn tagged(response: Response) -> Result<Response, Error> {
    let whole = response.body().size_hint().exact();
    if response.headers().contains_key(header::ETAG)
        || whole.is_none_or(|bytes| bytes > LARGEST)
        || is_stream(response.headers())
    {
        return Ok(response);
    }
    let (mut parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.map_err(Error::internal)?;
    let tag = format!("\"{}\"", Digest::of(&bytes));
    let tag = HeaderValue::try_from(tag).map_err(Error::internal)?;
    parts.headers.insert(header::ETAG, tag);
    Ok(Response::from_parts(parts, Body::from(bytes)))
}

fn is_stream(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"))
}

/// Whether a list of tags has this one; weak ones are compared as if they were strong.
fn names(list: &HeaderValue, tag: &HeaderValue) -> bool {
    let (Ok(list), Ok(tag)) = (list.to_str(), tag.to_str()) else {
        return false;
    };
    list.split(',')
        .map(str::trim)
        .any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag)
}

fn not_modified(response: &Response) -> Response {
    let mut answer = StatusCode::NOT_MODIFIED.into_response();
    for name in [header::ETAG, header::CACHE_CONTROL, header::VARY] {
        for value in response.headers().get_all(&name) {
            answer.headers_mut().append(&name, value.clone());
        }
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_found_in_a_list() {
        let tag = HeaderValue::from_static("\"ab\"");
        for (list, found) in [
            ("\"ab\"", true),
            ("W/\"ab\"", true),
            ("\"x\", \"ab\"", true),
            ("*", true),
            ("\"a\"", false),
            ("ab", false),
            ("", false),
        ] {
            let list = HeaderValue::from_static(list);
            assert_eq!(names(&list, &tag), found, "{list:?}");
        }
    }
}
