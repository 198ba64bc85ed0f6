//! Commands and loops against a real PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test may die of a surprise")]

mod archive;
mod batch;
mod bracket;
mod cancel;
mod chaos;
mod concurrency;
mod dice;
mod failpoints;
mod formats;
mod garbage;
mod histories;
mod kept;
mod lanes;
mod lease;
mod operator_actions;
mod postgres;
mod record;
mod report;
mod restart;
mod runner_health;
mod series;
mod server_defaults;
mod shares;
mod stopping;
mod stuck;
mod submit;
mod support;
mod tasks;
mod titles;
mod tokens;
mod unrunnable;
