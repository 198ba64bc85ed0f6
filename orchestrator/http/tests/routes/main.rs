//! The HTTP interface against a real database: one file for each part of `src/`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod archive;
mod auth;
mod batch;
mod blobs;
mod browser;
mod disclosure;
mod events;
mod images;
mod metrics;
mod modules;
mod organiser;
mod pages;
mod requests;
mod runner;
mod series;
mod shown;
mod submissions;
mod supervision;
mod support;
mod tls;
mod tokens;
mod upload_memory;
mod waiting;
