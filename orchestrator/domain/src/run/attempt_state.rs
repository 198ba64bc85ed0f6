//! The states of an attempt: one execution of a run.

use serde::{Deserialize, Serialize};

/// How an attempt went.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
    utoipa::ToSchema,
)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum AttemptState {
    /// Still leased.
    Leased,
    /// Its report was accepted.
    Reported,
    /// The runner reported a fault of the platform.
    Faulted,
    /// Its lease ran out.
    Expired,
    /// Its run was not needed any more.
    Voided,
}

impl AttemptState {
    /// The name used in the database, in JSON and for people.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

#[cfg(test)]
mod tests {
    use strum::VariantArray as _;

    use super::AttemptState;

    #[test]
    fn the_names_are_those_of_the_database() {
        let names = AttemptState::VARIANTS.iter().map(|one| one.as_str());
        assert!(names.eq(["leased", "reported", "faulted", "expired", "voided"]));
        for one in AttemptState::VARIANTS {
            assert_eq!(one.as_str().parse(), Ok(*one));
            assert_eq!(one.to_string(), one.as_str());
            assert_eq!(serde_json::to_value(one).unwrap(), one.as_str());
        }
    }
}
