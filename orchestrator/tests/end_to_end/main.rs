//! The real programs together: `gauntlet`, `gauntlet-runner`, `gauntlet-worker`, PostgreSQL and
//! methods compiled for the sandbox.

#![expect(clippy::unwrap_used, reason = "a surprise here is a failed test")]

mod chaos;
mod containers;
mod demo;
mod errors;
mod fit;
mod methods;
mod organiser;
mod recovery;
mod roles;
mod sealed_blobs;
mod series;
mod shell;
mod stopping;
mod support;
mod tasks;
mod tls;
