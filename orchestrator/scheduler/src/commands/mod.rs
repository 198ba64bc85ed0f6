//! What can be asked of the platform: one command a file, one transaction and
//! one event each.

pub mod cancel_tournament;
pub mod claim;
pub mod close_tournament;
pub mod create_task;
pub mod create_tournament;
pub mod fault;
pub mod heartbeat;
pub mod open_tournament;
pub mod register_runner;
pub mod report;
pub mod retry_run;
pub mod submit;
pub mod tokens;

mod find;
mod lose;
mod text;

pub(crate) use lose::lose;
