use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

/// A runner that has registered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
}
