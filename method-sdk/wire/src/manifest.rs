//! What a module says about itself without being executed: a custom section with JSON
//! that was made when it was compiled.
//!
//! The host says what it speaks, an artifact says what it needs, and a mismatch is an
//! error that says which of them is the older one and what to do.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::settings::Declared;
use crate::{BURN_VERSION, VERSION};

/// Name of the custom section.
pub const SECTION: &str = "gauntlet.method";

/// Bytes that the section may have.
pub const MOST_BYTES: usize = 64 << 10;

/// What a module says about itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of the interface it speaks.
    pub interface: u32,
    /// Release of Burn whose operations it sends.
    pub burn: String,
    /// Release of the SDK it was built with.
    pub sdk: String,
    /// Its hyper-parameters.
    #[serde(default)]
    pub parameters: Vec<Declared>,
}

/// A module and a host that do not understand each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    what: &'static str,
    needs: String,
    speaks: String,
    module_is_older: bool,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let older = if self.module_is_older {
            "module"
        } else {
            "platform"
        };
        write!(
            f,
            "the module needs {} {}, this platform speaks {}: the {older} is the older one",
            self.what, self.needs, self.speaks
        )
    }
}

impl std::error::Error for Mismatch {}

impl Mismatch {
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> String {
        if self.module_is_older {
            format!(
                "rebuild it with the SDK of this platform, which speaks {} {}",
                self.what, self.speaks
            )
        } else {
            format!(
                "build it with the SDK of this platform, which speaks {} {}, or ask for the platform to be updated",
                self.what, self.speaks
            )
        }
    }
}

impl Manifest {
    /// Checks that this host understands the module.
    ///
    /// ```
    /// use gauntlet_wire::{BURN_VERSION, VERSION, manifest::Manifest};
    /// let mut manifest = Manifest {
    ///     interface: VERSION,
    ///     burn: BURN_VERSION.to_owned(),
    ///     sdk: "0.1.0".to_owned(),
    ///     parameters: Vec::new(),
    /// };
    /// manifest.understood().unwrap();
    /// manifest.burn = "0.9.0".to_owned();
    /// let mismatch = manifest.understood().unwrap_err();
    /// assert!(mismatch.to_string().contains("the module is the older one"));
    /// ```
    ///
    /// # Errors
    /// If it speaks another version of the interface, or another release of Burn, whose
    /// operations are encoded otherwise.
    pub fn understood(&self) -> Result<(), Mismatch> {
        if self.interface != VERSION {
            return Err(Mismatch {
                what: "interface version",
                needs: self.interface.to_string(),
                speaks: VERSION.to_string(),
                module_is_older: self.interface < VERSION,
            });
        }
        if self.burn != BURN_VERSION {
            return Err(Mismatch {
                what: "Burn",
                needs: self
                    .burn
                    .chars()
                    .take(40)
                    .flat_map(char::escape_default)
                    .collect(),
                speaks: BURN_VERSION.to_owned(),
                module_is_older: release(&self.burn) < release(BURN_VERSION),
            });
        }
        Ok(())
    }
}

/// The numbers of a release, for comparing: `0.22.1` is older than `0.23.0`.
fn release(text: &str) -> Vec<u64> {
    text.split(['.', '-'])
        .map_while(|part| part.parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(interface: u32, burn: &str) -> Manifest {
        Manifest {
            interface,
            burn: burn.to_owned(),
            sdk: "0.1.0".to_owned(),
            parameters: Vec::new(),
        }
    }

    #[test]
    fn the_older_side_is_named() {
        manifest(VERSION, BURN_VERSION).understood().unwrap();
        for (interface, burn, older) in [
            (VERSION - 1, BURN_VERSION, "module"),
            (VERSION + 1, BURN_VERSION, "platform"),
            (VERSION, "0.9.30", "module"),
            (VERSION, "0.100.0", "platform"),
            (VERSION, "1.0", "platform"),
        ] {
            let mismatch = manifest(interface, burn).understood().unwrap_err();
            let told = mismatch.to_string();
            assert!(
                told.ends_with(&format!("the {older} is the older one")),
                "{told}"
            );
        }
    }
}
