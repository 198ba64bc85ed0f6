//! Tournament rules as pure functions: no I/O, no async, no clock, no
//! randomness. Identifiers, times and nonces come in from outside.
//!
//! The heart is [`step`]: a [`Tournament`] and an [`Event`] give the next
//! tournament and the [`Effect`]s that the shell has to carry out. Everything
//! random derives from the [`TournamentSeed`], so anyone can compute it again.

mod allocation;
mod apply;
mod archive;
mod audit;
mod belief;
mod budget;
mod chain;
mod curve;
mod decision;
mod digest;
mod effect;
mod event;
mod evidence;
mod formats;
mod friedman;
mod holm;
mod ids;
mod lane;
mod layout;
mod matches;
mod meters;
mod metric;
mod mid_run;
mod names;
mod normal;
mod p_best;
mod points;
mod posterior;
mod profile;
mod progress;
mod rejudge;
mod round;
mod round_events;
mod rules;
mod run_state;
mod seed;
mod sign_flip;
mod spread;
mod standings;
mod succession;
mod terms;
mod tournament;
mod verdict;

pub use allocation::{Allocation, NextRun};
pub use apply::IllegalEvent;
pub use archive::{Card, CardBlock, CardEvidence, choose_model};
pub use audit::{Audit, Difference, audit};
pub use belief::Belief;
pub use budget::{Budget, BudgetError};
pub use chain::{Broken, Link, link, verify};
pub use curve::{CurvePoint, MAX_METRIC_NAMES, MAX_POINTS_PER_METRIC, tidy_curve};
pub use decision::{Decision, Title};
pub use digest::{Digest, ParseDigestError};
pub use effect::Effect;
pub use event::{Event, PlatformEvent, QueuedRun, TournamentTask};
pub use evidence::Evidence;
pub use formats::{Classic, FirstBlock, Format, Halving, Next, Opening, Racing, RoundRobin, Swiss};
pub use friedman::friedman;
pub use holm::holm;
pub use ids::{
    ArchiveId, BlockId, RoundId, RunId, RunnerId, SeriesId, SubmissionId, TaskId, TokenId,
    TournamentId,
};
pub use lane::{Lane, ParseLaneError};
pub use layout::Reading;
pub use matches::Matches;
pub use meters::Meters;
pub use metric::{Direction, Metric, MetricError};
pub use mid_run::{Hopeless, MidRun, Probe, Probing, can_still_matter};
pub use names::{MethodName, NameError, RunnerName, SeriesName, TaskName, TournamentName};
pub use normal::Normals;
pub use posterior::Posterior;
pub use profile::{profile_points, profile_score};
pub use rejudge::{Changes, Erratum, Move, RejudgeError, Rejudgement};
pub use round::{Block, Entrant, Heat, Round, RunRecord};
pub use rules::{Play, RULES_VERSION, Rules, RulesError};
pub use run_state::{IllegalTransition, RunEvent, RunState};
pub use seed::{BlockSeed, Nonce, TournamentSeed};
pub use sign_flip::one_sided_p_value;
pub use spread::Spread;
pub use standings::Standing;
pub use terms::{Combine, Succession, Terms};
pub use tournament::{Parts, Tournament, TournamentState, step};
pub use verdict::{Outcome, OutcomeError, Verdict};
