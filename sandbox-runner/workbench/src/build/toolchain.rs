//! Finds what can compile a method on this machine.
//!
//! First choice is a compiler with the target's standard library installed.
//! Where rustup cannot add the target, a distribution's compiler with its own
//! standard library source does as well: cargo compiles the library along
//! (`-Zbuild-std`), which is why that compiler is then told to accept unstable
//! options. Library source and compiler must be of the same release.

use std::env;
use std::fmt;
use std::path::{Path, PathBuf};

use super::rustc::{Rustc, Source, ask, number, version};

/// Oldest compiler that takes the SDK and Burn.
const OLDEST_RUSTC: (u32, u32) = (1, 95);
/// Oldest cargo that reads our lock files and `--config` values.
const OLDEST_CARGO: (u32, u32) = (1, 85);

/// Where compilers and linkers are looked for.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    /// Where questions are asked; decides which toolchain a rustup proxy stands for.
    pub(crate) dir: PathBuf,
    /// The folders of `PATH`, in order.
    pub(crate) path: Vec<PathBuf>,
    /// Folder of rustup's toolchains.
    pub(crate) rustup: Option<PathBuf>,
    /// Folder of the distribution's programs.
    pub(crate) system: PathBuf,
}

impl Places {
    /// The usual ones.
    pub(crate) fn of_this_machine(dir: &Path) -> Self {
        let path = env::var_os("PATH").map(|path| env::split_paths(&path).collect());
        let rustup = env::var_os("RUSTUP_HOME")
            .map(PathBuf::from)
            .or_else(|| env::var_os("HOME").map(|home| PathBuf::from(home).join(".rustup")));
        Self {
            dir: dir.to_path_buf(),
            path: path.unwrap_or_default(),
            rustup: rustup.map(|home| home.join("toolchains")),
            system: PathBuf::from("/usr/bin"),
        }
    }

    fn programs<'a>(&'a self, name: &'a str) -> impl Iterator<Item = PathBuf> + 'a {
        self.path
            .iter()
            .map(move |folder| folder.join(name))
            .filter(|path| path.is_file())
    }

    /// Every compiler, in order of preference: what `rustc` means here, rustup's others, the system's.
    fn compilers(&self) -> Vec<Rustc> {
        let toolchains = self
            .toolchains()
            .into_iter()
            .map(|folder| folder.join("bin/rustc"));
        let mut found: Vec<Rustc> = Vec::new();
        for program in self
            .programs("rustc")
            .take(1)
            .chain(toolchains)
            .chain([self.system.join("rustc")])
            .filter(|program| program.is_file())
        {
            if let Some(rustc) = Rustc::probe(&program, &self.dir)
                && !found.iter().any(|other| other.program == rustc.program)
            {
                found.push(rustc);
            }
        }
        found
    }

    fn toolchains(&self) -> Vec<PathBuf> {
        let entries = self
            .rustup
            .as_ref()
            .and_then(|folder| folder.read_dir().ok());
        let mut folders: Vec<_> = entries
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
            .collect();
        folders.sort();
        folders
    }
}

/// Where the target's standard library comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Library {
    /// Installed.
    Installed,
    /// Compiled along from its source.
    FromSource,
}

/// What compiles a method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Toolchain {
    /// Cargo itself, never a rustup proxy.
    pub(crate) cargo: PathBuf,
    /// The compiler.
    pub(crate) rustc: Rustc,
    /// The target's standard library.
    pub(crate) library: Library,
    /// The linker, unless the compiler brings its own.
    pub(crate) linker: Option<PathBuf>,
}

/// Nothing here can compile a method: what was found, and what to do.
#[derive(Debug, PartialEq, Eq)]
pub struct NoToolchain {
    /// Each compiler (path and release) with what it lacks.
    pub found: Vec<(PathBuf, String, Lack)>,
}

/// What a compiler lacks.
#[derive(Debug, PartialEq, Eq)]
pub enum Lack {
    /// It is older than the SDK needs.
    Old,
    /// Neither the target nor the library's source is installed.
    Library,
    /// The library's source is of this other release.
    Source(String),
    /// No linker as new as its LLVM, whose major version this is.
    Linker(u32),
    /// No cargo that is new enough.
    Cargo,
}

