//! What happens in a tournament, as recorded for ever.
//!
//! Replaying the events of a tournament gives its state. Written as JSON with
//! a `kind`; a new kind may be added, a written one never changes its meaning.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::ids::{AccountId, ArchiveId, RunId, RunnerId, SubmissionId};
use crate::names::{MethodName, TaskName, TournamentName};
use crate::record::rejudge::Changes;
use crate::run::{Metric, Outcome};
use crate::tournament::{Block, Decision, Heat, Nonce, Rules, Share, TournamentSeed};

/// A further task of a tournament.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TournamentTask {
    /// Its name.
    pub task: TaskName,
    /// What it measures; left out if it is accuracy.
    #[serde(default, skip_serializing_if = "Metric::is_default")]
    pub metric: Metric,
}

/// A run queued when its round opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueuedRun {
    /// The run.
    pub run: RunId,
    /// Whose.
    pub submission: SubmissionId,
    /// On which block of the round.
    pub block: u32,
}

/// An event of a tournament.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Event {
    /// The tournament was made.
    Created {
        /// Its name.
        name: TournamentName,
        /// Its task.
        task: TaskName,
        /// Its rules.
        rules: Rules,
        /// What its task measures; left out if it is accuracy.
        #[serde(default, skip_serializing_if = "Metric::is_default")]
        metric: Metric,
        /// Its further tasks, over which blocks are dealt in turn.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        more_tasks: Vec<TournamentTask>,
    },
    /// Submissions are accepted from now on; the rules are frozen.
    Opened {
        /// Digest of the organiser's nonce.
        commitment: Digest,
        /// Digest of the rules ([`Rules::digest`]).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rules: Option<Digest>,
        /// By which version of what follows from rules it is played
        /// ([`crate::tournament::RULES_VERSION`]).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        version: Option<u32>,
    },
    /// The task's champion defends its title.
    DefenderEntered {
        /// Its submission in this tournament.
        submission: SubmissionId,
        /// Its name.
        name: MethodName,
        /// Digest of its module.
        digest: Digest,
        /// The archive entry it won before.
        archive: ArchiveId,
    },
    /// A method was handed in.
    Submitted {
        /// The submission.
        submission: SubmissionId,
        /// Its name.
        name: MethodName,
        /// Digest of its module.
        digest: Digest,
    },
    /// The field is sealed, the seed fixed.
    Closed {
        /// The nonce, now revealed.
        nonce: Nonce,
        /// The seed that follows from it and the field.
        seed: TournamentSeed,
    },
    /// A round began.
    RoundOpened {
        /// Its number, from 1.
        round: u32,
        /// Who is still in.
        entrants: Vec<SubmissionId>,
        /// Its blocks.
        blocks: Vec<Block>,
        /// Who runs which block; left out if everybody runs all.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        heats: Vec<Heat>,
        /// Its runs.
        runs: Vec<QueuedRun>,
    },
    /// A runner took an attempt.
    RunLeased {
        /// The run.
        run: RunId,
        /// The attempt.
        attempt: i32,
        /// The runner.
        runner: RunnerId,
    },
    /// A result was accepted.
    RunDone {
        /// The run.
        run: RunId,
        /// The attempt.
        attempt: i32,
        /// How it ended.
        outcome: Outcome,
        /// The trained model, if there is one.
        model: Option<Digest>,
        /// Work until the task's target was reached, where a target is asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to_target: Option<f64>,
    },
    /// An attempt was lost to the platform; the run is queued again.
    RunRequeued {
        /// The run.
        run: RunId,
        /// The lost attempt.
        attempt: i32,
        /// Why.
        reason: String,
    },
    /// The last attempt was lost to the platform.
    RunStuck {
        /// The run.
        run: RunId,
        /// The lost attempt.
        attempt: i32,
        /// Why.
        reason: String,
    },
    /// The operator granted a stuck run further attempts.
    RunRetried {
        /// The run.
        run: RunId,
    },
    /// The operator took a block out of an undecided round: it does not count for anybody.
    BlockVoided {
        /// The round.
        round: u32,
        /// The block's number in it.
        block: u32,
        /// Why.
        reason: String,
    },
    /// The operator took a block out and had another drawn in its place.
    BlockReplaced {
        /// The round.
        round: u32,
        /// The number of the block taken out.
        block: u32,
        /// What follows from the seed.
        replacement: Block,
        /// Its runs.
        runs: Vec<QueuedRun>,
        /// Why.
        reason: String,
    },
    /// A method is out for breaking rules; its results do not count.
    Disqualified {
        /// Which.
        submission: SubmissionId,
        /// Why.
        reason: String,
    },
    /// The platform gave a method up: runs of it faulted on several runners on which runs of
    /// others passed. That is no fault of its entrant's, as far as anybody knows; the method is
    /// out all the same, and its results do not count.
    MethodSetAside {
        /// Which.
        submission: SubmissionId,
        /// The runners, at least two.
        runners: Vec<RunnerId>,
        /// In words.
        reason: String,
    },
    /// Nothing is leased or decided until further notice. Runs under way may end.
    Paused {
        /// Why.
        reason: String,
    },
    /// It goes on.
    Resumed,
    /// Its part of the runners' time is another from the next lease on.
    ShareSet {
        /// Its part.
        share: Share,
        /// Why; none where it was made so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// It is there for its members alone, its organiser being one. Follows `created`.
    MadePrivate,
    /// An account is a member from now on.
    MemberAdded {
        /// Which.
        account: AccountId,
    },
    /// An account is a member no longer.
    MemberRemoved {
        /// Which.
        account: AccountId,
    },
    /// All results of a round are in.
    RoundDecided(Decision),
    /// The tournament ended.
    Completed {
        /// The winner; none if no method completed a single run.
        champion: Option<SubmissionId>,
        /// The winner's archive entry.
        archive: Option<ArchiveId>,
    },
    /// A completed tournament was judged again, on the recorded results. The last of these
    /// counts; none of them builds on another.
    Rejudged {
        /// What was judged differently.
        changes: Changes,
        /// Why.
        reason: String,
        /// The champion from now on.
        champion: Option<SubmissionId>,
        /// The final ranking from now on, best first.
        ranking: Vec<SubmissionId>,
    },
    /// The organiser called it off.
    Cancelled {
        /// Why.
        reason: String,
    },
}

impl Event {
    /// Name of the kind, as in the JSON.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Created { .. } => "created",
            Self::Opened { .. } => "opened",
            Self::DefenderEntered { .. } => "defender_entered",
            Self::Submitted { .. } => "submitted",
            Self::Closed { .. } => "closed",
            Self::RoundOpened { .. } => "round_opened",
            Self::RunLeased { .. } => "run_leased",
            Self::RunDone { .. } => "run_done",
            Self::RunRequeued { .. } => "run_requeued",
            Self::RunStuck { .. } => "run_stuck",
            Self::RunRetried { .. } => "run_retried",
            Self::BlockVoided { .. } => "block_voided",
            Self::BlockReplaced { .. } => "block_replaced",
            Self::Disqualified { .. } => "disqualified",
            Self::MethodSetAside { .. } => "method_set_aside",
            Self::Paused { .. } => "paused",
            Self::Resumed => "resumed",
            Self::ShareSet { .. } => "share_set",
            Self::MadePrivate => "made_private",
            Self::MemberAdded { .. } => "member_added",
            Self::MemberRemoved { .. } => "member_removed",
            Self::RoundDecided(_) => "round_decided",
            Self::Completed { .. } => "completed",
            Self::Rejudged { .. } => "rejudged",
            Self::Cancelled { .. } => "cancelled",
        }
    }
}
