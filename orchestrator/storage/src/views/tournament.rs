use gauntlet_domain::run::{Metric, RunState, Verdict};
use gauntlet_domain::tournament::{
    BlockSeed, Disclosure, Evidence, Nonce, Rules, Share, TournamentSeed, TournamentState,
};
use gauntlet_domain::{ArchiveId, Digest, RunId, SubmissionId, TournamentId};
use time::OffsetDateTime;

/// A tournament with all that its audience may see of it.
#[derive(Clone, Debug, PartialEq)]
pub struct TournamentView {
    /// Its id.
    pub id: TournamentId,
    /// Unique name.
    pub name: String,
    /// Name of the task.
    pub task: String,
    /// Whether it is there for its members alone.
    pub private: bool,
    /// Names of its further tasks.
    pub more_tasks: Vec<String>,
    /// What the standings are in: what the task measures, or a share where tasks combine.
    pub metric: Metric,
    /// Where it is.
    pub state: TournamentState,
    /// Its rules.
    pub rules: Rules,
    /// Digest of the nonce, once open.
    pub nonce_digest: Option<Digest>,
    /// The nonce, once closed.
    pub nonce: Option<Nonce>,
    /// The seed, once closed.
    pub seed: Option<TournamentSeed>,
    /// Rises with every change, progress of runs included.
    pub version: u64,
    /// When it was created.
    pub created_at: OffsetDateTime,
    /// When it opened.
    pub opened_at: Option<OffsetDateTime>,
    /// Name of the series it belongs to.
    pub series: Option<String>,
    /// When it closes by itself, or did.
    pub closes_at: Option<OffsetDateTime>,
    /// When it closed.
    pub closed_at: Option<OffsetDateTime>,
    /// When it ended: completed or cancelled.
    pub ended_at: Option<OffsetDateTime>,
    /// Why it was cancelled.
    pub cancelled_because: Option<String>,
    /// Why it is paused, if it is.
    pub paused_because: Option<String>,
    /// Its part of the runners' time.
    pub share: Share,
    /// Why it was judged again, if it was: everything here is by the latest judgement.
    pub rejudged_because: Option<String>,
    /// The field, by name.
    pub methods: Vec<MethodView>,
    /// The rounds so far.
    pub rounds: Vec<RoundView>,
    /// The standing now: the final ranking once it is completed, before that methods still in,
    /// best first, then those cut, latest cut first. Means are over all of a method's blocks.
    pub standings: Vec<StandingView>,
    /// The winner.
    pub champion: Option<ChampionView>,
    /// How much of it is shown.
    pub disclosure: Disclosure,
}

/// A method of the field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MethodView {
    /// Its submission.
    pub submission: SubmissionId,
    /// Its name.
    pub name: String,
    /// Digest of its module.
    pub digest: Digest,
    /// Bytes of its module.
    pub bytes: u64,
    /// When it was handed in.
    pub submitted_at: OffsetDateTime,
    /// The round after which it was cut.
    pub cut_after: Option<u32>,
    /// Whether it defends the title.
    pub defender: bool,
    /// Why it is out, if it was disqualified.
    pub disqualified_because: Option<String>,
    /// Why it is out, if the platform gave it up.
    pub set_aside_because: Option<String>,
}

/// A heat, with names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeatView {
    /// Who meets, by name.
    pub methods: Vec<String>,
    /// Numbers of their blocks in the tournament.
    pub blocks: Vec<u32>,
}

/// Where a round is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RoundState {
    /// Runs are missing.
    Running,
    /// All results are in and the round is decided.
    Decided,
    /// A run is stuck; the note says which and why.
    Stuck,
}

/// A round.
#[derive(Clone, Debug, PartialEq)]
pub struct RoundView {
    /// Its number, from 1.
    pub number: u32,
    /// Where it is.
    pub state: RoundState,
    /// Why it cannot go on, if it cannot.
    pub note: Option<String>,
    /// Its blocks.
    pub blocks: Vec<BlockView>,
    /// Who meets whom; one heat where everybody runs every block.
    pub heats: Vec<HeatView>,
    /// Every entrant on every block, by method, then block.
    pub runs: Vec<RunCell>,
    /// Standings of its entrants over all blocks so far, best first; provisional until it is decided.
    pub standings: Vec<StandingView>,
    /// The cut, once decided. After the last round `kept` is the champion.
    pub cut: Option<CutView>,
}

