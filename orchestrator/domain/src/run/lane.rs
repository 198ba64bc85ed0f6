//! Lanes: the two kinds of things a method can be handed in as.

use serde::{Deserialize, Serialize};

/// What a method was handed in as, and so how it is executed.
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
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[strum(
    serialize_all = "snake_case",
    parse_err_ty = ParseLaneError,
    parse_err_fn = ParseLaneError::new
)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// A WebAssembly module.
    #[default]
    Wasm,
    /// A container image.
    Oci,
}

impl Lane {
    /// Its name: `wasm` or `oci`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// Not the name of a lane.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no lane {0:?}, only wasm and oci")]
pub struct ParseLaneError(String);

impl ParseLaneError {
    fn new(text: &str) -> Self {
        Self(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::Lane;

    #[test]
    fn the_names_are_those_of_the_record() {
        for (lane, name) in [(Lane::Wasm, "wasm"), (Lane::Oci, "oci")] {
            assert_eq!(lane.as_str(), name);
            assert_eq!(name.parse(), Ok(lane));
            assert_eq!(serde_json::to_value(lane).unwrap(), name);
        }
        let error = "OCI".parse::<Lane>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "there is no lane \"OCI\", only wasm and oci"
        );
    }
}
