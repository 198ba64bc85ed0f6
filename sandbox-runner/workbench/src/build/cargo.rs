//! What cargo is asked: which packages are methods, and to compile them.

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde::Deserialize;

use super::error::BuildError;
use super::toolchain::{Library, Toolchain};
use super::wrapper::Wrapping;
use super::{Options, TARGET};

/// Settings of the surrounding build that must not reach this one: it has
/// another compiler, another target and flags of its own.
const NOT_INHERITED: [&str; 9] = [
    "CARGO_BUILD_RUSTC",
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_BUILD_TARGET",
    "CARGO_ENCODED_RUSTFLAGS",
    "RUSTC_BOOTSTRAP",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTDOC",
    "RUSTFLAGS",
    "RUSTUP_TOOLCHAIN",
];

/// The methods in a folder.
#[derive(Debug)]
pub(crate) struct Methods {
    /// Where cargo puts what it makes.
    pub(crate) target_directory: PathBuf,
    /// The folder of the crate, or of the workspace it belongs to.
    pub(crate) workspace_root: PathBuf,
    packages: Vec<Package>,
    /// Name and folder of what the workspace uses from this machine without being it: the
    /// SDK, be it in a tree of its own or a copy within the crate.
    neighbours: BTreeSet<(String, PathBuf)>,
}

/// A linked module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Artifact {
    /// Name of the crate.
    pub(crate) name: String,
    /// The file.
    pub(crate) path: PathBuf,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_default_members: Vec<String>,
    target_directory: PathBuf,
    workspace_root: PathBuf,
}

#[derive(Clone, Debug, Deserialize)]
struct Package {
    name: String,
    id: String,
    manifest_path: PathBuf,
    targets: Vec<Target>,
    dependencies: Vec<Dependency>,
}

#[derive(Clone, Debug, Deserialize)]
struct Dependency {
    name: String,
    path: Option<PathBuf>,
}

#[derive(Clone, Debug, Deserialize)]
struct Target {
    crate_types: Vec<String>,
}

/// The lines that cargo prints about its work; only artifacts matter here.
#[derive(Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
enum Message {
    CompilerArtifact {
        package_id: String,
        filenames: Vec<PathBuf>,
    },
    #[serde(other)]
    Other,
}

impl Methods {
    /// Whether cargo's files lie outside the workspace, where other workspaces' lie too.
    fn shares_target(&self) -> bool {
        !self.target_directory.starts_with(&self.workspace_root)
    }
}

impl Package {
    fn makes_a_module(&self) -> bool {
        self.targets
            .iter()
            .any(|target| target.crate_types.iter().any(|kind| kind == "cdylib"))
    }
}

/// The package in `dir`, or every default member of the workspace whose root it is, or
/// every member if that is asked for, as far as they make a module.
pub(crate) fn methods(
    dir: &Path,
    toolchain: &Toolchain,
    options: Options,
) -> Result<Methods, BuildError> {
    let manifest = dir.join("Cargo.toml");
    let Ok(manifest) = fs::canonicalize(&manifest) else {
        return Err(BuildError::NoManifest { path: manifest });
    };
    let output = run(
        command(dir, toolchain)
            .args([
                "metadata",
                "--no-deps",
                "--format-version",
                "1",
                "--manifest-path",
            ])
            .arg(&manifest),
        &toolchain.cargo,
    )?;
    let unreadable = |message| BuildError::Metadata {
        dir: dir.to_path_buf(),
        message,
    };
    if !output.status.success() {
        return Err(unreadable(
            String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        ));
    }
    let metadata: Metadata =
        serde_json::from_slice(&output.stdout).map_err(|error| unreadable(error.to_string()))?;
    let is_here = |package: &Package| {
        fs::canonicalize(&package.manifest_path).is_ok_and(|path| path == manifest)
    };
    let one = metadata.packages.iter().any(is_here);
    let chosen = |package: &Package| {
        if options.workspace {
            true
        } else if one {
            is_here(package)
        } else {
            metadata.workspace_default_members.contains(&package.id)
        }
    };
    let packages: Vec<_> = metadata
        .packages
        .iter()
        .filter(|package| chosen(package) && package.makes_a_module())
        .cloned()
        .collect();
    if packages.is_empty() {
        return Err(BuildError::NoMethod {
            dir: dir.to_path_buf(),
        });
    }
    let members: BTreeSet<PathBuf> = metadata
        .packages
        .iter()
        .filter_map(|package| Some(package.manifest_path.parent()?.to_path_buf()))
        .collect();
    // Of all packages, so that building one of them has the same flags as building all.
    let neighbours = metadata
        .packages
        .iter()
        .flat_map(|package| &package.dependencies)
        .filter_map(|dependency| Some((dependency.name.clone(), dependency.path.clone()?)))
        .filter(|(_, path)| !members.contains(path))
        .collect();
    Ok(Methods {
        neighbours,
        target_directory: metadata.target_directory,
        workspace_root: metadata.workspace_root,
        packages,
    })
}