/// A block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockView {
    /// Its number in the tournament, from 1.
    pub number: u32,
    /// Its number in the round, from 1.
    pub index: u32,
    /// Its seed.
    pub seed: BlockSeed,
    /// Name of its task.
    pub task: String,
    /// Whether it was taken out and does not count.
    pub voided: bool,
    /// Number of the block in the tournament that it is once more.
    pub again: Option<u32>,
    /// Whether it is run with half the budget.
    pub half: bool,
}

/// A run in short.
#[derive(Clone, Debug, PartialEq)]
pub struct RunCell {
    /// The run.
    pub run: RunId,
    /// Name of the method.
    pub method: String,
    /// Number of the block in the tournament.
    pub block: u32,
    /// Where it is.
    pub state: RunState,
    /// The current or last attempt; 0 before the first.
    pub attempt: i32,
    /// Share of the budget used, 0 to 1, as last reported.
    pub progress: f64,
    /// How it ended.
    pub verdict: Option<Verdict>,
    /// The score, if it completed.
    pub score: Option<f64>,
    /// Digest of the model.
    pub model: Option<Digest>,
}

/// A method's place.
#[derive(Clone, Debug, PartialEq)]
pub struct StandingView {
    /// Place, from 1.
    pub place: u32,
    /// Name of the method.
    pub method: String,
    /// Mean score over its blocks; a fault counts as the metric's miss.
    pub mean: f64,
    /// Standard error of the mean; needs two blocks.
    pub standard_error: Option<f64>,
    /// Blocks it has a result on.
    pub blocks: u32,
    /// Of them, those that ended in a fault of its own.
    pub faults: u32,
    /// The round after which it was cut.
    pub cut_after: Option<u32>,
    /// Points from meetings, in formats that give some.
    pub points: Option<f64>,
    /// What racing estimates, and the chance to be the best.
    pub estimate: Option<f64>,
    /// Chance to be the best, as racing sees it.
    pub p_best: Option<f64>,
}

/// A cut, with names.
#[derive(Clone, Debug, PartialEq)]
pub struct CutView {
    /// Who goes on, best first.
    pub kept: Vec<String>,
    /// Who is out, best first.
    pub dropped: Vec<String>,
    /// The two that `evidence` compares, by name: the first cut, and the last one kept that it
    /// met.
    pub at_line: Option<(String, String)>,
    /// What it rests on: last kept against first cut; none if nobody was cut.
    pub evidence: Option<Evidence>,
    /// Everybody cut, by name, against the last one kept beside it.
    pub comparisons: Vec<ComparisonView>,
    /// p-value of Friedman's test, where the format asked for it.
    pub friedman: Option<f64>,
    /// How the title was decided, in a champion's round.
    pub title: Option<TitleView>,
}

/// A method that was cut, against the last one kept beside it.
#[derive(Clone, Debug, PartialEq)]
pub struct ComparisonView {
    /// The last kept.
    pub kept: String,
    /// The one cut.
    pub dropped: String,
    /// The numbers.
    pub evidence: Evidence,
}

/// How the title was decided.
#[derive(Clone, Debug, PartialEq)]
pub struct TitleView {
    /// Who defended it.
    pub defender: String,
    /// Who asked for it.
    pub challenger: String,
    /// Whether it changed hands.
    pub dethroned: bool,
    /// The challenger's advantage.
    pub evidence: Evidence,
}

/// The winner.
#[derive(Clone, Debug, PartialEq)]
pub struct ChampionView {
    /// Name of the method.
    pub method: String,
    /// Its archive entry, or the one it defended its title with; none if none of its runs left a
    /// model.
    pub archive: Option<ArchiveId>,
    /// Why that entry was taken back, if it was.
    pub withdrawn_because: Option<String>,
    /// Whether it had the title before and kept it.
    pub defended: bool,
    /// Digest of the model, if archived.
    pub model: Option<Digest>,
    /// Mean score over all its blocks.
    pub score: f64,
}
