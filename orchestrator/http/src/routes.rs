//! The whole URL table.
//!
//! | request | token | handled in |
//! |---|---|---|
//! | `GET /healthz` | | `public/health.rs` |
//! | `GET /api/v1/tasks` · `GET /api/v1/tasks/{name}` | | `public/tasks.rs` |
//! | `POST /api/v1/tasks` | admin | `admin/tasks.rs` |
//! | `GET /api/v1/tournaments` · `GET /api/v1/tournaments/{name}` | | `public/tournaments.rs` |
//! | `POST /api/v1/tournaments` | admin | `admin/tournaments.rs` |
//! | `POST /api/v1/tournaments/{name}/open` · `…/close` | admin | `admin/tournaments.rs` |
//! | `POST /api/v1/tournaments/{name}/submissions?name={method}` | miner | `public/submissions.rs` |
//! | `GET /api/v1/tournaments/{name}/events` · `GET /api/v1/runs/{id}/events` | | `public/events.rs` |
//! | `GET /api/v1/runs/{id}` | | `public/runs.rs` |
//! | `POST /api/v1/tokens` | admin | `admin/tokens.rs` |
//! | `GET /api/v1/events` | | `public/events.rs` |
//! | `GET /api/v1/runners` | | `public/runners.rs` |
//! | `GET /api/v1/archive` · `GET /api/v1/archive/{id}` · `…/module` · `…/model` | | `public/archive.rs` |
//! | `POST /api/v1/runners` | runner | `runner/register.rs` |
//! | `POST /api/v1/runners/{id}/lease` | runner | `runner/lease.rs` |
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
//! An admin's token is good for everything a miner's is. Whatever else is asked
//! for is answered 404 or 405 as a problem, or as a page to a browser.
