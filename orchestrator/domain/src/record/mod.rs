//! What is recorded of a tournament for ever, and what can be done with the record: replay it,
//! check its chain, audit it, judge it again.

mod apply;
mod archive;
mod audit;
mod chain;
mod event;
mod matches;
mod platform_event;
mod put_out;
mod rejudge;
mod replay;
mod round_events;
mod shown;

pub use apply::IllegalEvent;
pub use archive::{Card, CardBlock, CardEvidence, choose_model};
pub use audit::{Audit, Difference, audit};
pub use chain::{Broken, Link, link, verify};
pub use event::{Event, QueuedRun, TournamentTask};
pub use matches::Matches;
pub use platform_event::PlatformEvent;
pub use rejudge::{Changes, Erratum, Move, RejudgeError, Rejudgement};
pub use replay::step;
pub use shown::Line;
