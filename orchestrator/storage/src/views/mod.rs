//! What pages and commands show: whole things, read in one go.

mod archive;
mod run;
mod runner;
mod task;
mod tournament;

pub use archive::ArchiveView;
pub use run::{AttemptState, AttemptView, RunView};
pub use runner::RunnerView;
pub use task::TaskView;
pub use tournament::{
    BlockView, ChampionView, CutView, MethodView, RoundState, RoundView, RunCell, StandingView,
    TournamentSummary, TournamentView,
};
