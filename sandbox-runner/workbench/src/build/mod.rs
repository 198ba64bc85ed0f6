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
pub mod wrapper;

use std::path::{Path, PathBuf};

pub use error::BuildError;
pub use prune::PruneError;
pub use toolchain::{Lack, NoToolchain};

/// The target triple of every method.
const TARGET: &str = "wasm32-unknown-unknown";

/// How a build goes about it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Keep cargo's progress off standard error; what it said is in the error if it fails.
    pub quiet: bool,
    /// Every method of the workspace, not only its default members or the one crate.
    pub workspace: bool,
}

/// A method ready to be submitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Built {
    /// Name of the crate.
    pub name: String,
    /// The pruned module.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// SHA-256 of it in hex: the name of the submission.
    pub digest: String,
    /// Whether it was there already, made of the very same code.
    pub fresh: bool,
    /// Imports (`module.name`) that the sandbox does not have and that now trap
    /// when called, wasm-bindgen's placeholders aside; empty when `fresh`.
    pub trapped: Vec<String>,
}

/// Builds the method in `dir`, or the default members of the workspace whose root `dir` is,
/// in the release profile, and writes `<crate name>.wasm` into `target/gauntlet/` there.
///
/// Blocks for as long as the compiler takes: minutes the first time, under a
/// second when nothing has changed.
///
/// # Errors
///
/// [`BuildError`] says which step failed; [`BuildError::is_input`] whether what
/// was given is the cause.
pub fn build(dir: &Path, options: Options) -> Result<Vec<Built>, BuildError> {
    // A wrong folder is told as such on machines without a compiler too.
    let manifest = dir.join("Cargo.toml");
    if !manifest.is_file() {
        return Err(BuildError::NoManifest { path: manifest });
    }
    let toolchain = toolchain::discover(&toolchain::Places::of_this_machine(dir))?;
    let methods = cargo::methods(dir, &toolchain, options)?;
    // In the workspace, even where cargo is told to put its own files elsewhere.
    let folder = methods.workspace_root.join("target/gauntlet");
    cargo::compile(dir, &toolchain, &methods, options)?
        .iter()
        .map(|artifact| output::finish(artifact, &folder))
        .collect()
}

/// The module that `path` stands for: the file itself, or what building the crate gives.
///
/// # Errors
/// If the crate cannot be built, or makes more than one module.
pub fn module(path: &Path, options: Options) -> Result<PathBuf, BuildError> {
    if !path.is_dir() {
        return Ok(path.to_path_buf());
    }
    let mut built = build(path, options)?;
    match (built.pop(), built.is_empty()) {
        (Some(method), true) => Ok(method.path),
        _ => Err(BuildError::Several {
            dir: path.to_path_buf(),
        }),
    }
}
