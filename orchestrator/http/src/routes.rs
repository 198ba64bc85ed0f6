//! The whole URL table.
//!
//! | request | token | handled in |
//! |---|---|---|
//! | `GET /healthz` · `/readyz` | | `public/health.rs` |
//! | `GET /metrics` | admin | `admin/metrics.rs` |
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
//! | `GET /tournaments/{name}` · `…/live` | | `pages/tournament.rs` |
//! | `GET /runs/{id}` · `…/live` | | `pages/run.rs` |
//! | `GET /archive/{id}` | | `pages/archive.rs` |
//! | `GET /assets/{file}` | | `pages/assets.rs` |
//!
//! An admin's token is good for everything a miner's and an organiser's is. Whatever else is asked
//! for is answered 404 or 405 as a problem, or as a page to a browser.

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use crate::app::App;
use crate::error::Error;
use crate::{admin, layers, pages, public, runner};

/// Every address there is.
pub(crate) fn router(app: App) -> Router {
    let api = Router::new()
        .route(
            "/tasks",
            get(public::tasks::list).post(admin::tasks::create),
        )
        .route("/tasks/{name}", get(public::tasks::show))
        .route("/tasks/{name}/ratings", get(public::ratings::show))
        .route(
            "/series",
            get(public::series::list).post(admin::series::create),
        )
        .route("/series/{name}", get(public::series::show))
        .route("/series/{name}/end", post(admin::series::end))
        .route(
            "/tokens",
            get(admin::tokens::list).post(admin::tokens::create),
        )
        .route("/tokens/{id}/revoke", post(admin::tokens::revoke))
        .route("/tokens/{id}/rotate", post(admin::tokens::rotate))
        .route("/gc", post(admin::garbage::collect))
        .route("/events", get(public::events::everything))
        .route(
            "/tournaments",
            get(public::tournaments::list).post(admin::tournaments::create),
        )
        .route("/tournaments/{name}", get(public::tournaments::show))
        .route("/tournaments/{name}/open", post(admin::tournaments::open))
        .route("/tournaments/{name}/close", post(admin::tournaments::close))
        .route(
            "/tournaments/{name}/submissions",
            post(public::submissions::create),
        )
        .route(
            "/tournaments/{name}/events",
            get(public::events::tournament),
        )
        .route(
            "/tournaments/{name}/cancel",
            post(admin::tournaments::cancel),
        )
        .route("/tournaments/{name}/pause", post(admin::tournaments::pause))
        .route(
            "/tournaments/{name}/resume",
            post(admin::tournaments::resume),
        )
        .route("/tournaments/{name}/share", post(admin::tournaments::share))
        .route("/tournaments/{name}/retry", post(admin::tournaments::retry))
        .route(
            "/tournaments/{name}/disqualify",
            post(admin::tournaments::disqualify),
        )
        .route(
            "/tournaments/{name}/rounds/{round}/blocks/{block}/void",
            post(admin::tournaments::void_block),
        )
        .route(
            "/tournaments/{name}/rounds/{round}/blocks/{block}/replace",
            post(admin::tournaments::replace_block),
        )
        .route("/tournaments/{name}/rejudge", post(admin::rejudge::rejudge))
        .route("/tournaments/{name}/record", get(public::record::record))
        .route("/runs/{id}", get(public::runs::show))
        .route("/runs/{id}/retry", post(admin::runs::retry))
        .route("/runs/{id}/events", get(public::events::run))
        .route(
            "/runs/{id}/attempts/{attempt}/heartbeat",
            post(runner::heartbeat::heartbeat),
        )
        .route(
            "/runs/{id}/attempts/{attempt}/report",
            post(runner::report::report),
        )
        .route(
            "/runs/{id}/attempts/{attempt}/fault",
            post(runner::report::fault),
        )
        .route(
            "/runners",
            get(public::runners::list).post(runner::register::register),
        )
        .route("/runners/{id}/lease", post(runner::lease::lease))
        .route("/runners/{id}/leases", post(runner::lease::leases))
        .route("/reports", post(runner::report::reports))
        .route("/archive", get(public::archive::list))
        .route("/archive/{id}", get(public::archive::show))
        .route("/archive/{id}/module", get(public::archive::module))
        .route("/archive/{id}/model", get(public::archive::model))
        .route(
            "/blobs/{digest}",
            get(runner::blobs::get).put(runner::blobs::put),
        );
    let pages = Router::new()
        .route("/", get(pages::home::page))
        .route("/live", get(pages::home::live))
        .route("/tournaments/{name}", get(pages::tournament::page))
        .route("/tournaments/{name}/live", get(pages::tournament::live))
        .route("/runs/{id}", get(pages::run::page))
        .route("/runs/{id}/live", get(pages::run::live))
        .route("/archive/{id}", get(pages::archive::page))
        .route("/assets/{file}", get(pages::assets::file));
    let handlers = Router::new()
        .merge(pages)
        .nest("/api/v1", api)
        .route("/healthz", get(public::health::health))
        .route("/readyz", get(public::health::ready))
        .route("/metrics", get(admin::metrics::metrics))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed);
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
