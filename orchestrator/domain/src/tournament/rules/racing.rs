//! The rules of format `racing`: the run that tells most comes next.

use serde::{Deserialize, Serialize};

use crate::tournament::rules::error::RulesError;

/// How the first block is run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FirstBlock {
    /// With half the budget, so that it costs half: most methods are out of it by then.
    #[default]
    Half,
    /// As any other.
    Whole,
}

/// The rules of format `racing`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Racing {
    /// Runs to spend, for each method of the field, one at half the budget counting half:
    /// 2.5 are 80 for a field of 32.
    pub runs_per_method: f64,
    /// Runs of a round, chosen before any of their results is seen: as many as there are
    /// runners to make them at once. At least one for every 32 methods of the field, so
    /// that rounds do not become more with the field.
    pub batch: u32,
    /// It ends early once a method is the best with this probability.
    pub confidence: f64,
    /// How the first block is run.
    #[serde(default)]
    pub first_block: FirstBlock,
}

impl Default for Racing {
    /// Two and a half runs for each method, one at a time, until 99 % sure.
    fn default() -> Self {
        Self {
            runs_per_method: 2.5,
            batch: 1,
            confidence: 0.99,
            first_block: FirstBlock::Half,
        }
    }
}

impl Racing {
    pub(crate) fn validate(&self) -> Result<(), RulesError> {
        let error = |field, must: &str| {
            Err(RulesError {
                field,
                must: must.to_owned(),
            })
        };
        if !(1.0..=1000.0).contains(&self.runs_per_method) {
            return error("rules.runs_per_method", "must be from 1 to 1000");
        }
        if !(1..=1000).contains(&self.batch) {
            return error("rules.batch", "must be from 1 to 1000");
        }
        if !(self.confidence > 0.5 && self.confidence <= 1.0) {
            return error("rules.confidence", "must be more than 0.5 and at most 1");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Racing;

    #[test]
    fn numbers_out_of_range_are_named() {
        let field = |racing: Racing| racing.validate().unwrap_err().field;
        assert_eq!(Racing::default().validate(), Ok(()));
        for (wrong, name) in [
            (
                Racing {
                    runs_per_method: f64::NAN,
                    ..Racing::default()
                },
                "rules.runs_per_method",
            ),
            (
                Racing {
                    batch: 0,
                    ..Racing::default()
                },
                "rules.batch",
            ),
            (
                Racing {
                    confidence: 0.5,
                    ..Racing::default()
                },
                "rules.confidence",
            ),
        ] {
            assert_eq!(field(wrong), name);
        }
    }
}
