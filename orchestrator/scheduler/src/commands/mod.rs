//! What can be asked of the platform: one command a file, one transaction and
//! one event each.

pub mod accepts;
pub mod cancel_tournament;
pub mod claim;
pub mod close_tournament;
pub mod collect_garbage;
pub mod create_series;
pub mod create_task;
pub mod create_tournament;
pub mod disqualify;
pub mod end_series;
pub mod fault;
pub mod heartbeat;
pub mod members;
pub mod open_tournament;
pub mod pause;
pub mod register_runner;
pub mod rejudge;
pub mod report;
pub mod retry;
pub mod score_checkpoints;
pub mod share;
pub mod submit;
pub mod tokens;
pub mod void_block;

mod find;
mod lease_lost;
mod operator_actions;
pub(crate) mod release;
mod roles;
mod text;
