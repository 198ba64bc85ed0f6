//! What happens on the platform outside any tournament, as recorded for ever.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::ids::{AccountId, RunnerId, SeriesId, TaskId, TokenId, TournamentId};
use crate::names::{AccountName, RunnerName, SeriesName, TaskName, TournamentName};
use crate::run::Metric;
use crate::tournament::Rules;

/// An event of the platform as a whole, outside any tournament.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PlatformEvent {
    /// A task was created.
    TaskCreated {
        /// Its id.
        task: TaskId,
        /// Its name.
        name: TaskName,
        /// Digest of the train part.
        train: Digest,
        /// Digest of the hidden inputs.
        hidden_inputs: Digest,
        /// Digest of the hidden labels.
        hidden_labels: Digest,
        /// Digest of the base weights, if it carries some.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        base: Option<Digest>,
        /// What it measures; left out if it is accuracy.
        #[serde(default, skip_serializing_if = "Metric::is_default")]
        metric: Metric,
        /// A score to be reached, where work until then is compared.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        target: Option<f64>,
        /// Whether it is there for members of its tournaments alone.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        private: bool,
    },
    /// A runner registered, for the first time or again.
    RunnerRegistered {
        /// Its id.
        runner: RunnerId,
        /// Its name.
        name: RunnerName,
        /// Its hardware class.
        class: String,
        /// Its release.
        version: String,
    },
    /// A token was issued.
    TokenIssued {
        /// Its id.
        token: TokenId,
        /// What its bearer may do.
        scope: String,
    },
    /// A token was revoked: it is good for nothing any more.
    TokenRevoked {
        /// Its id.
        token: TokenId,
    },
    /// A token's secret was replaced by another; what it was before is good for nothing any more.
    TokenRotated {
        /// Its id.
        token: TokenId,
    },
    /// An account was made.
    AccountCreated {
        /// Its id.
        account: AccountId,
        /// Its name.
        name: AccountName,
        /// What it is for.
        role: String,
    },
    /// A series was made: its tournaments start by themselves.
    SeriesCreated {
        /// Its id.
        series: SeriesId,
        /// Its name.
        name: SeriesName,
        /// Its tasks; the title of the first is played for.
        tasks: Vec<TaskName>,
        /// The rules of its tournaments.
        rules: Rules,
        /// When they start: a cron expression, in UTC.
        calendar: String,
        /// For how many seconds each takes submissions.
        open_seconds: u32,
        /// Whether its tournaments are there for their members alone.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        private: bool,
    },
    /// A series' date had come: its next tournament was opened.
    SeriesStarted {
        /// The series.
        series: SeriesId,
        /// Which of its tournaments, from 1.
        number: u32,
        /// The tournament; its own chain tells the rest.
        tournament: TournamentId,
        /// Its name.
        name: TournamentName,
    },
    /// A series ended: no further tournament of it starts.
    SeriesEnded {
        /// The series.
        series: SeriesId,
    },
}

impl PlatformEvent {
    /// Name of the kind, as in the JSON.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::TaskCreated { .. } => "task_created",
            Self::RunnerRegistered { .. } => "runner_registered",
            Self::TokenIssued { .. } => "token_issued",
            Self::TokenRevoked { .. } => "token_revoked",
            Self::TokenRotated { .. } => "token_rotated",
            Self::AccountCreated { .. } => "account_created",
            Self::SeriesCreated { .. } => "series_created",
            Self::SeriesStarted { .. } => "series_started",
            Self::SeriesEnded { .. } => "series_ended",
        }
    }
}
