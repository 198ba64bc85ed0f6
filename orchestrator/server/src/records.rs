//! What files of the data folder say about its orchestrator.

use serde::{Deserialize, Serialize};

/// Where the orchestrator of this folder listens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerFile {
    /// Base address, such as `http://127.0.0.1:7700`.
    pub url: String,
    /// Its process.
    pub pid: u32,
}

/// The tokens made when the folder was first used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tokens {
    /// May do everything.
    pub admin: String,
    /// May submit.
    pub miner: String,
    /// May lease, report, and read hidden data.
    pub runner: String,
}
