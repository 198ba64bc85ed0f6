//! Successive halving on shared blocks.
//!
//! Every survivor of a rung runs the same new blocks; evidence accumulates
//! over all rungs; the better part goes on. The last rung's best is champion.

use serde::{Deserialize, Serialize};

use crate::{Block, Decision, Effect, Format, RulesError, Tournament};

/// The rules of format `halving`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Halving {
    /// Number of rungs.
    pub rungs: u32,
    /// After each rung but the last, ⌈n/eta⌉ of n go on.
    pub eta: u32,
    /// New blocks of each rung.
    pub blocks_per_rung: Vec<u32>,
}

impl Default for Halving {
    /// Three rungs of 1, 2 and 3 new blocks: nine methods take 9 + 10 + 9 = 28 runs.
    fn default() -> Self {
        Self {
            rungs: 3,
            eta: 2,
            blocks_per_rung: vec![1, 2, 3],
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
        Ok(())
    }

    fn kept_of(&self, entrants: usize) -> usize {
        entrants.div_ceil(self.eta as usize).max(1)
    }

    fn blocks(&self, tournament: &Tournament, round: u32) -> Option<Vec<Block>> {
        let count = *self.blocks_per_rung.get(round.checked_sub(1)? as usize)?;
        let seed = tournament.seed()?;
        Some(
            (1..=count)
                .map(|index| Block {
                    round,
                    index,
                    seed: seed.block(round, index),
                })
                .collect(),
        )
    }
}

impl Format for Halving {
    fn next(&self, tournament: &Tournament) -> Option<Effect> {
        let Some(last) = tournament.rounds().last() else {
            return Some(Effect::OpenRound {
                round: 1,
                entrants: tournament
                    .entrants()
                    .map(|entrant| entrant.submission)
                    .collect(),
                blocks: self.blocks(tournament, 1)?,
            });
        };
        match &last.decision {
            None if !last.is_finished() => None,
            None => {
                let keep = if last.number >= self.rungs {
                    1
                } else {
                    self.kept_of(last.entrants.len())
                };
                Some(Effect::DecideRound(Decision::new(tournament, last, keep)))
            }
            // One survivor is the champion, whatever rungs are left.
            Some(decision) if decision.kept.len() <= 1 => Some(Effect::Complete {
                champion: decision
                    .kept
                    .first()
                    .copied()
                    .filter(|submission| tournament.has_completed_a_run(*submission)),
            }),
            Some(decision) => Some(Effect::OpenRound {
                round: last.number + 1,
                entrants: decision.kept.clone(),
                blocks: self.blocks(tournament, last.number + 1)?,
            }),
        }
    }

    fn rounds(&self) -> u32 {
        self.rungs
    }

    fn runs(&self, field: usize) -> usize {
        let mut entrants = field;
        let mut runs = 0;
        for blocks in &self.blocks_per_rung {
            runs += entrants * *blocks as usize;
            entrants = self.kept_of(entrants);
            if entrants == 1 {
                break;
            }
        }
        runs
    }
}

#[cfg(test)]
mod tests {
    use super::Halving;
    use crate::Format;

    #[test]
    fn nine_methods_take_28_runs() {
        assert_eq!(Halving::default().runs(9), 28);
        assert_eq!(Halving::default().runs(2), 2);
        assert_eq!(Halving::default().runs(1), 1);
    }

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
