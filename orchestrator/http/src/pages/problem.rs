//! A problem as a page, for people.

use askama::Template;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::shell::Shell;
use crate::error::Error;

#[derive(Template)]
#[template(path = "error.html")]
struct ProblemPage<'a> {
    shell: Shell,
    status: u16,
    title: &'a str,
    detail: &'a str,
    help: &'a str,
}

/// The problem as a page.
pub(crate) fn page(error: &Error) -> Response {
    let problem = error.problem();
    let page = ProblemPage {
        shell: Shell::new(problem.title.as_str()),
        status: problem.status,
        title: &problem.title,
        detail: &problem.detail,
        help: &problem.help,
    };
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, super::render(&page)).into_response()
}

/// Whether the caller is a browser that would rather see a page.
pub(crate) fn wants_page(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}
