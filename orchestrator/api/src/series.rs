use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::TournamentState;

/// Body of `POST /api/v1/series`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSeries {
    /// Unique name, `[a-z0-9-]{1,32}`; its tournaments are called `{name}-1`, `{name}-2`, …
    #[schema(value_type = gauntlet_domain::SeriesName)]
    pub name: String,
    /// Name of the task whose title is played for.
    #[schema(value_type = gauntlet_domain::TaskName)]
    pub task: String,
    /// Names of further tasks, over which blocks are dealt in turn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<gauntlet_domain::TaskName>)]
    pub more_tasks: Vec<String>,
    /// The rules of its tournaments; the default if absent. Where they do not say otherwise, the
    /// champion defends its title (`terms.defend`).
    #[serde(
        default,
        deserialize_with = "crate::json::optional",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<Object>)]
    pub rules: Option<serde_json::Value>,
    /// When they start: a cron expression of five fields, in UTC, such as `0 9 * * MON`.
    pub calendar: String,
    /// For how many seconds each takes submissions: 60 to 31,536,000.
    #[schema(minimum = 60, maximum = 31_536_000)]
    pub open_seconds: u32,
    /// Whether its tournaments are private: each has the members of the one before, and in none a
    /// champion defends its title.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub private: bool,
}

/// A series: a tournament that recurs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Series {
    /// Unique name.
    pub name: String,
    /// Name of the task whose title is played for.
    pub task: String,
    /// Whether it is there for members of its tournaments alone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub private: bool,
    /// Names of its further tasks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub more_tasks: Vec<String>,
    /// The rules of its tournaments.
    #[schema(value_type = Object)]
    pub rules: serde_json::Value,
    /// When they start: a cron expression, in UTC.
    pub calendar: String,
    /// For how many seconds each takes submissions.
    pub open_seconds: u32,
    /// When the next one is due; if another is still under way then, as soon as that has ended.
    #[serde(with = "time::serde::rfc3339::option")]
    pub next_at: Option<OffsetDateTime>,
    /// Whether each of its tournaments draws a hidden part of its own. None does so far: the
    /// hidden part is the task's, and what completed tournaments told of it stays known.
    #[serde(default)]
    pub fresh_hidden_part: bool,
    /// Number of the last one that was started; 0 before the first.
    pub last_number: u32,
    /// The last ten of them, newest first.
    pub tournaments: Vec<SeriesTournament>,
    /// When it was created.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When it was ended.
    #[serde(with = "time::serde::rfc3339::option")]
    pub ended_at: Option<OffsetDateTime>,
}

/// A tournament of a series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SeriesTournament {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub state: TournamentState,
    /// Name of the champion.
    pub champion: Option<String>,
    /// When it was opened.
    #[serde(with = "time::serde::rfc3339::option")]
    pub opened_at: Option<OffsetDateTime>,
    /// When submissions end, or did.
    #[serde(with = "time::serde::rfc3339::option")]
    pub closes_at: Option<OffsetDateTime>,
}
