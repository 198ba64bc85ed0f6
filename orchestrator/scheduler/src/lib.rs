//! Commands and loops that move tournaments forward.
//!
//! A command is one short transaction with one event: the state change and its
//! record commit together, or neither does. (Leases and results may share a
//! transaction; each still has an event of its own.) Every command may be called again
//! when its answer was lost. Loops do what nobody asks for: they take expired
//! leases back, play the next step of a tournament and start those of a series. Several
//! orchestrators may run over one database; row locks and the preconditions in every
//! `WHERE` keep them apart.

mod archiving;
mod calendar;
mod card;
pub mod commands;
mod context;
pub mod contributions;
mod error;
mod health_policy;
pub mod loops;
mod runner_health;
mod signals;
pub mod unserved;

pub use context::{Context, Policy, SubmissionLimits};
pub use error::{Reason, Refusal};
pub use health_policy::HealthPolicy;
pub use runner_health::Cause;
pub use signals::Signals;
