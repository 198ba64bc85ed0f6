use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

/// Answer to a submission: it is stored and takes part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Receipt {
    /// Id of the submission.
    pub submission: Uuid,
    /// Name of the tournament.
    pub tournament: String,
    /// Name of the method.
    pub method: String,
    /// Digest of the module as it was received.
    #[schema(value_type = gauntlet_domain::Digest)]
    pub digest: String,
    /// Bytes of the module.
    pub bytes: u64,
    /// When it was accepted.
    #[serde(with = "time::serde::rfc3339")]
    pub submitted_at: OffsetDateTime,
    /// What its sender should know, such as what of an image is not taken over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}
