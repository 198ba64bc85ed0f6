//! A single run: where it is, how it ended, what it may use and what it was measured by.

mod attempt_state;
mod budget;
mod curve;
mod lane;
mod meters;
mod metric;
mod run_state;
mod runner_state;
mod verdict;

pub use attempt_state::AttemptState;
pub use budget::{Budget, BudgetError};
pub use curve::{CurvePoint, MAX_METRIC_NAMES, MAX_POINTS_PER_METRIC, tidy_curve};
pub use lane::{Lane, ParseLaneError};
pub use meters::Meters;
pub use metric::{Direction, Metric, MetricError, SCORE_STEPS};
pub use run_state::{IllegalTransition, RunEvent, RunState};
pub use runner_state::RunnerState;
pub use verdict::{Outcome, OutcomeError, Verdict};
