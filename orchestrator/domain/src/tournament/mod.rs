//! A tournament: its rules and formats, its state, and what follows from it.
//!
//! [`Tournament::next`] says what is to be done; what was done is told to it by the events of
//! [`record`](crate::record), which nothing here knows.

mod deciding;
mod decision;
mod disclosure;
mod effect;
mod evidence;
mod formats;
mod mid_run;
mod points;
mod progress;
mod results;
mod round;
mod rules;
mod seed;
mod share;
mod standing;
mod standings;
mod state;
pub(crate) mod succession;

pub use decision::{Decision, Title};
pub use disclosure::{Audience, Disclosure};
pub use effect::Effect;
pub use evidence::Evidence;
pub use formats::{Format, Next, Opening};
pub use mid_run::{Hopeless, can_still_matter};
pub use round::{Block, Entrant, Heat, Round, RunRecord};
pub use rules::{
    Accepts, CheckpointScore, Classic, Combine, FirstBlock, Halving, MODULE_DATA_BYTES, MidRun,
    Play, Probing, RULES_VERSION, Racing, RoundRobin, Rules, RulesError, Succession, Swiss, Terms,
};
pub use seed::{BlockSeed, Nonce, TournamentSeed};
pub use share::Share;
pub use standing::Standing;
pub use state::{Parts, Tournament, TournamentState};
