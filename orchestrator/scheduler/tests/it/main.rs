//! Commands and loops against a real PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test may die of a surprise")]

mod archive;
mod bracket;
mod cancel;
mod chaos;
mod concurrency;
mod formats;
mod lanes;
mod lease;
mod record;
mod referee;
mod report;
mod restart;
mod series;
mod stuck;
mod submit;
mod support;
mod tasks;
mod tokens;
