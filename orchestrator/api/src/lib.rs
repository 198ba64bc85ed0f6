//! Shapes of the public HTTP API, shared by the server and its clients.
//!
//! Everything is JSON under `/api/v1`; times are RFC 3339 in UTC, digests are
//! SHA-256 as 64 lower-case hex digits, seeds are 16 hex digits (JSON numbers
//! cannot carry 64 bits everywhere). Lists are wrapped in [`List`] and come in pieces
//! (`?limit=`, 50 unless said otherwise, at most 200; `?after=` the `next` of the piece before); errors are
//! [`Problem`]s.
//!
//! | request | token | body | answer |
//! |---|---|---|---|
//! | `GET /healthz` · `/readyz` | | | [`Health`]; `/readyz` is 503 also when the server ends |
//! | `GET /metrics` | admin | | OpenMetrics text |
//! | `GET /api/v1/openapi.json` | | | this and more, as an OpenAPI document |
//! | `GET /api/v1/tasks` | | | [`List`] of [`Task`] |
//! | `POST /api/v1/tasks` | admin | [`NewTask`] | 201 [`Task`] |
//! | `GET /api/v1/tasks/{name}` | | | [`Task`] |
//! | `GET /api/v1/tasks/{name}/ratings` | | | [`Ratings`] |
//! | `GET /api/v1/series` | | | [`List`] of [`Series`], by name |
//! | `POST /api/v1/series` | organiser | [`NewSeries`] | 201 [`Series`] |
//! | `GET /api/v1/series/{name}` | | | [`Series`] |
//! | `POST /api/v1/series/{name}/end` | organiser | | [`Series`] |
//! | `GET /api/v1/tournaments` | | | [`List`] of [`TournamentSummary`] |
//! | `POST /api/v1/tournaments` | organiser | [`NewTournament`] | 201 [`Tournament`] |
//! | `GET /api/v1/tournaments/{name}` | | | [`Tournament`] |
//! | `POST /api/v1/tournaments/{name}/open` | organiser | | [`Tournament`] |
//! | `POST /api/v1/tournaments/{name}/close` | organiser | | [`Tournament`] |
//! | `POST /api/v1/tournaments/{name}/cancel` · `…/pause` | organiser | [`WithReason`] | [`Tournament`] |
//! | `POST /api/v1/tournaments/{name}/resume` | organiser | | [`Tournament`] |
//! | `POST /api/v1/tournaments/{name}/disqualify` | organiser | [`Disqualify`] | [`Tournament`] |
//! | `POST /api/v1/tournaments/{name}/rounds/{round}/blocks/{block}/void` · `…/replace` | organiser | [`WithReason`] | [`Tournament`] |
//! | `POST /api/v1/tournaments/{name}/share` | admin | [`ChangeShare`] | [`Tournament`] |
//! | `POST /api/v1/tournaments/{name}/retry` | organiser | [`Retry`] | [`Tournament`]; grants its stuck runs further attempts |
//! | `POST /api/v1/tournaments/{name}/rejudge` | organiser | [`Rejudge`] | [`Rejudged`] |
//! | `GET /api/v1/tournaments/{name}/record?after=N` | | | [`Record`] |
//! | `POST /api/v1/tournaments/{name}/submissions?name={method}` | miner | the module, `application/wasm` | 201 [`Receipt`] |
//! | `GET /api/v1/tournaments/{name}/events` | | | server-sent events: [`ChangeEvent`] |
//! | `GET /api/v1/events` | | | server-sent events: [`ChangeEvent`] of any tournament, entry or runner |
//! | `GET /api/v1/runs/{id}` | | | [`Run`] |
//! | `POST /api/v1/runs/{id}/retry` | admin | | [`Run`]; grants a stuck run further attempts |
//! | `GET /api/v1/runs/{id}/events` | | | server-sent events: [`ChangeEvent`] |
//! | `GET /api/v1/runners` | | | [`List`] of [`Runner`] |
//! | `GET /api/v1/archive` | | | [`List`] of [`ArchiveEntry`] |
//! | `GET /api/v1/archive/{id}` | | | [`ArchiveEntry`]; `{id}` is an id or `{task}@champion` |
//! | `GET /api/v1/archive/{id}/module` | | | the module's bytes |
//! | `GET /api/v1/archive/{id}/model` | | | the model's bytes (safetensors) |
//! | `GET /api/v1/tokens` | admin | | [`List`] of [`TokenInfo`] |
//! | `POST /api/v1/tokens` | admin | [`NewToken`] | 201 [`Token`] |
//! | `POST /api/v1/tokens/{id}/revoke` | admin | | [`TokenInfo`]; it stops working within a second, also for streams that are open |
//! | `POST /api/v1/tokens/{id}/rotate` | admin | | [`Token`] with another secret in the place of the one before |
//! | `POST /api/v1/gc` | admin | [`CollectGarbage`] | [`Swept`] |
//! | `PUT /api/v1/blobs/{digest}` | admin or runner | the bytes | 204 |
//!
//! Until a tournament has ended, what is read of it and of its runs is coarse ([`Run::rounded`],
//! [`Tournament::rounded`]), and its record ends before the first event of a run; with an
//! admin's or a reader's token, or one of its organiser's, everything is shown at any time. What
//! an admin may do to a tournament or a series, its organiser may too, but for its share.
//!
//! The runner's messages are in `gauntlet-protocol`.

mod archive;
mod cut;
mod event;
mod garbage;
mod json;
mod known;
mod organiser;
mod problem;
mod rating;
mod record;
mod round;
mod run;
mod runner;
mod series;
mod submission;
mod task;
mod token;
mod tournament;

pub use archive::ArchiveEntry;
pub use cut::{Comparison, Cut, CutLine, Numbers, Title};
pub use event::{CHANGE_EVENT, ChangeEvent};
pub use garbage::{CollectGarbage, Pile, Swept};
pub use json::read_json;
pub use organiser::{
    ChangeShare, Disqualify, Member, Move, NewMember, Rejudge, Rejudged, Retry, WithReason,
};
pub use problem::Problem;
pub use rating::{Rating, RatingStep, Ratings};
pub use record::{Record, RecordedEvent};
pub use round::{Block, Heat, Round, RoundState, RunCell, Standing};
pub use run::{Attempt, CheckpointScore, Run};
pub use runner::Runner;
pub use series::{NewSeries, Series, SeriesTournament};
pub use submission::Receipt;
pub use task::{NewTask, Task};
pub use token::{NewToken, Token, TokenInfo, TokenScope};
pub use tournament::{Champion, Method, NewTournament, Tournament, TournamentSummary};

// What means the same inside and outside has one shape; `tests/wire.rs` holds what it looks
// like on the wire.
pub use gauntlet_domain::run::{
    AttemptState, Budget, CurvePoint, Direction, Meters, Metric, RunState, RunnerState, Verdict,
};
pub use gauntlet_domain::tournament::{Share, TournamentState};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A list of things.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct List<T> {
    /// The things, newest first unless said otherwise.
    pub items: Vec<T>,
    /// With this as `after`, the next ones are given; left out, there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Answer to `GET /healthz`: 200 if the server can work, 503 if it cannot reach its database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Health {
    /// `ok` or `unavailable`.
    pub status: String,
    /// Release of the server.
    pub version: String,
}
