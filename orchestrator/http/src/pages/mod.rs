//! Pages, rendered on the server and usable without a script.
//!
//! A page is built from the same shapes that the API sends, so whatever a page
//! shows can be fetched as data too. Nobody shows a token here, so what is private is on no page.

pub(crate) mod api;
pub(crate) mod archive;
pub(crate) mod assets;
mod chart;
mod format;
pub(crate) mod home;
mod layout;
pub(crate) mod lists;
mod matrix;
pub(crate) mod problem;
pub(crate) mod run;
#[cfg(test)]
mod samples;
pub(crate) mod tournament;

use askama::Template;
use axum::response::{Html, IntoResponse, Response};

use crate::error::Error;

/// Renders a template.
pub(crate) fn render(template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => Html(html).into_response(),
        Err(error) => Error::internal(error).into_response(),
    }
}
