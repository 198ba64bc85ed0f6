//! The HTTP API, the runner API and the pages: [`app`] is the whole of it as a
//! function from requests to answers, [`serve`] puts it on an address.
//!
//! A handler reads from top to bottom: who is calling, what do they say, one
//! scheduler command or one view, the answer. Everything that goes wrong is a
//! problem (RFC 9457); see `error.rs` for whose fault is told how.

mod admin;
mod app;
mod auth;
mod background;
mod card;
mod changes;
mod connection;
mod connections;
mod convert;
mod drain;
mod error;
mod etag;
mod extract;
mod headers;
mod idempotency;
mod incoming;
mod layers;
mod metrics;
mod openapi;
mod page;
mod pages;
mod proxies;
mod public;
mod read;
mod recent_tokens;
mod refused;
mod request_id;
mod request_limits;
mod routes;
mod runner;
mod serve;
mod tls_listener;
mod token_watch;
mod unstalled;

pub use connections::ConnectionLimits;
pub use proxies::{Network, TrustedProxies};
pub use request_limits::{Rate, RequestLimits};
pub use routes::openapi;
pub use serve::{Limits, app, app_with_intake, serve, serve_tls};
pub use tls_listener::TlsListener;
