//! The rules of a tournament: data, frozen when it opens.

use serde::{Deserialize, Serialize};

use crate::{Format, Halving};

/// The rules, by format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "format", rename_all = "snake_case")]
pub enum Rules {
    /// Successive halving on shared blocks.
    Halving(Halving),
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

impl Default for Rules {
    fn default() -> Self {
        Self::Halving(Halving::default())
    }
}

impl Rules {
    /// Checks the numbers.
    pub fn validate(&self) -> Result<(), RulesError> {
        match self {
            Self::Halving(halving) => halving.validate(),
        }
    }

    /// The format that plays by these rules.
    pub fn format(&self) -> &dyn Format {
        match self {
            Self::Halving(halving) => halving,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Rules;

    #[test]
    fn the_written_form_is_the_documented_one() {
        let text = r#"{"format":"halving","rungs":3,"eta":2,"blocks_per_rung":[1,2,3]}"#;
        assert_eq!(serde_json::to_string(&Rules::default()).unwrap(), text);
        assert_eq!(
            serde_json::from_str::<Rules>(text).unwrap(),
            Rules::default()
        );
    }

    #[test]
    fn unknown_formats_and_fields_are_refused() {
        for wrong in [
            r#"{"format":"lottery"}"#,
            r#"{"rungs":3,"eta":2,"blocks_per_rung":[1,2,3]}"#,
            r#"{"format":"halving","rungs":3,"eta":2,"blocks_per_rung":[1,2,3],"bribe":1}"#,
            r#"{"format":"halving","rungs":-3,"eta":2,"blocks_per_rung":[1,2,3]}"#,
        ] {
            assert!(serde_json::from_str::<Rules>(wrong).is_err(), "{wrong}");
        }
    }
}
