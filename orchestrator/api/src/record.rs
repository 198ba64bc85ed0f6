//! What happened in a tournament, for whoever wants to check it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An event of a tournament as it hangs in its hash chain; `GET
/// /api/v1/tournaments/{name}/record?after=N` gives up to 1,000 of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecordedEvent {
    /// Its number, from 1.
    pub seq: i64,
    /// When, in microseconds since 1970.
    pub at_micros: i64,
    /// The event as the exact JSON text that was hashed.
    pub body: String,
    /// Digest of the one before; 64 zeros for the first.
    #[schema(value_type = gauntlet_domain::Digest)]
    pub previous: String,
    /// Its digest.
    #[schema(value_type = gauntlet_domain::Digest)]
    pub digest: String,
    /// The account that asked for it, for those who see everything of the tournament. It is no
    /// part of what was hashed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
}

/// Events of a tournament's record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Record {
    /// Name of the chain, which the digests cover.
    pub chain: String,
    /// Digest of the last event there is.
    #[schema(value_type = gauntlet_domain::Digest)]
    pub head: String,
    /// How many there are.
    pub length: i64,
    /// Those asked for.
    pub events: Vec<RecordedEvent>,
}
