//! `gauntlet method new`.

use std::path::PathBuf;

use gauntlet_workbench::scaffold::{self, CrateSpec, Sdk};
use serde::Serialize;

use crate::failure::Failure;
use crate::output::Output;

/// Write the crate of a new method: it builds at once, has a test, and beats the baseline.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The SDK is in no registry yet. The crate uses the one of the source tree that this \
                  program is from, if it can be found, else a copy that is written into the crate."
)]
pub(crate) struct New {
    /// Name of the method: 1 to 40 of a-z, 0-9 and -.
    name: String,
    /// Folder in which the crate's folder is made.
    #[arg(long = "in", value_name = "DIR", default_value = ".")]
    parent: PathBuf,
    /// Use the SDK in this folder: method-sdk of Gauntlet's source tree, or the tree.
    #[arg(long, value_name = "PATH", conflicts_with = "vendor")]
    sdk: Option<PathBuf>,
    /// Write a copy of the SDK into the crate, so that it needs no source tree.
    #[arg(long)]
    vendor: bool,
}

/// What was written.
#[derive(Debug, Serialize)]
struct Written {
    name: String,
    path: PathBuf,
    /// Where the SDK comes from.
    sdk: String,
}

impl New {
    pub(crate) fn run(self, output: Output) -> Result<(), Failure> {
        let sdk = Sdk::choose(self.sdk.as_deref(), self.vendor)?;
        let spec = CrateSpec {
            name: self.name,
            parent: self.parent,
            sdk,
        };
        let path = scaffold::write(&spec)?;
        let written = Written {
            name: spec.name,
            path,
            sdk: spec.sdk.explanation(),
        };
        output.answer(&written, |written| {
            format!(
                "wrote {}\n{}\n\nnext:\n  cd {}\n  gauntlet method build\n  gauntlet method run --task digits",
                written.path.display(),
                written.sdk,
                written.path.display()
            )
        })
    }
}
