//! A problem as a page, for people.

use askama::Template;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use gauntlet_api::Problem;

use super::layout::Layout;

#[derive(Template)]
#[template(path = "error.html")]
struct ProblemPage<'a> {
    layout: Layout,
    status: u16,
    title: &'a str,
    detail: String,
    help: String,
}

/// Shows problems as pages to browsers, outside the API.
pub(crate) async fn for_people(request: Request, next: Next) -> Response {
    let wanted = wants_page(request.headers()) && !request.uri().path().starts_with("/api/");
    let response = next.run(request).await;
    match response.extensions().get::<Problem>() {
        Some(problem) if wanted => page(problem),
        _ => response,
    }
}

fn page(problem: &Problem) -> Response {
    let page = ProblemPage {
        layout: Layout::new(problem.title.as_str()),
        status: problem.status,
        title: &problem.title,
        detail: sentence(&problem.detail),
        help: sentence(&problem.help),
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
