//! A problem as its sender is told it: with the id of the request, and to people as a page.

use askama::Template;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use gauntlet_api::Problem;

use super::layout::Layout;
use crate::request_id::RequestId;

#[derive(Template)]
#[template(path = "error.html")]
struct ProblemPage<'a> {
    layout: Layout,
    status: u16,
    title: &'a str,
    detail: String,
    help: String,
    request_id: Option<&'a str>,
}

/// What the sender of a request is told where something goes wrong.
pub(crate) struct Telling {
    as_page: bool,
    id: Option<RequestId>,
}

impl Telling {
    /// Pages are for browsers, outside the API.
    pub(crate) fn of(request: &Request) -> Self {
        Self {
            as_page: wants_page(request.headers()) && !request.uri().path().starts_with("/api/"),
            id: request.extensions().get::<RequestId>().cloned(),
        }
    }

    /// The answer, in which a problem names the request, and is a page where that is wanted.
    pub(crate) fn answer(self, mut response: Response) -> Response {
        let Some(mut problem) = response.extensions_mut().remove::<Problem>() else {
            return response;
        };
        problem.request_id = self.id.map(|id| id.as_str().to_owned());
        if self.as_page {
            let mut page = page(&problem);
            for name in [header::RETRY_AFTER, header::ALLOW, header::WWW_AUTHENTICATE] {
                if let Some(value) = response.headers_mut().remove(&name) {
                    page.headers_mut().insert(name, value);
                }
            }
            return page;
        }
        // A problem always is JSON.
        if let Ok(body) = serde_json::to_vec(&problem) {
            response.headers_mut().remove(header::CONTENT_LENGTH);
            *response.body_mut() = Body::from(body);
        }
        response
    }
}

fn page(problem: &Problem) -> Response {
    let page = ProblemPage {
        layout: Layout::new(problem.title.as_str()),
        status: problem.status,
        title: &problem.title,
        detail: sentence(&problem.detail),
        help: sentence(&problem.help),
        request_id: problem.request_id.as_deref(),
    };
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, super::render(&page)).into_response()
}

/// Problems are written without capital and full stop, to be put together with others.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let Some(first) = chars.next() else {
        return String::new();
    };
    let end = if text.ends_with('.') { "" } else { "." };
    format!("{}{}{end}", first.to_uppercase(), chars.as_str())
}

fn wants_page(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}
