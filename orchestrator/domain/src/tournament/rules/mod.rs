//! The rules of a tournament: data, frozen when it opens.

mod accepts;
mod checkpoints;
mod classic;
mod error;
mod halving;
mod racing;
mod round_robin;
mod swiss;
mod terms;

pub use accepts::Accepts;
pub use checkpoints::{CheckpointScore, MidRun, Probing};
pub use classic::Classic;
pub use error::RulesError;
pub use halving::Halving;
pub use racing::{FirstBlock, Racing};
pub use round_robin::RoundRobin;
pub use swiss::Swiss;
pub use terms::{Combine, MODULE_DATA_BYTES, Succession, Terms};

use serde::{Deserialize, Deserializer, Serialize};

use crate::digest::Digest;

/// Version of everything that follows from rules and results: draws, seeds, standings,
/// cuts. A record says by which it was played. Since version 2 the sealed field is in the order
/// of the seed's tie-break, not of the digests.
pub const RULES_VERSION: u32 = 2;

/// The rules: a format, and what all formats share.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Rules {
    /// How the best is found.
    #[serde(flatten)]
    pub play: Play,
    /// Field, defence, scoring; left out if it is the default.
    #[serde(skip_serializing_if = "Terms::is_default")]
    pub terms: Terms,
}

/// The formats.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "format", rename_all = "snake_case")]
pub enum Play {
    /// Successive halving on shared blocks.
    Halving(Halving),
    /// Whatever run tells most comes next.
    Racing(Racing),
    /// Groups, then knockout.
    Classic(Classic),
    /// Every method on every block, every pair compared.
    RoundRobin(RoundRobin),
    /// Rounds of pairs of equal standing.
    Swiss(Swiss),
}

impl Default for Play {
    fn default() -> Self {
        // Of what can be played with whole runs, it finds the best method most often for the
        // same runs: docs/FORMATS.md has the figures.
        Self::Racing(Racing::default())
    }
}

impl Play {
    /// Whether nothing but the mean over blocks that all share decides who goes on.
    const fn cuts_by_mean(&self) -> bool {
        match self {
            Self::Halving(halving) => halving.cuts_by_mean(),
            Self::Racing(_) | Self::Classic(_) | Self::RoundRobin(_) | Self::Swiss(_) => false,
        }
    }
}

impl From<Play> for Rules {
    fn from(play: Play) -> Self {
        Self {
            play,
            terms: Terms::default(),
        }
    }
}

// By hand, because a flattened field would let unknown ones pass.
impl<'de> Deserialize<'de> for Rules {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let mut fields = serde_json::Map::deserialize(deserializer)?;
        let terms = match fields.remove("terms") {
            Some(terms) => serde_json::from_value(terms)
                .map_err(|error| D::Error::custom(format!("terms: {error}")))?,
            None => Terms::default(),
        };
        let play = serde_json::from_value(fields.into()).map_err(D::Error::custom)?;
        Ok(Self { play, terms })
    }
}

impl Rules {
    /// Checks the numbers.
    pub fn validate(&self) -> Result<(), RulesError> {
        self.terms.validate()?;
        match &self.play {
            Play::Halving(halving) => halving.validate(),
            Play::Racing(racing) => racing.validate(),
            Play::Classic(classic) => classic.validate(),
            Play::RoundRobin(round_robin) => round_robin.validate(),
            Play::Swiss(swiss) => swiss.validate(),
        }?;
        if matches!(
            (&self.play, &self.terms.combine),
            (Play::Racing(_), Combine::Ranks)
        ) {
            return Err(RulesError {
                field: "rules.terms.combine",
                must: "must not be ranks with format `racing`: among the few who meet on a block \
                       a rank says little of how far apart they are, which is what it goes by"
                    .to_owned(),
            });
        }
        if let (Play::Racing(racing), Combine::Profile { .. }) = (&self.play, &self.terms.combine)
            && racing.first_block != FirstBlock::Whole
        {
            return Err(RulesError {
                field: "rules.first_block",
                must:
                    "must be whole where profiles are compared: with half the budget who is slow \
                       and who never gets there look the same"
                        .to_owned(),
            });
        }
        if self.terms.mid_run.is_some() && !self.play.cuts_by_mean() {
            return Err(RulesError {
                field: "rules.terms.mid_run",
                must: "must be left out unless the mean over shared blocks alone decides who \
                       goes on: format `halving` without `race`"
                    .to_owned(),
            });
        }
        Ok(())
    }

    /// Which checkpoints are to be scored on the public slice, for a task with this target:
    /// all sixteenths where the work until a target counts, quarters where runs may be
    /// stopped, otherwise none.
    pub fn probing(&self, target: Option<f64>) -> Option<Probing> {
        match (&self.terms.combine, target, &self.terms.mid_run) {
            (Combine::Profile { .. }, Some(target), _) => Some(Probing {
                every: 1,
                target: Some(target),
            }),
            (_, _, Some(_)) => Some(Probing {
                every: CheckpointScore::STEP,
                target: None,
            }),
            _ => None,
        }
    }

    /// Digest of the rules' JSON and of [`RULES_VERSION`], published at opening.
    pub fn digest(&self) -> Digest {
        let text = serde_json::to_vec(self).unwrap_or_default();
        Digest::of_parts(&[b"gauntlet/rules/v1", &RULES_VERSION.to_be_bytes(), &text])
    }
}

#[cfg(test)]
mod tests {
    use super::{Classic, Halving, Play, Racing, RoundRobin, Rules, Swiss, Terms};

    #[test]
    fn the_written_form_is_the_documented_one() {
        let text = r#"{"format":"halving","rungs":3,"eta":2,"blocks_per_rung":[1,2,3]}"#;
        let rules = Rules::from(Play::Halving(Halving {
            race: None,
            ..Halving::default()
        }));
        assert_eq!(serde_json::to_string(&rules).unwrap(), text);
        assert_eq!(serde_json::from_str::<Rules>(text).unwrap(), rules);
    }

    #[test]
    fn every_format_survives_its_written_form() {
        for play in [
            Play::Halving(Halving::default()),
            Play::Racing(Racing::default()),
            Play::Classic(Classic::default()),
            Play::RoundRobin(RoundRobin::default()),
            Play::Swiss(Swiss::default()),
        ] {
            for terms in [
                Terms::default(),
                Terms {
                    defend: true,
                    max_field: Some(8),
                    ..Terms::default()
                },
            ] {
                let rules = Rules {
                    play: play.clone(),
                    terms,
                };
                assert_eq!(rules.validate(), Ok(()));
                let text = serde_json::to_string(&rules).unwrap();
                assert_eq!(
                    serde_json::from_str::<Rules>(&text).unwrap(),
                    rules,
                    "{text}"
                );
            }
        }
    }

    #[test]
    fn unknown_formats_and_fields_are_refused() {
        for wrong in [
            r#"{"format":"lottery"}"#,
            r#"{"rungs":3,"eta":2,"blocks_per_rung":[1,2,3]}"#,
            r#"{"format":"halving","rungs":3,"eta":2,"blocks_per_rung":[1,2,3],"bribe":1}"#,
            r#"{"format":"halving","rungs":-3,"eta":2,"blocks_per_rung":[1,2,3]}"#,
            r#"{"format":"halving","rungs":1,"eta":2,"blocks_per_rung":[1],"terms":{"bribe":1}}"#,
        ] {
            assert!(serde_json::from_str::<Rules>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn another_rule_is_another_digest() {
        let rules = Rules::default();
        let mut other = rules.clone();
        other.terms.defend = true;
        assert_ne!(rules.digest(), other.digest());
    }
}
