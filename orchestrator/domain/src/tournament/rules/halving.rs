//! The rules of format `halving`: successive halving on shared blocks.

use serde::{Deserialize, Serialize};

use crate::tournament::rules::error::RulesError;

/// The rules of format `halving`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Halving {
    /// Number of rungs.
    pub rungs: u32,
    /// After each rung but the last, ⌈n/eta⌉ of n go on.
    pub eta: u32,
    /// New blocks of each rung.
    pub blocks_per_rung: Vec<u32>,
    /// Level of the early cut; left out, there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub race: Option<f64>,
}

impl Default for Halving {
    /// Three rungs of 1, 2 and 3 new blocks: nine methods take 9 + 10 + 9 = 28 runs.
    fn default() -> Self {
        Self {
            rungs: 3,
            eta: 2,
            blocks_per_rung: vec![1, 2, 3],
            race: Some(0.05),
        }
    }
}

impl Halving {
    pub(crate) fn validate(&self) -> Result<(), RulesError> {
        let error = |field, must: &str| {
            Err(RulesError {
                field,
                must: must.to_owned(),
            })
        };
        if !(1..=10).contains(&self.rungs) {
            return error("rules.rungs", "must be from 1 to 10");
        }
        if !(2..=16).contains(&self.eta) {
            return error("rules.eta", "must be from 2 to 16");
        }
        if self.blocks_per_rung.len() != self.rungs as usize {
            return error(
                "rules.blocks_per_rung",
                "must have one number for each rung",
            );
        }
        if !self
            .blocks_per_rung
            .iter()
            .all(|blocks| (1..=100).contains(blocks))
        {
            return error("rules.blocks_per_rung", "must hold numbers from 1 to 100");
        }
        if self
            .race
            .is_some_and(|alpha| !(alpha > 0.0 && alpha <= 0.5))
        {
            return error("rules.race", "must be more than 0 and at most 0.5");
        }
        Ok(())
    }

    /// Whether nothing but the mean over blocks that all share decides who goes on. With `race`,
    /// a test over everybody's results may cut more: a run that was stopped would change its
    /// outcome.
    pub(crate) const fn cuts_by_mean(&self) -> bool {
        self.race.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::Halving;

    #[test]
    fn numbers_out_of_range_are_named() {
        let field = |halving: Halving| halving.validate().unwrap_err().field;
        let good = Halving::default();
        assert_eq!(good.validate(), Ok(()));
        assert_eq!(
            field(Halving {
                rungs: 0,
                blocks_per_rung: vec![],
                ..good.clone()
            }),
            "rules.rungs"
        );
        assert_eq!(
            field(Halving {
                eta: 1,
                ..good.clone()
            }),
            "rules.eta"
        );
        assert_eq!(
            field(Halving {
                blocks_per_rung: vec![1, 2],
                ..good.clone()
            }),
            "rules.blocks_per_rung"
        );
        assert_eq!(
            field(Halving {
                blocks_per_rung: vec![1, 0, 2],
                ..good
            }),
            "rules.blocks_per_rung"
        );
    }
}
