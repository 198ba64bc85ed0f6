//! Storage against a real PostgreSQL: what commands cannot show. Their own
//! tests are the scheduler's.

#![expect(clippy::unwrap_used, reason = "a test may die of a surprise")]

mod blobs;
mod chain;
mod db;
mod listen;
mod read_only;
mod roles;
mod server;
