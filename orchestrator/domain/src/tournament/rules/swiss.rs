//! The rules of format `swiss`: rounds of pairs of equal standing.

use serde::{Deserialize, Serialize};

use crate::tournament::rules::error::RulesError;

/// The rules of format `swiss`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Swiss {
    /// Rounds; left out, as many as a knockout of the same field would have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rounds: Option<u32>,
    /// New shared blocks of each round.
    pub blocks: u32,
}

impl Default for Swiss {
    /// One block a round.
    fn default() -> Self {
        Self {
            rounds: None,
            blocks: 1,
        }
    }
}

impl Swiss {
    pub(crate) fn validate(&self) -> Result<(), RulesError> {
        let error = |field| {
            Err(RulesError {
                field,
                must: "must be from 1 to 100".to_owned(),
            })
        };
        if !(1..=100).contains(&self.blocks) {
            return error("rules.blocks");
        }
        if self
            .rounds
            .is_some_and(|rounds| !(1..=100).contains(&rounds))
        {
            return error("rules.rounds");
        }
        Ok(())
    }
}
