//! The rules of format `classic`: groups, then a knockout of pairs.

use serde::{Deserialize, Serialize};

use crate::tournament::rules::error::RulesError;

/// The rules of format `classic`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Classic {
    /// Most methods of a group.
    pub group_size: u32,
    /// How many of each group go on.
    pub group_winners: u32,
    /// Blocks of each group.
    pub group_blocks: u32,
    /// Blocks of each pair.
    pub pair_blocks: u32,
    /// Whether all heats of a round run the same blocks.
    #[serde(default)]
    pub shared: bool,
}

impl Default for Classic {
    /// Groups of eight with two winners, one block each.
    fn default() -> Self {
        Self {
            group_size: 8,
            group_winners: 2,
            group_blocks: 1,
            pair_blocks: 1,
            shared: false,
        }
    }
}

impl Classic {
    pub(crate) fn validate(&self) -> Result<(), RulesError> {
        let error = |field, must: &str| {
            Err(RulesError {
                field,
                must: must.to_owned(),
            })
        };
        if !(2..=1000).contains(&self.group_size) {
            return error("rules.group_size", "must be from 2 to 1000");
        }
        if !(1..self.group_size).contains(&self.group_winners) {
            return error(
                "rules.group_winners",
                "must be at least 1 and less than rules.group_size",
            );
        }
        if !(1..=100).contains(&self.group_blocks) {
            return error("rules.group_blocks", "must be from 1 to 100");
        }
        if !(1..=100).contains(&self.pair_blocks) {
            return error("rules.pair_blocks", "must be from 1 to 100");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Classic;

    #[test]
    fn numbers_out_of_range_are_named() {
        let field = |classic: Classic| classic.validate().unwrap_err().field;
        let classic = Classic::default;
        assert_eq!(classic().validate(), Ok(()));
        for (wrong, name) in [
            (
                Classic {
                    group_size: 1,
                    ..classic()
                },
                "rules.group_size",
            ),
            (
                Classic {
                    group_winners: 8,
                    ..classic()
                },
                "rules.group_winners",
            ),
            (
                Classic {
                    group_blocks: 0,
                    ..classic()
                },
                "rules.group_blocks",
            ),
            (
                Classic {
                    pair_blocks: 101,
                    ..classic()
                },
                "rules.pair_blocks",
            ),
        ] {
            assert_eq!(field(wrong), name);
        }
    }
}
