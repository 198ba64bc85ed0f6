//! The rules of a tournament: data, frozen when it opens.

use serde::{Deserialize, Deserializer, Serialize};

use crate::digest::Digest;
use crate::tournament::formats::{Classic, FirstBlock, Format, Halving, Racing, RoundRobin, Swiss};
use crate::tournament::mid_run::{CheckpointScore, Probing};
use crate::tournament::terms::{Combine, Terms};

/// Version of everything that follows from rules and results: draws, seeds, standings,
/// cuts. A record says by which it was played.
pub const RULES_VERSION: u32 = 1;

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

/// A rule outside its range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} {must}")]
pub struct RulesError {
    /// The field, as in the JSON.
    pub field: &'static str,
    /// What it must be.
    pub must: String,
}

impl Default for Play {
    fn default() -> Self {
        // Of what can be played with whole runs, it finds the best method most often for the
        // same runs: docs/FORMATS.md has the figures.
        Self::Racing(Racing::default())
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
        if self.terms.mid_run.is_some() && !self.format().cuts_by_mean() {
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

    /// The format that plays by these rules.
    pub fn format(&self) -> &dyn Format {
        match &self.play {
            Play::Halving(halving) => halving,
            Play::Racing(racing) => racing,
            Play::Classic(classic) => classic,
            Play::RoundRobin(round_robin) => round_robin,
            Play::Swiss(swiss) => swiss,
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
    use super::{Play, Rules};
    use crate::tournament::formats::{Classic, Halving, Racing, RoundRobin, Swiss};
    use crate::tournament::terms::Terms;

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
