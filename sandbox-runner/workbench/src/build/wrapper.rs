//! This program in the compiler's place: the same source in two folders gives the same module.
//!
//! Two things make what rustc writes depend on where it was called. Panic messages name
//! source files by their paths, which `--remap-path-prefix` mends. And cargo hands every
//! crate a hash, `-C metadata`, in which the paths of packages outside the workspace
//! count, and with them those of everything that depends on them; symbols are mangled
//! with it, and the linker's order follows symbols. Both are told to rustc here and not in
//! `rustflags`, where cargo would take another crate's folder for a reason to compile the
//! tensor library again: so several methods can share one target folder.
//!
//! Cargo calls its `RUSTC_WRAPPER` with the compiler and its arguments. A variable of
//! our own says that this is such a call, and what the folders are.

use std::env;
use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Command;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

/// Says that cargo calls, and what for: a [`Wrapping`] as JSON.
const VARIABLE: &str = "GAUNTLET_RUSTC_WRAPPER";
/// The hash that cargo hands to every crate.
const METADATA: &str = "metadata=";

/// What this program is to change in calls of the compiler.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Wrapping {
    /// Folders and what they are called in the module; of those that match, the last wins.
    pub(super) remap: Vec<(PathBuf, String)>,
    /// A wrapper that was there before, such as a compiler cache.
    pub(super) inner: Option<OsString>,
}

impl Wrapping {
    /// Makes `cargo` call the compiler through this program.
    pub(super) fn apply(&self, cargo: &mut Command) -> std::io::Result<()> {
        let settings = serde_json::to_string(self)?;
        cargo.env("RUSTC_WRAPPER", env::current_exe()?);
        cargo.env(VARIABLE, settings);
        Ok(())
    }

    /// The compiler's arguments as they should be. Calls for this machine (build scripts,
    /// macros) and questions stay as they are: nothing of them is in the module.
    fn rewrite(&self, arguments: Vec<OsString>, package: &Package) -> Vec<OsString> {
        let has = |wanted: &str| arguments.iter().any(|argument| argument == wanted);
        let hash = arguments
            .iter()
            .position(|argument| starts_with(argument, METADATA));
        let Some(hash) = hash.filter(|_| has("--target")) else {
            return arguments;
        };
        let stable = package.hash(&arguments);
        let mut changed = arguments;
        changed[hash] = format!("{METADATA}{stable}").into();
        for (from, to) in &self.remap {
            let mut flag = OsString::from("--remap-path-prefix=");
            flag.push(from);
            flag.push(format!("=/{to}"));
            changed.push(flag);
        }
        changed
    }
}

/// What cargo says about the package whose crate is compiled.
#[derive(Clone, Debug, Default)]
struct Package {
    name: OsString,
    version: OsString,
}

impl Package {
    fn of_this_call() -> Self {
        let variable = |name| env::var_os(name).unwrap_or_default();
        Self {
            name: variable("CARGO_PKG_NAME"),
            version: variable("CARGO_PKG_VERSION"),
        }
    }

    /// Tells every crate of one build from every other, by what it is instead of where:
    /// package, release, crate and its features. No build links one release of a package
    /// with the same features twice.
    fn hash(&self, arguments: &[OsString]) -> String {
        let mut hash = Sha256::new();
        let mut part = |text: &OsStr| {
            let bytes = text.as_encoded_bytes();
            hash.update((bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
        };
        part(&self.name);
        part(&self.version);
        for pair in arguments.windows(2) {
            let counts = ["--crate-name", "--crate-type", "--cfg", "--target"];
            if counts.iter().any(|name| pair[0] == *name) {
                part(&pair[0]);
                part(&pair[1]);
            }
        }
        hex::encode(&hash.finalize()[..8])
    }
}

fn starts_with(text: &OsStr, prefix: &str) -> bool {
    text.as_encoded_bytes().starts_with(prefix.as_bytes())
}

/// Why the compiler could not be called in cargo's stead.
#[derive(Debug, Error)]
pub enum WrapperError {
    /// What this program is told about the call cannot be understood.
    #[error("{VARIABLE} cannot be read: {0}")]
    Settings(#[source] serde_json::Error),
    /// The compiler could not be started.
    #[error("cannot start {}: {source}", .compiler.display())]
    Start {
        /// The compiler.
        compiler: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
}

/// If cargo called this program in the compiler's place: becomes the compiler, and returns
/// only if that fails. A program that calls [`build`](super::build()) begins with this.
#[must_use]
pub fn if_called() -> Option<WrapperError> {
    let settings = env::var_os(VARIABLE)?;
    let mut words = env::args_os().skip(1);
    // Somebody below cargo may call this program for its own sake.
    let compiler = words
        .next()
        .map(PathBuf::from)
        .filter(|word| word.file_stem().is_some_and(|stem| stem == "rustc"))?;
    let settings = settings.into_string().unwrap_or_default();
    let wrapping: Wrapping = match serde_json::from_str(&settings) {
        Ok(wrapping) => wrapping,
        Err(error) => return Some(WrapperError::Settings(error)),
    };
    let arguments = wrapping.rewrite(words.collect(), &Package::of_this_call());
    let mut command = match &wrapping.inner {
        Some(inner) => {
            let mut command = Command::new(inner);
            command.arg(&compiler);
            command
        }
        None => Command::new(&compiler),
    };
    let source = command.args(arguments).exec();
    Some(WrapperError::Start { compiler, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<OsString> {
        text.split(' ').map(OsString::from).collect()
    }

    fn rewritten(text: &str) -> Vec<String> {
        let wrapping = Wrapping {
            remap: vec![("/users/ann/x".into(), "method".into())],
            inner: None,
        };
        let package = Package {
            name: "mine".into(),
            version: "0.1.0".into(),
        };
        let changed = wrapping.rewrite(words(text), &package);
        let plain = changed.into_iter().map(|word| word.into_string().unwrap());
        plain.collect()
    }

    const CALL: &str = "--crate-name mine src/lib.rs --crate-type cdylib --cfg feature=\"a\" \
                        -C metadata=0123 -C extra-filename=-0123 --target wasm32-unknown-unknown";

    #[test]
    fn the_hash_no_longer_depends_on_the_folder_but_on_what_is_compiled() {
        let hash = |call: &str| {
            let words = rewritten(call);
            let found = words.into_iter().find(|word| word.starts_with(METADATA));
            found.unwrap()
        };
        let here = hash(CALL);
        assert_ne!(here, "metadata=0123");
        assert_eq!(here, hash(&CALL.replace("0123", "4567")));
        for other in [
            CALL.replace("\"a\"", "\"b\""),
            CALL.replace("cdylib", "rlib"),
            CALL.replace("--crate-name mine", "--crate-name other"),
        ] {
            assert_ne!(here, hash(&other), "{other}");
        }
        let words = rewritten(CALL);
        // Cargo looks for the file under this name.
        assert!(words.contains(&"extra-filename=-0123".to_owned()));
        assert_eq!(
            words.last().unwrap(),
            "--remap-path-prefix=/users/ann/x=/method"
        );
    }

    #[test]
    fn questions_and_what_runs_on_this_machine_stay_as_they_are() {
        for call in [
            "-vV",
            "- --crate-name ___ --print=cfg --target wasm32-unknown-unknown",
            "--crate-name build_script_build build.rs -C metadata=0123",
        ] {
            let same: Vec<_> = call.split(' ').collect();
            assert_eq!(rewritten(call), same);
        }
    }
}
