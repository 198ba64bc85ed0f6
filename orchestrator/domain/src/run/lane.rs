//! Lanes: the two kinds of things a method can be handed in as.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a method was handed in as, and so how it is executed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Wasm => "wasm",
            Self::Oci => "oci",
        }
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Not the name of a lane.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no lane {0:?}, only wasm and oci")]
pub struct ParseLaneError(String);

impl FromStr for Lane {
    type Err = ParseLaneError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "wasm" => Ok(Self::Wasm),
            "oci" => Ok(Self::Oci),
            other => Err(ParseLaneError(other.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back() {
        for lane in [Lane::Wasm, Lane::Oci] {
            assert_eq!(lane.to_string().parse(), Ok(lane));
        }
        assert!("OCI".parse::<Lane>().is_err());
    }
}
