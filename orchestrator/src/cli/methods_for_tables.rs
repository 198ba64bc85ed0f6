//! The methods that a table's race is between, where nobody names others.

use std::path::{Path, PathBuf};

use gauntlet_fit::{Method, Predicts};
use gauntlet_workbench::source_tree;
use serde::Deserialize;

use crate::failure::Failure;

/// The part of the examples' manifest that says which of them are for tables.
#[derive(Deserialize)]
struct Manifest {
    workspace: Workspace,
}

#[derive(Deserialize)]
struct Workspace {
    metadata: Metadata,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Metadata {
    methods_for_tables: ForTables,
}

#[derive(Deserialize)]
struct ForTables {
    both: Vec<String>,
    classes: Vec<String>,
    numbers: Vec<String>,
}

/// Reads the modules that were named, each a file or all in a folder; if none was, those that come
/// with Gauntlet.
///
/// # Errors
/// If one is not there, or none is built.
pub(super) fn read(named: &[PathBuf]) -> Result<Vec<Method>, Failure> {
    let mut paths = Vec::new();
    for path in named {
        if path.is_dir() {
            paths.extend(in_folder(path)?);
        } else {
            paths.push(path.clone());
        }
    }
    let unknown = |path| (path, Predicts::Unknown);
    let paths = match named {
        [] => our_own()?,
        _ => paths.into_iter().map(unknown).collect(),
    };
    let mut methods: Vec<Method> = Vec::new();
    for (path, predicts) in paths {
        let module = std::fs::read(&path)
            .map_err(|error| Failure::file("read", &path, error).field("--methods"))?;
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if methods.iter().any(|method| method.name == name) {
            return Err(Failure::input(format!("two methods are called {name}")).field("--methods"));
        }
        methods.push(Method {
            name,
            module,
            predicts,
        });
    }
    Ok(methods)
}

fn in_folder(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let fault = |error| Failure::file("read", folder, error).field("--methods");
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(fault)? {
        let path = entry.map_err(fault)?.path();
        if path.extension().is_some_and(|ending| ending == "wasm") {
            paths.push(path);
        }
    }
    paths.sort();
    if paths.is_empty() {
        return Err(
            Failure::input(format!("there is no .wasm file in {}", folder.display()))
                .field("--methods"),
        );
    }
    Ok(paths)
}

fn our_own() -> Result<Vec<(PathBuf, Predicts)>, Failure> {
    let help =
        "build them with `gauntlet method build examples/methods --workspace`, or name .wasm files";
    let workspace = source_tree::beside("examples/methods").ok_or_else(|| {
        Failure::input("the methods that come with Gauntlet are not here")
            .field("--methods")
            .help(help)
    })?;
    let path = workspace.join("Cargo.toml");
    let text =
        std::fs::read_to_string(&path).map_err(|error| Failure::file("read", &path, error))?;
    let manifest: Manifest =
        toml::from_str(&text).map_err(|error| Failure::file("read", &path, error.message()))?;
    let ForTables {
        both,
        classes,
        numbers,
    } = manifest.workspace.metadata.methods_for_tables;
    let named = [
        (both, Predicts::Unknown),
        (classes, Predicts::Classes),
        (numbers, Predicts::Numbers),
    ];
    let built = workspace.join("target/gauntlet");
    let mut modules = Vec::new();
    for (names, predicts) in named {
        let paths = names.iter().map(|name| built.join(format!("{name}.wasm")));
        // Whoever built the demo alone has some of them.
        modules.extend(
            paths
                .filter(|path| path.is_file())
                .map(|path| (path, predicts)),
        );
    }
    if modules.is_empty() {
        return Err(
            Failure::input("none of the methods that come with Gauntlet is built")
                .field("--methods")
                .help(help),
        );
    }
    Ok(modules)
}
