use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::RunnerState;

/// A runner that has registered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Runner {
    /// Its id.
    pub id: Uuid,
    /// A name for people.
    pub name: String,
    /// Hardware class.
    pub class: String,
    /// Release of the runner.
    pub version: String,
    /// When it was last heard.
    #[serde(with = "time::serde::rfc3339")]
    pub last_seen_at: OffsetDateTime,
    /// Whether it was heard within the last minute, by the database's clock.
    pub alive: bool,
    /// Whether it gets leases.
    #[serde(default)]
    pub state: RunnerState,
    /// Why not, or only one at a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_aside_because: Option<String>,
    /// Until when it gets none, if it is set aside.
    #[serde(
        default,
        with = "time::serde::rfc3339::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub set_aside_until: Option<OffsetDateTime>,
    /// What it last said failed, if it is set aside or on probation. With an admin's token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_fault: Option<String>,
}
