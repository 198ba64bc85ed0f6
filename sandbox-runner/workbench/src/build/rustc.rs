//! One Rust compiler on this machine, and what it can do for the target.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::TARGET;

/// A compiler that answers, with its sysroot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rustc {
    /// The program itself, never a rustup proxy.
    pub(crate) program: PathBuf,
    /// Where its libraries are.
    pub(crate) sysroot: PathBuf,
    /// `1.96.0`.
    pub(crate) release: String,
    /// The machine it runs on, `x86_64-unknown-linux-gnu`.
    pub(crate) host: String,
    /// Major version of its LLVM; its objects want a linker at least that new.
    pub(crate) llvm: u32,
}

impl Rustc {
    /// Asks `program`, started in `dir` because a rustup proxy looks there for `rust-toolchain.toml`.
    pub(crate) fn probe(program: &Path, dir: &Path) -> Option<Self> {
        let sysroot = PathBuf::from(ask(program, dir, &["--print", "sysroot"])?.trim());
        let itself = sysroot.join("bin/rustc");
        let program = if itself.is_file() {
            itself
        } else {
            program.to_path_buf()
        };
        let about = ask(&program, dir, &["-vV"])?;
        let field = |name: &str| about.lines().find_map(|line| line.strip_prefix(name));
        Some(Self {
            sysroot,
            release: field("release: ")?.trim().to_owned(),
            host: field("host: ")?.trim().to_owned(),
            llvm: number(field("LLVM version: ")?)?,
            program,
        })
    }

    /// `(major, minor)`.
    pub(crate) fn version(&self) -> (u32, u32) {
        version(&self.release)
    }

    /// Whether the target's compiled standard library is installed.
    pub(crate) fn has_target(&self) -> bool {
        let folder = self.sysroot.join("lib/rustlib").join(TARGET).join("lib");
        fs::read_dir(folder).is_ok_and(|entries| {
            entries.flatten().any(|entry| {
                let name = entry.file_name();
                let name = name.to_string_lossy();
                name.starts_with("libstd-") && name.ends_with(".rlib")
            })
        })
    }

    /// Whether the standard library's source of this very release is installed.
    pub(crate) fn source(&self) -> Source {
        let folder = self.sysroot.join("lib/rustlib/src/rust");
        if !folder.join("library/Cargo.lock").is_file() {
            return Source::Missing;
        }
        // Debian links the folder to /usr/src/rustc-<release>; another package may own that link.
        let real = fs::canonicalize(&folder).unwrap_or(folder);
        let name = real
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        match name.as_deref().and_then(|name| name.strip_prefix("rustc-")) {
            Some(release) if release != self.release => Source::Other(release.to_owned()),
            _ => Source::Present,
        }
    }

    /// The linker that comes with this compiler, where one does.
    pub(crate) fn own_linker(&self) -> PathBuf {
        self.sysroot
            .join("lib/rustlib")
            .join(&self.host)
            .join("bin/rust-lld")
    }
}

/// The standard library's source beside a compiler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// There, and of the same release.
    Present,
    /// There, of another release: it would not compile.
    Other(String),
    /// Not there.
    Missing,
}

/// What a program prints when asked, or nothing if it cannot be started or fails.
pub(crate) fn ask(program: &Path, dir: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(dir)
        // A question must not make rustup fetch a toolchain.
        .env("RUSTUP_AUTO_INSTALL", "0")
        .output()
        .ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// `(major, minor)` of a version such as `1.96.0-nightly`.
pub(crate) fn version(text: &str) -> (u32, u32) {
    let mut parts = text.split('.');
    let mut next = || parts.next().and_then(number).unwrap_or(0);
    (next(), next())
}

/// The number that `text` starts with.
pub(crate) fn number(text: &str) -> Option<u32> {
    let text = text.trim_start();
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    text[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_versions() {
        assert_eq!(version("1.96.0"), (1, 96));
        assert_eq!(version("1.97.0-nightly"), (1, 97));
        assert_eq!(version("what"), (0, 0));
        assert_eq!(number("22.1.8"), Some(22));
        assert_eq!(number("v22"), None);
    }
}
