//! Tournaments as a whole.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{Metric, Round, Share, Standing, TournamentState};

/// Body of `POST /api/v1/tournaments`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTournament {
    /// Unique name, `[a-z0-9-]{1,40}`.
    #[schema(value_type = gauntlet_domain::TournamentName)]
    pub name: String,
    /// Name of the task.
    #[schema(value_type = gauntlet_domain::TaskName)]
    pub task: String,
    /// Names of further tasks, over which blocks are dealt in turn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<gauntlet_domain::TaskName>)]
    pub more_tasks: Vec<String>,
    /// The rules, e.g. `{"format":"halving","rungs":3,"eta":2,"blocks_per_rung":[1,2,3]}`;
    /// the default if absent.
    #[serde(
        default,
        deserialize_with = "crate::json::optional",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<Object>)]
    pub rules: Option<serde_json::Value>,
    /// For demonstrations and tests: the nonce is derived from this number, so the
    /// whole tournament can be repeated. Without it the nonce is random.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Its part of the runners' time beside other tournaments.
    #[serde(default, skip_serializing_if = "Share::is_default")]
    pub share: Share,
    /// Whether it is there for its members alone: accounts that its organiser makes members, and
    /// admins. For everybody else it is as if there were none.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub private: bool,
}

/// A tournament in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TournamentSummary {
    /// Unique name.
    #[schema(value_type = gauntlet_domain::TournamentName)]
    pub name: String,
    /// Name of the task.
    #[schema(value_type = gauntlet_domain::TaskName)]
    pub task: String,
    /// Whether it is there for its members alone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub private: bool,
    /// Where it is.
    pub state: TournamentState,
    /// How many methods take part.
    pub methods: u32,
    /// Runs with a verdict.
    pub runs_done: u32,
    /// Runs queued so far; later rounds add to it.
    pub runs_total: u32,
    /// Name of the champion.
    pub champion: Option<String>,
    /// When it was created.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// A tournament with all that can be seen of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Tournament {
    /// Unique name.
    #[schema(value_type = gauntlet_domain::TournamentName)]
    pub name: String,
    /// Name of the task.
    #[schema(value_type = gauntlet_domain::TaskName)]
    pub task: String,
    /// Whether it is there for its members alone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub private: bool,
    /// Names of its further tasks, over which blocks are dealt in turn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub more_tasks: Vec<String>,
    /// What the standings are in: what the task measures, or a share where tasks combine.
    #[serde(default, deserialize_with = "crate::known::read")]
    pub metric: Metric,
    /// Where it is.
    pub state: TournamentState,
    /// The rules; frozen once it is open.
    #[schema(value_type = Object)]
    pub rules: serde_json::Value,
    /// SHA-256 of the organiser's nonce, published at opening.
    pub nonce_digest: Option<String>,
    /// The nonce in hex, published at closing, so that anyone can recompute the seed.
    pub nonce: Option<String>,
    /// The tournament seed in hex, fixed at closing.
    pub seed: Option<String>,
    /// When it was created.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// Name of the series it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series: Option<String>,
    /// When submissions end by themselves.
    #[serde(
        default,
        with = "time::serde::rfc3339::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub closes_at: Option<OffsetDateTime>,
    /// When it ended.
    #[serde(with = "time::serde::rfc3339::option")]
    pub completed_at: Option<OffsetDateTime>,
    /// The field, by name.
    pub methods: Vec<Method>,
    /// The rounds so far, first to last.
    pub rounds: Vec<Round>,
    /// The standing now, best first: methods still in, then those cut, latest cut first.
    pub standings: Vec<Standing>,
    /// The winner.
    pub champion: Option<Champion>,
    /// Why it was cancelled, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Why it is paused, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused: Option<String>,
    /// Its part of the runners' time beside other tournaments.
    #[serde(default, deserialize_with = "crate::known::read")]
    pub share: Share,
    /// Why it was judged again, if it was: everything here is by the latest judgement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejudged: Option<String>,
    /// Which runs wait for a runner of a kind that there is not, and what to do about it; one
    /// sentence a lane.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waiting: Vec<String>,
    /// Whether scores are rounded to hundredths of the way from the metric's miss to its best,
    /// standings follow from these, and evidence for decisions is left out: so it is for all
    /// but an admin until the tournament has ended.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rounded: bool,
}

/// A method that takes part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Method {
    /// Its name, unique in the tournament, `[a-z0-9-]{1,40}`.
    #[schema(value_type = gauntlet_domain::MethodName)]
    pub name: String,
    /// Digest of its module.
    #[schema(value_type = gauntlet_domain::Digest)]
    pub digest: String,
    /// The round after which it was cut.
    pub cut_after: Option<u32>,
    /// Whether it defends the title.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub defender: bool,
    /// Why it is out, if it was disqualified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disqualified: Option<String>,
    /// Why it is out, if the platform gave it up: its runs faulted on several runners on which
    /// others' passed. That is nobody's verdict on the method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_aside: Option<String>,
}

/// The winner of a tournament.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Champion {
    /// Name of the method.
    pub method: String,
    /// Its entry in the archive, or the one it defended its title with; none if no run of it left
    /// a model.
    pub archive: Option<Uuid>,
    /// Why that entry was taken back, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<String>,
    /// Whether it had the title before and kept it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub defended: bool,
    /// Mean score over all its blocks.
    pub score: f64,
}
