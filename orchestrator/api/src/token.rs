use serde::{Deserialize, Serialize};

/// What a token's bearer may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenScope {
    /// Everything.
    Admin,
    /// Submit methods.
    Miner,
    /// Lease runs, report them, read hidden data.
    Runner,
}

/// Body of `POST /api/v1/tokens`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// What its bearer may do.
    pub scope: TokenScope,
    /// Who it is for, at most 200 characters; may be empty.
    #[serde(default)]
    pub note: String,
}

/// A token, told once: the server keeps only its digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// The token, `gnt_<scope>_<64 hex digits>`.
    pub token: String,
    /// What its bearer may do.
    pub scope: TokenScope,
}
