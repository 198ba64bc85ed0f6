use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

/// What a token's bearer may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TokenScope {
    /// Everything.
    Admin,
    /// Make tournaments and series, and do with these what an admin may; submit methods.
    Organiser,
    /// Submit methods.
    Miner,
    /// Lease runs, report them, read the hidden data of those.
    Runner,
    /// See of tournaments what an admin sees, and change nothing.
    Reader,
}

/// Body of `POST /api/v1/tokens`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// What its bearer may do.
    pub scope: TokenScope,
    /// What it is called, at most 200 characters; may be empty.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub note: String,
    /// Name of the account it belongs to, which is made if there is none of that name; left out,
    /// it gets an account of its own. What may be handed in, whose a tournament is and whose the
    /// name of a method is goes by account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<gauntlet_domain::AccountName>)]
    pub account: Option<String>,
    /// For how many seconds it is good, at most ten years; left out, until it is revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 315_360_000)]
    pub lifetime_seconds: Option<u32>,
}

/// A token, told once: the server keeps only its digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Token {
    /// Its id, by which it is revoked.
    pub id: Uuid,
    /// The token, `gnt_<scope>_<64 hex digits>`.
    pub token: String,
    /// What its bearer may do.
    pub scope: TokenScope,
    /// Name of the account it belongs to.
    pub account: String,
}

/// A token as it is listed, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenInfo {
    /// Its id.
    pub id: Uuid,
    /// What it is called.
    pub note: String,
    /// What its bearer may do.
    pub scope: TokenScope,
    /// Name of the account it belongs to.
    pub account: String,
    /// What that account is for: `admin`, `organiser`, `submitter`, `runner` or `reader`.
    pub role: String,
    /// Whether it works.
    pub usable: bool,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When it stops working by itself, if it does.
    #[serde(with = "time::serde::rfc3339::option")]
    pub expires_at: Option<OffsetDateTime>,
    /// When it was last used, to the minute.
    #[serde(with = "time::serde::rfc3339::option")]
    pub last_used_at: Option<OffsetDateTime>,
    /// When it was revoked, if it was.
    #[serde(with = "time::serde::rfc3339::option")]
    pub revoked_at: Option<OffsetDateTime>,
}
