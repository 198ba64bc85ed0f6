//! What is around every handler, from the inside out.

use std::any::Any;

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::trace::TraceLayer;

use crate::app::App;
use crate::error::Error;
use crate::etag::Had;
use crate::metrics::{Counting, Metrics};
use crate::pages::problem::Telling;
use crate::request_id::{self, RequestId};
use crate::{drain, headers, idempotency};

/// Puts all of it around the handlers. Each layer costs every request that waits, as those of
/// a thousand runners do, memory of its own: hence no more layers than must lie outside of one
/// another.
pub(crate) fn around(handlers: Router<App>, app: &App) -> Router<App> {
    let metrics = app.metrics.clone();
    handlers
        // Handlers read bodies themselves, each with its own limit.
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state(app.clone(), within))
        .layer(CatchPanicLayer::custom(
            move |panic: Box<dyn Any + Send>| panicked(&metrics, panic.as_ref()),
        ))
        .layer(from_fn_with_state(app.metrics.clone(), answered))
        .layer(TraceLayer::new_for_http().make_span_with(request_id::span))
        .layer(from_fn(known))
}

/// Requests that may be made at all, each carried out once.
async fn within(State(app): State<App>, request: Request, next: Next) -> Response {
    if let Err(error) = app.limiter.asked(&request) {
        return error.into_response();
    }
    idempotency::once(&app, request, next).await
}

/// What is done with every answer, one of a panic too.
async fn answered(
    State(metrics): State<Metrics>,
    route: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let counting = Counting::begin(route.as_ref(), request.method());
    let telling = Telling::of(&request);
    let had = Had::of(&request);
    let mut response = next.run(request).await;
    if let Some(had) = had {
        response = had.answer(response).await;
    }
    response = telling.answer(response);
    headers::secure(&mut response);
    counting.answered(&metrics, &response);
    response
}

/// Requests get an id before anything is said of them, and are read to their ends.
async fn known(mut request: Request, next: Next) -> Response {
    let id = RequestId::assign(&mut request);
    let mut response = next.run(drain::body(request)).await;
    id.tell(&mut response);
    response
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