impl fmt::Display for NoToolchain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "no compiler on this machine can build for {}",
            super::TARGET
        )?;
        for (program, release, lack) in &self.found {
            write!(f, "  {} {release}: ", program.display())?;
            match lack {
                Lack::Old => {
                    let (major, minor) = OLDEST_RUSTC;
                    writeln!(f, "older than {major}.{minor}")?;
                }
                Lack::Library => writeln!(f, "has neither the target nor rust-src installed")?,
                Lack::Source(other) => writeln!(f, "the library source beside it is of {other}")?,
                Lack::Linker(llvm) => writeln!(f, "no lld of version {llvm} or later was found")?,
                Lack::Cargo => writeln!(f, "no cargo of version 1.85 or later was found")?,
            }
        }
        if self.found.is_empty() {
            writeln!(f, "  no rustc was found at all")?;
        }
        let llvm = self.found.iter().find_map(|(_, _, lack)| match lack {
            Lack::Linker(llvm) => Some(llvm.to_string()),
            _ => None,
        });
        let llvm = llvm.unwrap_or_else(|| "<LLVM version that rustc -vV prints>".to_owned());
        write!(
            f,
            "Install one of these (scripts/setup does what it can of it):\n  \
             with rustup:  rustup target add {}\n  \
             on Debian:    apt-get install rustc-web cargo-web rust-web-src lld-{llvm}\n\
             (lld is not needed beside a rustup toolchain, which brings rust-lld)",
            super::TARGET,
        )
    }
}

impl std::error::Error for NoToolchain {}

/// The first choice among what is in `places`.
///
/// # Errors
///
/// [`NoToolchain`] when nothing there will do.
pub(crate) fn discover(places: &Places) -> Result<Toolchain, NoToolchain> {
    let compilers = places.compilers();
    let mut found = Vec::new();
    // All compilers are asked for an installed library before any is asked for a source.
    for rustc in compilers
        .iter()
        .filter(|rustc| rustc.version() >= OLDEST_RUSTC && rustc.has_target())
    {
        match complete(places, &compilers, rustc, Library::Installed) {
            Ok(toolchain) => return Ok(toolchain),
            Err(lack) => found.push((rustc.program.clone(), rustc.release.clone(), lack)),
        }
    }
    for rustc in &compilers {
        let lack = if rustc.version() < OLDEST_RUSTC {
            Lack::Old
        } else {
            match rustc.source() {
                Source::Missing => Lack::Library,
                Source::Other(release) => Lack::Source(release),
                Source::Present => match complete(places, &compilers, rustc, Library::FromSource) {
                    Ok(toolchain) => return Ok(toolchain),
                    Err(lack) => lack,
                },
            }
        };
        if !found
            .iter()
            .any(|(program, _, _)| *program == rustc.program)
        {
            found.push((rustc.program.clone(), rustc.release.clone(), lack));
        }
    }
    Err(NoToolchain { found })
}

/// Adds the cargo and the linker that `rustc` needs.
fn complete(
    places: &Places,
    compilers: &[Rustc],
    rustc: &Rustc,
    library: Library,
) -> Result<Toolchain, Lack> {
    let linker = if rustc.own_linker().is_file() {
        None
    } else {
        Some(linker(places, compilers, rustc.llvm).ok_or(Lack::Linker(rustc.llvm))?)
    };
    let cargo = cargo(places, compilers, rustc).ok_or(Lack::Cargo)?;
    Ok(Toolchain {
        cargo,
        rustc: rustc.clone(),
        library,
        linker,
    })
}

/// The cargo beside the compiler, else beside another compiler.
fn cargo(places: &Places, compilers: &[Rustc], rustc: &Rustc) -> Option<PathBuf> {
    [rustc].into_iter().chain(compilers).find_map(|rustc| {
        let program = rustc.program.with_file_name("cargo");
        let said = ask(&program, &places.dir, &["--version"])?;
        (version(said.strip_prefix("cargo ")?) >= OLDEST_CARGO).then_some(program)
    })
}

/// An lld of at least version `llvm`: one that came with another compiler, or a distribution's.
fn linker(places: &Places, compilers: &[Rustc], llvm: u32) -> Option<PathBuf> {
    let numbered = (llvm..llvm + 4).map(|version| format!("wasm-ld-{version}"));
    let names: Vec<String> = numbered
        .chain(["wasm-ld".to_owned(), "rust-lld".to_owned()])
        .collect();
    let installed = names.iter().flat_map(|name| places.programs(name));
    compilers
        .iter()
        .map(Rustc::own_linker)
        .chain(installed)
        .find(|program| {
            let generic = program.file_name().is_some_and(|name| name == "rust-lld");
            let arguments: &[&str] = if generic {
                &["-flavor", "wasm", "--version"]
            } else {
                &["--version"]
            };
            lld_version(program, &places.dir, arguments).is_some_and(|version| version >= llvm)
        })
}

fn lld_version(program: &Path, dir: &Path, arguments: &[&str]) -> Option<u32> {
    let said = ask(program, dir, arguments)?;
    number(said.split("LLD ").nth(1)?)
}

#[cfg(test)]
#[path = "toolchain_tests.rs"]
mod tests;
