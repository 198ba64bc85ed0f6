//! Whether a runner gets leases.

use serde::{Deserialize, Serialize};

/// How a runner stands.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::IntoStaticStr,
    strum::VariantArray,
    utoipa::ToSchema,
)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum RunnerState {
    /// It gets as many leases as it asks for.
    #[default]
    Serving,
    /// It gets none for now: its attempts faulted in a row.
    SetAside,
    /// It gets one at a time, until an attempt of it ends with a result.
    Probation,
}

impl RunnerState {
    /// The name used in JSON.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

#[cfg(test)]
mod tests {
    use strum::VariantArray as _;

    use super::RunnerState;

    #[test]
    fn the_names_are_those_of_the_wire() {
        let names = RunnerState::VARIANTS.iter().map(|one| one.as_str());
        assert!(names.eq(["serving", "set_aside", "probation"]));
        for one in RunnerState::VARIANTS {
            assert_eq!(one.to_string(), one.as_str());
            assert_eq!(serde_json::to_value(one).unwrap(), one.as_str());
        }
    }
}
