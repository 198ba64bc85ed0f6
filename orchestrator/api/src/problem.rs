use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An error as RFC 9457 describes it, sent as `application/problem+json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// What kind of error: a stable name such as `urn:gauntlet:problem:module-too-large`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind in a few words.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// What happened this time.
    pub detail: String,
    /// The part of the request that is wrong: `body`, `body.rules.rungs`, `query.name`,
    /// `path.name`, `header.authorization`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The limit that was passed, with its unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
    /// What was found instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// What to do about it.
    pub help: String,
    /// The request this is about: what an operator finds in the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.title, self.detail)?;
        if let Some(field) = &self.field {
            write!(f, " [field {field}]")?;
        }
        if let Some(limit) = &self.limit {
            write!(f, " [limit {limit}]")?;
        }
        write!(f, ". {}", self.help)
    }
}

impl std::error::Error for Problem {}
