//! The whole URL table.
//!
//! | request | token | handled in |
//! |---|---|---|
//! | `GET /healthz` · `/readyz` | | `public/health.rs` |
//! | `GET /metrics` | admin | `admin/metrics.rs` |
//! | `GET /api/v1/openapi.json` | | `public/description.rs` |
//! | `GET /api/v1/tasks` · `GET /api/v1/tasks/{name}` | | `public/tasks.rs` |
//! | `POST /api/v1/tasks` | admin | `admin/tasks.rs` |
//! | `GET /api/v1/tasks/{name}/ratings` | | `public/ratings.rs` |
//! | `GET /api/v1/series` · `GET /api/v1/series/{name}` | | `public/series.rs` |
//! | `POST /api/v1/series` · `POST /api/v1/series/{name}/end` | organiser | `admin/series.rs` |
//! | `GET /api/v1/tournaments` · `GET /api/v1/tournaments/{name}` | | `public/tournaments.rs` |
//! | `POST /api/v1/tournaments` | organiser | `admin/tournaments.rs` |
//! | `POST /api/v1/tournaments/{name}/open` · `…/close` · `…/cancel` | organiser | `admin/tournaments.rs` |
//! | `POST /api/v1/tournaments/{name}/pause` · `…/resume` · `…/disqualify` | organiser | `admin/tournaments.rs` |
//! | `POST /api/v1/tournaments/{name}/rounds/{round}/blocks/{block}/void` · `…/replace` | organiser | `admin/tournaments.rs` |
//! | `POST /api/v1/tournaments/{name}/share` | admin | `admin/tournaments.rs` |
//! | `POST /api/v1/tournaments/{name}/retry` | organiser | `admin/tournaments.rs` |
//! | `POST /api/v1/tournaments/{name}/rejudge` | organiser | `admin/rejudge.rs` |
//! | `GET` and `POST /api/v1/tournaments/{name}/members` · `POST …/members/{account}/remove` | organiser | `admin/members.rs` |
//! | `GET /api/v1/tournaments/{name}/record?after=N` | | `public/record.rs` |
//! | `POST /api/v1/tournaments/{name}/submissions?name={method}` | miner | `public/submissions.rs` |
//! | `GET /api/v1/tournaments/{name}/events` · `GET /api/v1/runs/{id}/events` | | `public/events.rs` |
//! | `GET /api/v1/runs/{id}` | | `public/runs.rs` |
//! | `GET /api/v1/tokens` · `POST /api/v1/tokens` | admin | `admin/tokens.rs` |
//! | `POST /api/v1/tokens/{id}/revoke` · `…/rotate` | admin | `admin/tokens.rs` |
//! | `POST /api/v1/gc` | admin | `admin/garbage.rs` |
//! | `GET /api/v1/events` | | `public/events.rs` |
//! | `POST /api/v1/runs/{id}/retry` | admin | `admin/runs.rs` |
//! | `GET /api/v1/runners` | | `public/runners.rs` |
//! | `GET /api/v1/archive` · `GET /api/v1/archive/{id}` · `…/module` · `…/model` | | `public/archive.rs` |
//! | `POST /api/v1/runners` | runner | `runner/register.rs` |
//! | `POST /api/v1/runners/{id}/lease` | runner | `runner/lease.rs` |
//! | `POST /api/v1/runners/{id}/leases` | runner | `runner/lease.rs` |
//! | `POST /api/v1/reports` | runner | `runner/report.rs` |
//! | `POST /api/v1/runs/{run}/attempts/{attempt}/heartbeat` | runner | `runner/heartbeat.rs` |
//! | `POST /api/v1/runs/{run}/attempts/{attempt}/report` · `…/fault` | runner | `runner/report.rs` |
//! | `GET /api/v1/blobs/{digest}` | runner | `runner/blobs.rs` |
//! | `PUT /api/v1/blobs/{digest}` | runner or admin | `runner/blobs.rs` |
//! | `GET /` · `GET /live` | | `pages/home.rs` |
//! | `GET /api` | | `pages/api.rs` |
//! | `GET /tournaments` · `GET /archive` · `GET /runners` | | `pages/lists.rs` |
//! | `GET /tournaments/{name}` · `…/live` | | `pages/tournament.rs` |
//! | `GET /runs/{id}` · `…/live` | | `pages/run.rs` |
//! | `GET /archive/{id}` | | `pages/archive.rs` |
//! | `GET /assets/{file}` | | `pages/assets.rs` |
//!
//! What is private (a tournament, its runs, task, series and entry) is there for members' tokens and
//! admins' alone: for everybody else it is answered as what does not exist.
//!
//! An admin's token is good for everything a miner's and an organiser's is. Whatever else is asked
//! for is answered 404 or 405 as a problem, or as a page to a browser.

