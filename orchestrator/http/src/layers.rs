//! What is around every handler, from the inside out.

use std::any::Any;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::trace::TraceLayer;

use crate::app::App;
use crate::error::Error;
use crate::metrics::Metrics;
use crate::pages::problem;
use crate::{drain, etag, headers, idempotency, metrics, request_id, request_limits};

/// Puts all of it around the handlers.
pub(crate) fn around(handlers: Router<App>, app: &App) -> Router<App> {
    let metrics = app.metrics.clone();
    handlers
        // Handlers read bodies themselves, each with its own limit.
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state(app.clone(), idempotency::once))
        .layer(from_fn_with_state(
            app.limiter.clone(),
            request_limits::anonymous,
        ))
        .layer(CatchPanicLayer::custom(
            move |panic: Box<dyn Any + Send>| panicked(&metrics, panic.as_ref()),
        ))
        .layer(from_fn(etag::tag))
        .layer(from_fn(problem::told))
        .layer(from_fn(headers::secure))
        .layer(from_fn_with_state(app.metrics.clone(), metrics::count))
        .layer(from_fn(drain::bodies))
        .layer(TraceLayer::new_for_http().make_span_with(request_id::span))
        .layer(from_fn(request_id::assign))
}

/// The answer to a request whose handler panicked. What it held is let go of, and a transaction
/// that it began is not carried out.
fn panicked(metrics: &Metrics, panic: &(dyn Any + Send)) -> Response {
    metrics.panicked();
    let said = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let said = said.unwrap_or("no text");
    Error::internal(format_args!("the handler panicked: {said}")).into_response()
}
