//! Each request has an id: the caller's own, if it is one, else a new one. It is in the answer,
//! in every line of the log that the request brings about, and in what its sender is told when
//! something goes wrong.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;
use tracing::Span;
use uuid::Uuid;

/// The header of requests and answers.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("x-request-id");
/// Characters of an id that a caller chooses.
const LONGEST: usize = 64;

/// The id of a request.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(HeaderValue);

impl RequestId {
    /// The caller's own, if it is short and of characters that can be seen.
    fn of(headers: &HeaderMap) -> Self {
        let own = headers.get(HEADER).filter(|value| {
            let bytes = value.as_bytes();
            (1..=LONGEST).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic)
        });
        Self(own.cloned().unwrap_or_else(|| {
            let id = Uuid::now_v7().to_string();
            // A UUID always is a header.
            HeaderValue::try_from(id).unwrap_or(HeaderValue::from_static("none"))
        }))
    }

    /// Gives a request its id.
    pub(crate) fn assign(request: &mut Request) -> Self {
        let id = Self::of(request.headers());
        request.extensions_mut().insert(id.clone());
        id
    }

    /// Says it in the answer.
    pub(crate) fn tell(self, response: &mut Response) {
        response.headers_mut().insert(HEADER, self.0);
    }

    pub(crate) fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or("none")
    }
}

/// What the log says of a request beside each of its lines.
pub(crate) fn span(request: &axum::http::Request<axum::body::Body>) -> Span {
    let id = request.extensions().get::<RequestId>();
    tracing::info_span!(
        "request",
        id = id.map(RequestId::as_str),
        method = %request.method(),
        path = request.uri().path(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callers_id_is_kept_if_it_is_one() {
        let longest = "x".repeat(LONGEST);
        let too_long = "x".repeat(LONGEST + 1);
        for (given, kept) in [
            ("req-7/a:b", true),
            (longest.as_str(), true),
            (too_long.as_str(), false),
            ("", false),
            ("two words", false),
            ("tab\t", false),
            ("caf\u{e9}", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(HEADER, HeaderValue::from_bytes(given.as_bytes()).unwrap());
            let id = RequestId::of(&headers);
            assert_eq!(id.as_str() == given, kept, "{given:?}");
            if !kept {
                assert_eq!(id.as_str().len(), 36);
            }
        }
        let ids = [(); 2].map(|()| RequestId::of(&HeaderMap::new()));
        assert_ne!(ids[0].as_str(), ids[1].as_str());
    }
}
