//! Builds a training method, or a whole workspace of them, into the module that
//! is submitted: compiles for `wasm32-unknown-unknown` with whatever toolchain
//! the machine has, then prunes each module to what the sandbox admits.
//!
//! Everything the compilation needs is handed to cargo on its command line, so
//! that a method's crate needs no `.cargo` folder of its own. The same source gives
//! the same module in whatever folder it lies; see [`wrapper`].

mod cargo;
mod error;
mod output;
mod prune;
mod rustc;
mod toolchain;
pub(crate) mod wrapper;

use std::path::{Path, PathBuf};

use crate::failure::Failure;

pub(crate) use error::BuildError;
#[expect(unused_imports, reason = "named in the errors' public fields")]
pub(crate) use {prune::PruneError, toolchain::NoToolchain};

/// The target triple of every method.
const TARGET: &str = "wasm32-unknown-unknown";

/// How a build goes about it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Options {
    /// Keep cargo's progress off standard error; what it said is in the error if it fails.
    pub(crate) quiet: bool,
}

/// A method ready to be submitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Built {
    /// Name of the crate.
    pub(crate) name: String,
    /// The pruned module.
    pub(crate) path: PathBuf,
    /// Its size in bytes.
    pub(crate) bytes: u64,
    /// SHA-256 of it in hex: the name of the submission.
    pub(crate) digest: String,
    /// Whether it was there already, made of the very same code.
    pub(crate) fresh: bool,
    /// Imports (`module.name`) that the sandbox does not have and that now trap
    /// when called, wasm-bindgen's placeholders aside; empty when `fresh`.
    pub(crate) trapped: Vec<String>,
}

/// Builds the method in `dir`, or every method of the workspace whose root `dir` is,
/// in the release profile, and writes `<crate name>.wasm` into `target/gauntlet/` there.
///
/// Blocks for as long as the compiler takes: minutes the first time, under a
/// second when nothing has changed.
///
/// # Errors
///
/// [`BuildError`] says which step failed; [`BuildError::is_input`] whether what
/// was given is the cause.
pub(crate) fn build(dir: &Path, options: Options) -> Result<Vec<Built>, BuildError> {
    // A wrong folder is told as such on machines without a compiler too.
    let manifest = dir.join("Cargo.toml");
    if !manifest.is_file() {
        return Err(BuildError::NoManifest { path: manifest });
    }
    let toolchain = toolchain::discover(&toolchain::Places::of_this_machine(dir))?;
    let methods = cargo::methods(dir, &toolchain)?;
    // In the workspace, even where cargo is told to put its own files elsewhere.
    let folder = methods.workspace_root.join("target/gauntlet");
    cargo::compile(dir, &toolchain, &methods, options)?
        .iter()
        .map(|artifact| output::finish(artifact, &folder))
        .collect()
}

/// A build's failure as the command's; `field` is the argument that named the folder.
pub(crate) fn failure(error: BuildError, field: &str) -> Failure {
    if error.is_input() {
        Failure::input(error.to_string()).field(field)
    } else {
        Failure::ours("build", error)
    }
}