/// Compiles `methods` for the target, in the release profile.
pub(crate) fn compile(
    dir: &Path,
    toolchain: &Toolchain,
    methods: &Methods,
    options: Options,
) -> Result<Vec<Artifact>, BuildError> {
    let mut cargo = command(dir, toolchain);
    cargo.args(arguments(toolchain, methods));
    if toolchain.library == Library::FromSource {
        // Lets a stable compiler build its own standard library.
        cargo.env("RUSTC_BOOTSTRAP", "1");
    }
    if methods.shares_target() {
        let wrapping = Wrapping {
            remap: remap(methods, env::var_os("CARGO_HOME"), env::var_os("HOME")),
            inner: env::var_os("RUSTC_WRAPPER").filter(|inner| !inner.is_empty()),
        };
        wrapping
            .apply(&mut cargo)
            .map_err(|source| BuildError::Spawn {
                program: toolchain.cargo.clone(),
                source,
            })?;
    }
    cargo.stderr(if options.quiet {
        Stdio::piped()
    } else {
        Stdio::inherit()
    });
    let output = run(&mut cargo, &toolchain.cargo)?;
    if !output.status.success() {
        return Err(BuildError::Compile {
            dir: dir.to_path_buf(),
            message: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        });
    }
    artifacts(methods, &String::from_utf8_lossy(&output.stdout))
}

fn artifacts(methods: &Methods, messages: &str) -> Result<Vec<Artifact>, BuildError> {
    let mut modules = Vec::new();
    for line in messages.lines() {
        if let Ok(Message::CompilerArtifact {
            package_id,
            filenames,
        }) = serde_json::from_str(line)
        {
            let wasm = filenames
                .into_iter()
                .find(|name| name.extension().is_some_and(|e| e == "wasm"));
            modules.extend(wasm.map(|path| (package_id, path)));
        }
    }
    methods
        .packages
        .iter()
        .map(|package| {
            let module = modules.iter().find(|(id, _)| *id == package.id);
            let (_, path) = module.ok_or_else(|| BuildError::NoArtifact {
                name: package.name.clone(),
            })?;
            Ok(Artifact {
                name: package.name.replace('_', "-"),
                path: path.clone(),
            })
        })
        .collect()
}

fn command(dir: &Path, toolchain: &Toolchain) -> Command {
    let mut command = Command::new(&toolchain.cargo);
    command
        .current_dir(dir)
        .stdin(Stdio::null())
        .env("RUSTC", &toolchain.rustc.program);
    for name in NOT_INHERITED {
        command.env_remove(name);
    }
    command
}

fn run(command: &mut Command, program: &Path) -> Result<Output, BuildError> {
    command.output().map_err(|source| BuildError::Spawn {
        program: program.to_path_buf(),
        source,
    })
}

fn arguments(toolchain: &Toolchain, methods: &Methods) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = vec![
        "build".into(),
        "--release".into(),
        "--lib".into(),
        "--target".into(),
        TARGET.into(),
        "--message-format=json-render-diagnostics".into(),
    ];
    if toolchain.library == Library::FromSource {
        arguments.push("-Zbuild-std=std,panic_abort".into());
    }
    if let Some(linker) = &toolchain.linker {
        setting(
            &mut arguments,
            "linker",
            linker.to_string_lossy().into_owned().into(),
        );
    }
    // The SDK serves getrandom from the host's seeded stream.
    let mut flags = vec![
        "--cfg".to_owned(),
        "getrandom_backend=\"custom\"".to_owned(),
    ];
    if !methods.shares_target() {
        let remap = remap(methods, env::var_os("CARGO_HOME"), env::var_os("HOME"));
        flags.extend(
            remap
                .iter()
                .map(|(from, to)| format!("--remap-path-prefix={}=/{to}", from.display())),
        );
    }
    setting(&mut arguments, "rustflags", flags.into());
    for package in &methods.packages {
        arguments.push("--package".into());
        arguments.push(package.id.clone().into());
    }
    arguments
}

/// One setting of the target, written as the TOML that `--config` takes.
fn setting(arguments: &mut Vec<OsString>, key: &str, value: toml::Value) {
    arguments.push("--config".into());
    arguments.push(format!("target.{TARGET}.{key}={value}").into());
}

/// What source files are called in the module: whose home folder they were in is nobody's
/// business, and must not make another module of the same source.
fn remap(
    methods: &Methods,
    cargo_home: Option<OsString>,
    home: Option<OsString>,
) -> Vec<(PathBuf, String)> {
    let cargo_home = cargo_home
        .map(PathBuf::from)
        .or_else(|| home.as_ref().map(|home| Path::new(home).join(".cargo")));
    // The last prefix that matches wins.
    let places = [
        (home.map(PathBuf::from), "home"),
        (cargo_home, "cargo"),
        (Some(methods.workspace_root.clone()), "method"),
        (
            Some(methods.target_directory.clone()).filter(|_| methods.shares_target()),
            "target",
        ),
    ];
    let neighbours = methods
        .neighbours
        .iter()
        .map(|(name, path)| (Some(path.clone()), name.as_str()));
    places
        .into_iter()
        .chain(neighbours)
        .filter_map(|(from, to)| Some((from?, to.to_owned())))
        // Remapping the root folder would rewrite every path there is.
        .filter(|(from, _)| from.parent().is_some())
        .collect()
}

#[cfg(test)]
#[path = "cargo_tests.rs"]
mod tests;
