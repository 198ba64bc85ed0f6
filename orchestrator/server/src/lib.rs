//! What `gauntlet up` starts and ends: a database, the orchestrator over it, and a local
//! runner, all of whose files lie in one data folder.
//!
//! Nothing here knows a screen or a command line: what goes wrong is a [`ServerError`].

pub mod blob_key;
mod blob_key_error;
pub mod config;
pub mod data_dir;
mod database;
mod error;
mod instance;
mod orchestrator;
mod records;
mod runner;
mod schema;
pub mod tasks;
mod tls;
mod tokens;

pub use error::{Cause, ServerError};
pub use gauntlet_http::Network;
pub use gauntlet_scheduler::SubmissionLimits;
pub use instance::{Instance, Options};
pub use schema::{Migrated, migrate};
pub use tls::Tls;
