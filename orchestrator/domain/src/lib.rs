//! Tournament rules as pure functions: no I/O, no async, no clock, no
//! randomness. Identifiers, times and nonces come in from outside.
//!
//! Four wings, each of which knows only those before it:
//!
//! - [`run`]: a single run;
//! - [`statistics`]: mathematics over plain numbers;
//! - [`tournament`]: rules, formats, rounds, decisions;
//! - [`record`]: the events, and what can be done with them.
//!
//! The heart is [`record::step`]: a [`tournament::Tournament`] and a [`record::Event`] give the
//! next tournament and the [`tournament::Effect`]s that the shell has to carry out. Everything
//! random derives from the [`tournament::TournamentSeed`], so anyone can compute it again.

mod digest;
mod ids;
mod names;
pub mod record;
pub mod run;
mod schema;
pub mod statistics;
pub mod tournament;

pub use digest::{Digest, ParseDigestError};
pub use ids::{
    AccountId, ArchiveId, BlockId, RoundId, RunId, RunnerId, SeriesId, SubmissionId, TaskId,
    TokenId, TournamentId,
};
pub use names::{
    AccountName, MethodName, NameError, RunnerName, SeriesName, TaskName, TournamentName,
};
