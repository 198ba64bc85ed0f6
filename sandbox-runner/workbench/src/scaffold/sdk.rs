//! Where a new crate finds the SDK. There is no release of it in a registry: it is
//! either the source tree that this program was built from, or a copy of its sources
//! that this program carries.

use std::fs;
use std::path::{Path, PathBuf};

use super::error::ScaffoldError;
use crate::source_tree;

/// The folder, inside the crate, that a vendored SDK is written to.
pub(super) const VENDORED: &str = "gauntlet-sdk";

/// Where the SDK's sources are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sdk {
    /// In this folder, which is `method-sdk` of a source tree.
    Tree(PathBuf),
    /// Written into the crate.
    Vendored,
}

impl Sdk {
    /// The SDK that was asked for: the folder named, a copy, or, if nothing was said,
    /// the source tree found from here, else a copy.
    ///
    /// # Errors
    /// If the folder named holds no SDK.
    pub fn choose(named: Option<&Path>, vendor: bool) -> Result<Self, ScaffoldError> {
        if vendor {
            return Ok(Self::Vendored);
        }
        if let Some(named) = named {
            let inside = [named.to_path_buf(), named.join("method-sdk")];
            return inside
                .iter()
                .find(|folder| is_sdk(folder))
                .and_then(|folder| folder.canonicalize().ok())
                .map(Self::Tree)
                .ok_or_else(|| ScaffoldError::NoSdk {
                    folder: named.to_path_buf(),
                });
        }
        let found = source_tree::beside("method-sdk")
            .filter(|folder| is_sdk(folder))
            .and_then(|folder| folder.canonicalize().ok());
        Ok(found.map_or(Self::Vendored, Self::Tree))
    }

    /// The path of the package `gauntlet-method` as the crate's manifest names it, escaped
    /// for a TOML string.
    pub(super) fn path_in_manifest(&self) -> String {
        match self {
            Self::Tree(folder) => {
                let text = folder.display().to_string();
                text.replace('\\', "\\\\").replace('"', "\\\"")
            }
            Self::Vendored => format!("{VENDORED}/method-sdk"),
        }
    }

    /// What the crate's workspace must leave out: the copy has a workspace of its own.
    pub(super) fn exclude(&self) -> &'static str {
        match self {
            Self::Tree(_) => "",
            Self::Vendored => "\nexclude = [\"gauntlet-sdk\"]",
        }
    }

    /// Where the SDK comes from, in a sentence or two.
    #[must_use]
    pub fn explanation(&self) -> String {
        match self {
            Self::Tree(folder) => format!(
                "The SDK is not in a registry yet: this crate uses the one in `{}`. If that \
                 folder moves, change the two paths in Cargo.toml.",
                folder.display()
            ),
            Self::Vendored => format!(
                "The SDK is not in a registry yet: `{VENDORED}` is a copy of the one that \
                 `gauntlet` {} was built with. To update it, make a new crate with a newer \
                 `gauntlet` and take its `{VENDORED}`.",
                env!("CARGO_PKG_VERSION")
            ),
        }
    }
}

/// Whether `folder` holds the SDK and the device that goes with it.
fn is_sdk(folder: &Path) -> bool {
    let names = |file: PathBuf, name: &str| {
        fs::read_to_string(file)
            .ok()
            .and_then(|text| toml::from_str::<toml::Table>(&text).ok())
            .is_some_and(|manifest| {
                let package = manifest
                    .get("package")
                    .and_then(|package| package.get("name"));
                package.and_then(toml::Value::as_str) == Some(name)
            })
    };
    names(folder.join("Cargo.toml"), "gauntlet-method")
        && names(folder.join("channel/Cargo.toml"), "burn-remote")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../..")
            .canonicalize()
            .unwrap()
    }

    #[test]
    fn the_sdk_or_the_tree_it_lies_in_may_be_named() {
        for named in [root(), root().join("method-sdk")] {
            let chosen = Sdk::choose(Some(&named), false).unwrap();
            assert_eq!(chosen, Sdk::Tree(root().join("method-sdk")));
        }
    }

    #[test]
    fn a_folder_without_an_sdk_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let error = Sdk::choose(Some(folder.path()), false).unwrap_err();
        assert!(matches!(error, ScaffoldError::NoSdk { .. }), "{error}");
        assert_eq!(Sdk::choose(None, true).unwrap(), Sdk::Vendored);
    }
}
