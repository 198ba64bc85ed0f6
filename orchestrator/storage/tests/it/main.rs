//! Storage against a real PostgreSQL: what commands cannot show. Their own
//! tests are the scheduler's.

mod chain;
mod db;
mod listen;
mod server;
