//! Why a method could not be built.

use std::path::PathBuf;

use thiserror::Error;

use super::prune::PruneError;
use super::toolchain::NoToolchain;

/// Why a method could not be built.
#[derive(Debug, Error)]
pub enum BuildError {
    /// There is no crate there.
    #[error("{} is not there; give the folder of a method's crate or of a workspace of methods", .path.display())]
    NoManifest {
        /// The manifest looked for.
        path: PathBuf,
    },
    /// Nothing to build.
    #[error("no package in {} builds a module; a method's Cargo.toml says [lib] crate-type = [\"cdylib\"]", .dir.display())]
    NoMethod {
        /// The folder given.
        dir: PathBuf,
    },
    /// One method is wanted and there are more.
    #[error("{} holds more than one method", .dir.display())]
    Several {
        /// The folder given.
        dir: PathBuf,
    },
    /// The machine cannot compile for the target.
    #[error(transparent)]
    Toolchain(#[from] NoToolchain),
    /// Cargo does not accept the manifests.
    #[error("cargo cannot read the packages in {}: {message}", .dir.display())]
    Metadata {
        /// The folder given.
        dir: PathBuf,
        /// What cargo said.
        message: String,
    },
    /// The code does not compile.
    #[error("the compilation of {} failed{}", .dir.display(), said(.message))]
    Compile {
        /// The folder given.
        dir: PathBuf,
        /// What cargo said; empty when it was shown as it came.
        message: String,
    },
    /// Cargo succeeded and yet there is no module.
    #[error("cargo reported no module for the package {name}")]
    NoArtifact {
        /// The package.
        name: String,
    },
    /// The module is not a method.
    #[error("the module of {name} is not a method: {source}")]
    Prune {
        /// The crate.
        name: String,
        /// Why not.
        source: PruneError,
    },
    /// A program could not be started.
    #[error("failed to start {}: {source}", .program.display())]
    Spawn {
        /// The program.
        program: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file could not be read or written.
    #[error("failed to {doing} {}: {source}", .path.display())]
    File {
        /// The verb.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl BuildError {
    /// Whether what was given to build is the cause, rather than this machine or this program.
    #[must_use]
    pub fn is_input(&self) -> bool {
        match self {
            Self::NoManifest { .. }
            | Self::NoMethod { .. }
            | Self::Several { .. }
            | Self::Metadata { .. }
            | Self::Compile { .. }
            | Self::Prune { .. } => true,
            Self::Toolchain(_)
            | Self::NoArtifact { .. }
            | Self::Spawn { .. }
            | Self::File { .. } => false,
        }
    }
}

fn said(message: &str) -> String {
    if message.is_empty() {
        String::new()
    } else {
        format!(":\n{message}")
    }
}