use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::error::Error;
use crate::openapi::Description;
use crate::{admin, layers, pages, public, runner};

/// What the description of the API describes. Each handler has its path and method beside it.
pub(crate) fn operations() -> OpenApiRouter<App> {
    let api = OpenApiRouter::new()
        .routes(routes!(public::description::show))
        .routes(routes!(public::tasks::list, admin::tasks::create))
        .routes(routes!(public::tasks::show))
        .routes(routes!(public::ratings::show))
        .routes(routes!(public::series::list, admin::series::create))
        .routes(routes!(public::series::show))
        .routes(routes!(admin::series::end))
        .routes(routes!(admin::tokens::list, admin::tokens::create))
        .routes(routes!(admin::tokens::revoke))
        .routes(routes!(admin::tokens::rotate))
        .routes(routes!(admin::garbage::collect))
        .routes(routes!(public::events::everything))
        .routes(routes!(
            public::tournaments::list,
            admin::tournaments::create
        ))
        .routes(routes!(public::tournaments::show))
        .routes(routes!(admin::tournaments::open))
        .routes(routes!(admin::tournaments::close))
        .routes(routes!(public::submissions::create))
        .routes(routes!(public::events::tournament))
        .routes(routes!(admin::tournaments::cancel))
        .routes(routes!(admin::tournaments::pause))
        .routes(routes!(admin::tournaments::resume))
        .routes(routes!(admin::tournaments::share))
        .routes(routes!(admin::tournaments::retry))
        .routes(routes!(admin::tournaments::disqualify))
        .routes(routes!(admin::tournaments::void_block))
        .routes(routes!(admin::tournaments::replace_block))
        .routes(routes!(admin::rejudge::rejudge))
        .routes(routes!(admin::members::list, admin::members::add))
        .routes(routes!(admin::members::remove))
        .routes(routes!(public::record::record))
        .routes(routes!(public::runs::show))
        .routes(routes!(admin::runs::retry))
        .routes(routes!(public::events::run))
        .routes(routes!(runner::heartbeat::heartbeat))
        .routes(routes!(runner::report::report))
        .routes(routes!(runner::report::fault))
        .routes(routes!(public::runners::list, runner::register::register))
        .routes(routes!(runner::lease::lease))
        .routes(routes!(runner::lease::leases))
        .routes(routes!(runner::report::reports))
        .routes(routes!(public::archive::list))
        .routes(routes!(public::archive::show))
        .routes(routes!(public::archive::module))
        .routes(routes!(public::archive::model))
        .routes(routes!(runner::blobs::get, runner::blobs::put));
    OpenApiRouter::new()
        .nest("/api/v1", api)
        .routes(routes!(public::health::health))
        .routes(routes!(public::health::ready))
        .routes(routes!(admin::metrics::metrics))
}

/// The description of the API, OpenAPI 3.1 as JSON: what `GET /api/v1/openapi.json` gives.
pub fn openapi() -> String {
    let description = Description::new(operations().into_openapi());
    description.text.to_string()
}

/// What people look at.
fn pages() -> Router<App> {
    Router::new()
        .route("/", get(pages::home::page))
        .route("/live", get(pages::home::live))
        .route("/api", get(pages::api::page))
        .route("/tournaments", get(pages::lists::tournaments))
        .route("/archive", get(pages::lists::archive))
        .route("/runners", get(pages::lists::runners))
        .route("/tournaments/{name}", get(pages::tournament::page))
        .route("/tournaments/{name}/live", get(pages::tournament::live))
        .route("/runs/{id}", get(pages::run::page))
        .route("/runs/{id}/live", get(pages::run::live))
        .route("/archive/{id}", get(pages::archive::page))
        .route("/assets/{file}", get(pages::assets::file))
}

/// Every address there is.
pub(crate) fn router(app: App) -> Router {
    let (operations, description) = operations().split_for_parts();
    let handlers = Router::new()
        .merge(pages())
        .merge(operations)
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(Extension(Description::new(description)));
    layers::around(handlers, &app).with_state(app)
}

async fn not_found(request: Request) -> Response {
    Error::not_found("path", "address", request.uri().path()).into_response()
}

async fn method_not_allowed(request: Request) -> Response {
    Error::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method-not-allowed",
        "Method not allowed",
        format!("{} is not for this address", request.method()),
        "the header `allow` names what is",
    )
    .field("method")
    .into_response()
}
