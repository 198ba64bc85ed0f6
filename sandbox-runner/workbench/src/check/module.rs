//! Whether the gate would let a module in, by the gate that the server uses.

use std::path::{Path, PathBuf};
use std::time::Instant;

use gauntlet_gate::{GateLimits, Rejection, Review};
use gauntlet_sandbox::{CompileError, CompileLimits, Fault};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::local::Local;

/// What the gate says about a file.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// The file.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// SHA-256 in hex: the name of the submission. None if the file was too large to be read.
    pub digest: Option<String>,
    /// Whether the gate lets it in.
    pub enters: bool,
    /// Why not: every reason that could be found, the gate's own first.
    pub reasons: Vec<Rejection>,
    /// Version of the interface that this program's platform speaks.
    pub interface: u32,
    /// Release of Burn whose operations it understands.
    pub burn: &'static str,
    /// Functions it imports.
    pub imports: Vec<String>,
    /// What it exports.
    pub exports: Vec<String>,
    /// Its hyper-parameters, which `--set` of `gauntlet method run` can change.
    pub parameters: Vec<gauntlet_wire::settings::Declared>,
    /// Its sizes and their limits.
    pub sizes: Vec<Size>,
    /// How compiling it went, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compiled: Option<Compiled>,
}

/// A size with its limit.
#[derive(Clone, Debug, Serialize)]
pub struct Size {
    /// What is counted.
    pub what: &'static str,
    /// How much the module has.
    pub found: u64,
    /// How much it may have.
    pub limit: u64,
}

/// How compiling a module went.
#[derive(Clone, Debug, Serialize)]
pub struct Compiled {
    /// Wall time.
    pub seconds: f64,
    /// Processor time it may take.
    pub limit_seconds: u64,
    /// Why it failed, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Why there is nothing to say about a file.
#[derive(Debug, Error)]
pub enum CheckError {
    /// It cannot be read.
    #[error("cannot read {}: {source}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// It is a folder, a pipe, or something else that holds no module.
    #[error("{} is not a file", .path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// The sandbox could not compile it, and not because of the module.
    #[error("failed to compile the module: {0}")]
    Compiler(#[source] Fault),
}

impl Check {
    /// Whether the file could be submitted.
    #[must_use]
    pub fn passes(&self) -> bool {
        self.enters
            && self
                .compiled
                .as_ref()
                .is_none_or(|compiled| compiled.error.is_none())
    }
}

/// Checks a file; returns its bytes too, if it is small enough to be read.
///
/// # Errors
/// If there is no such file. A file that the gate refuses is no error.
pub fn check(path: &Path) -> Result<(Check, Vec<u8>), CheckError> {
    let unreadable = |source| CheckError::Unreadable {
        path: path.to_path_buf(),
        source,
    };
    let meta = std::fs::metadata(path).map_err(unreadable)?;
    if !meta.is_file() {
        return Err(CheckError::NotAFile {
            path: path.to_path_buf(),
        });
    }
    // A tournament's rules may allow another amount of data; these are the usual limits.
    let limits = GateLimits::default();
    let (review, wasm) = match gauntlet_gate::check_size(meta.len(), &limits) {
        // Before reading: the file may be of any size.
        Err(rejection) => {
            let review = Review {
                rejections: vec![rejection],
                ..Review::default()
            };
            (review, Vec::new())
        }
        Ok(()) => {
            let wasm = std::fs::read(path).map_err(unreadable)?;
            (gauntlet_gate::review(&wasm, &limits), wasm)
        }
    };
    let facts = &review.facts;
    let size = |what, found, limit| Size { what, found, limit };
    let sizes = vec![
        size("bytes of the module", meta.len(), limits.module_bytes),
        size("functions", facts.functions, limits.functions),
        size(
            "bytes of the largest function",
            facts.largest_function_bytes,
            limits.function_bytes,
        ),
        size(
            "most locals of a function",
            facts.most_locals,
            limits.locals,
        ),
        size(
            "deepest operand stack",
            facts.most_operands,
            limits.operands,
        ),
        size("deepest nesting", facts.deepest_nesting, limits.nesting),
        size(
            "bytes of all data segments",
            facts.data_bytes,
            limits.data_bytes,
        ),
        size(
            "bytes of all custom sections",
            facts.custom_bytes,
            limits.custom_bytes,
        ),
        size(
            "memory in pages of 64 KiB",
            facts.memory_pages,
            limits.memory_pages,
        ),
    ];
    let check = Check {
        path: path.to_path_buf(),
        bytes: meta.len(),
        digest: (!wasm.is_empty()).then(|| hex::encode(Sha256::digest(&wasm))),
        enters: review.rejections.is_empty(),
        reasons: review.rejections,
        interface: gauntlet_wire::VERSION,
        burn: gauntlet_wire::BURN_VERSION,
        imports: review.facts.imports,
        exports: review.facts.exports,
        parameters: review
            .facts
            .manifest
            .map_or_else(Vec::new, |manifest| manifest.parameters),
        sizes,
        compiled: None,
    };
    Ok((check, wasm))
}

/// Compiles a module in the sandbox, within its limits, without keeping what comes of it.
///
/// # Errors
/// If the sandbox fails; a module that does not compile is no error.
pub async fn compile(local: &Local, wasm: &[u8]) -> Result<Compiled, CheckError> {
    let began = Instant::now();
    let error = match local.sandbox.compile(wasm).await {
        Ok(_) => None,
        Err(CompileError::Fault(fault)) => return Err(CheckError::Compiler(fault)),
        Err(error) => Some(error.to_string()),
    };
    Ok(Compiled {
        seconds: began.elapsed().as_secs_f64(),
        limit_seconds: CompileLimits::default().cpu_seconds,
        error,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(bytes: &[u8]) -> Check {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.wasm");
        std::fs::write(&path, bytes).unwrap();
        check(&path).unwrap().0
    }

    #[test]
    fn the_verdict_is_the_servers() {
        for wasm in [b"#!/bin/sh".to_vec(), wat::parse_str("(module)").unwrap()] {
            let check = checked(&wasm);
            let server = gauntlet_gate::check(&wasm, &GateLimits::default()).unwrap_err();
            assert_eq!(check.reasons[0], server);
        }
    }

    #[test]
    fn a_file_of_any_size_is_refused_without_reading_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("large.wasm");
        std::fs::File::create(&path)
            .unwrap()
            .set_len(1 << 40)
            .unwrap();
        let (check, wasm) = check(&path).unwrap();
        assert!(!check.enters && wasm.is_empty() && check.digest.is_none());
        assert_eq!(check.reasons[0].found, Some(1 << 40));
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = check(Path::new("/nowhere/m.wasm")).unwrap_err();
        assert!(error.to_string().contains("/nowhere/m.wasm"), "{error}");
    }
}
