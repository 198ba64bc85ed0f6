use gauntlet_domain::{
    BlockSeed, CurvePoint, Digest, Meters, RunId, RunState, TournamentId, Verdict,
};
use time::OffsetDateTime;

/// A run with its curve and its attempts.
#[derive(Clone, Debug, PartialEq)]
pub struct RunView {
    /// Its id.
    pub id: RunId,
    /// The tournament.
    pub tournament_id: TournamentId,
    /// Name of the tournament.
    pub tournament: String,
    /// Name of the task.
    pub task: String,
    /// Name of the method.
    pub method: String,
    /// Digest of the method's module.
    pub digest: Digest,
    /// Round, from 1.
    pub round: u32,
    /// Block of the tournament, from 1.
    pub block: u32,
    /// Seed of the block.
    pub seed: BlockSeed,
    /// Where it is.
    pub state: RunState,
    /// Share of the budget used, 0 to 1, as last reported.
    pub progress: f64,
    /// How it ended.
    pub verdict: Option<Verdict>,
    /// The score, if it completed.
    pub score: Option<f64>,
    /// Digest of the model.
    pub model: Option<Digest>,
    /// Digest of the predictions, which are not kept.
    pub predictions: Option<Digest>,
    /// One line for the entrant.
    pub detail: Option<String>,
    /// What training used.
    pub train: Option<Meters>,
    /// What prediction used.
    pub predict: Option<Meters>,
    /// What was reported so far, by name, then step.
    pub curve: Vec<CurvePoint>,
    /// Its attempts, oldest first.
    pub attempts: Vec<AttemptView>,
}

/// One execution of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptView {
    /// Its number, from 1.
    pub number: i32,
    /// Name of the runner.
    pub runner: String,
    /// Hardware class of the runner.
    pub class: String,
    /// How it went.
    pub state: AttemptState,
    /// Why it was lost.
    pub reason: Option<String>,
    /// When it was leased.
    pub started_at: OffsetDateTime,
    /// When it ended.
    pub ended_at: Option<OffsetDateTime>,
}

/// How an attempt went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AttemptState {
    /// Still leased.
    Leased,
    /// Its report was accepted.
    Reported,
    /// The runner reported a fault of the platform.
    Faulted,
    /// Its lease ran out.
    Expired,
}

impl AttemptState {
    /// The name used in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Leased => "leased",
            Self::Reported => "reported",
            Self::Faulted => "faulted",
            Self::Expired => "expired",
        }
    }

    /// The state of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Leased, Self::Reported, Self::Faulted, Self::Expired]
            .into_iter()
            .find(|state| state.as_str() == name)
    }
}
