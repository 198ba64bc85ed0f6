//! The HTTP interface against a real database: one file for each part of `src/`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod api_page;
mod archive;
mod auth;
mod batch;
mod blobs;
mod browser;
mod connections;
mod description;
mod disclosure;
mod etags;
mod events;
mod idempotency;
mod images;
mod lists;
mod members;
mod metrics;
mod modules;
mod organiser;
mod pages;
mod private;
mod request_ids;
mod request_limits;
mod requests;
mod runner;
mod series;
mod shown;
mod submissions;
mod supervision;
mod support;
mod tls;
mod tokens;
mod waiting;
