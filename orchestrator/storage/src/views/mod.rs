//! What pages and commands show: whole things, read in one go.

mod archive;
mod record;
mod run;
mod runner;
mod series;
mod task;
mod tournament;
mod tournament_list;
mod tournament_page;
mod tournament_rounds;

pub use archive::{ArchiveView, entries, entry};
pub use record::{RecordView, record};
pub use run::{AttemptView, RunView, run};
pub use runner::{RunnerView, runners};
pub use series::{SeriesTournament, SeriesView, one_series, series};
pub use task::{TaskView, task, task_by_id, tasks};
pub use tournament::{
    BlockView, ChampionView, ComparisonView, CutView, HeatView, MethodView, RoundState, RoundView,
    RunCell, StandingView, TitleView, TournamentView,
};
pub use tournament_list::{TournamentSummary, tournaments};
pub use tournament_page::tournament;
