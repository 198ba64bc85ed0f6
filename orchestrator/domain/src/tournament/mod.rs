//! A tournament: its rules and formats, its state, and what follows from it.
//!
//! [`Tournament::next`] says what is to be done; what was done is told to it by the events of
//! [`record`](crate::record), which nothing here knows.

mod decision;
mod effect;
mod evidence;
mod formats;
mod mid_run;
mod points;
mod progress;
mod round;
mod rules;
mod seed;
mod standings;
mod state;
pub(crate) mod succession;
mod terms;

pub use decision::{Decision, Title};
pub use effect::Effect;
pub use evidence::Evidence;
pub use formats::{Classic, FirstBlock, Format, Halving, Next, Opening, Racing, RoundRobin, Swiss};
pub use mid_run::{CheckpointScore, Hopeless, MidRun, Probing, can_still_matter};
pub use round::{Block, Entrant, Heat, Round, RunRecord};
pub use rules::{Play, RULES_VERSION, Rules, RulesError};
pub use seed::{BlockSeed, Nonce, TournamentSeed};
pub use standings::Standing;
pub use state::{Parts, Tournament, TournamentState};
pub use terms::{Combine, Succession, Terms};
