//! The rules of format `round_robin`: everybody runs every block, and every pair meets.

use serde::{Deserialize, Serialize};

use crate::tournament::rules::error::RulesError;

/// The rules of format `round_robin`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoundRobin {
    /// Shared blocks that everybody runs.
    pub blocks: u32,
}

impl Default for RoundRobin {
    /// Ten blocks.
    fn default() -> Self {
        Self { blocks: 10 }
    }
}

impl RoundRobin {
    pub(crate) fn validate(&self) -> Result<(), RulesError> {
        if (1..=100).contains(&self.blocks) {
            return Ok(());
        }
        Err(RulesError {
            field: "rules.blocks",
            must: "must be from 1 to 100".to_owned(),
        })
    }
}
