//! What an organiser tells a tournament, and what a rejudgement answers.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

/// Body of `POST /api/v1/tournaments/{name}/disqualify`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Disqualify {
    /// Name of the method.
    #[schema(value_type = gauntlet_domain::MethodName)]
    pub method: String,
    /// Why, for everybody to read; at most 500 characters.
    #[schema(max_length = 500)]
    pub reason: String,
}

/// Body of `POST /api/v1/tournaments/{name}/cancel` and of the other commands that only
/// need a reason: `…/pause`, `…/rounds/{round}/blocks/{block}/void` and `…/replace`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WithReason {
    /// Why, for everybody to read; at most 500 characters.
    #[schema(max_length = 500)]
    pub reason: String,
}

/// Body of `POST /api/v1/tournaments/{name}/share`: what is left out stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeShare {
    /// The new priority, -10 to 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = -10, maximum = 10)]
    pub priority: Option<i16>,
    /// The new weight, 1 to 1000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 1000)]
    pub weight: Option<i16>,
    /// Why, for everybody to read; at most 500 characters.
    #[schema(max_length = 500)]
    pub reason: String,
}

/// Body of `POST /api/v1/tournaments/{name}/retry`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// Only the stuck runs of this round.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round: Option<u32>,
}

/// Body of `POST /api/v1/tournaments/{name}/members`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMember {
    /// Name of the account.
    #[schema(value_type = gauntlet_domain::AccountName)]
    pub account: String,
}

/// A member of a private tournament.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Member {
    /// Name of the account.
    pub account: String,
    /// What the account is for: `admin`, `organiser`, `submitter`, `runner` or `reader`.
    pub role: String,
    /// Since when it is one.
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
}

/// Body of `POST /api/v1/tournaments/{name}/rejudge`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rejudge {
    /// What is judged differently, as docs/FORMATS.md describes it; methods by name.
    #[serde(deserialize_with = "crate::json::any")]
    #[schema(value_type = Object)]
    pub changes: serde_json::Value,
    /// Why, for everybody to read; needed to apply it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 500)]
    pub reason: Option<String>,
    /// Whether to apply it; otherwise nothing is written.
    #[serde(default)]
    pub apply: bool,
}

/// A tournament as it would be, or was, judged again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Rejudged {
    /// Whether this holds from now on.
    pub applied: bool,
    /// Name of the recorded champion.
    pub champion_before: Option<String>,
    /// Name of the champion now.
    pub champion: Option<String>,
    /// How places changed, in the order of now.
    pub moves: Vec<Move>,
    /// Who was cut and would have gone on, and in which round. It has no results of later
    /// rounds, so this stays without effect.
    pub cut_too_early: Vec<(String, u32)>,
    /// Who went on and would have been cut, and in which round.
    pub kept_too_long: Vec<(String, u32)>,
}

/// How a method's place changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Move {
    /// Its name.
    pub method: String,
    /// Its place before, from 1.
    pub before: Option<u32>,
    /// Its place now.
    pub after: Option<u32>,
}
