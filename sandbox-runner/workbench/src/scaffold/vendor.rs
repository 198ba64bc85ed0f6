//! The SDK's sources, as this program carries them, laid out as a workspace of their own.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::error::ScaffoldError;
use super::sdk::VENDORED;

/// Path from the source tree's root, and text.
static SDK: &[(&str, &str)] = &include!(concat!(env!("OUT_DIR"), "/sdk_files.rs"));
/// The manifest of the workspace that the SDK's packages inherit from.
const WORKSPACE: &str = include_str!("../../../../Cargo.toml");
const LICENCE: &str = include_str!("../../../../LICENSE");

/// Every file of the copy, by its path in the crate.
///
/// # Errors
/// If a manifest that this program carries cannot be read.
pub(super) fn files() -> Result<Vec<(PathBuf, String)>, ScaffoldError> {
    let place = |path: &str| Path::new(VENDORED).join(path);
    let mut files: Vec<(PathBuf, String)> = SDK
        .iter()
        .map(|(path, text)| (place(path), (*text).to_owned()))
        .collect();
    files.push((place("Cargo.toml"), workspace()?));
    files.push((place("LICENSE"), LICENCE.to_owned()));
    Ok(files)
}

/// A manifest for the copy: of the whole workspace's, what the SDK's packages inherit.
fn workspace() -> Result<String, ScaffoldError> {
    let read = |text: &str| toml::from_str::<toml::Table>(text).map_err(ScaffoldError::Carried);
    let whole = read(WORKSPACE)?;
    let part = |name: &'static str| {
        let workspace = whole.get("workspace").and_then(toml::Value::as_table);
        let part = workspace.and_then(|workspace| workspace.get(name));
        part.cloned().ok_or(ScaffoldError::CarriedPart(name))
    };
    let mut members = Vec::new();
    let mut used = BTreeSet::new();
    for (path, text) in SDK {
        if let Some(folder) = path.strip_suffix("/Cargo.toml") {
            members.push(toml::Value::from(folder));
            for (key, value) in read(text)? {
                inherited(&key, &value, &mut used);
            }
        }
    }
    let mut dependencies = part("dependencies")?;
    if let Some(table) = dependencies.as_table_mut() {
        table.retain(|name, _| used.contains(name));
    }
    let mut workspace = toml::Table::new();
    workspace.insert("resolver".into(), part("resolver")?);
    workspace.insert("members".into(), members.into());
    workspace.insert("package".into(), part("package")?);
    workspace.insert("dependencies".into(), dependencies);
    workspace.insert("lints".into(), part("lints")?);
    let mut manifest = toml::Table::new();
    manifest.insert("workspace".into(), workspace.into());
    Ok(format!(
        "# The SDK of Gauntlet {}, written by `gauntlet method new`.\n{manifest}",
        env!("CARGO_PKG_VERSION")
    ))
}

/// Collects the keys whose value says `workspace = true`, wherever they are.
fn inherited(key: &str, value: &toml::Value, used: &mut BTreeSet<String>) {
    if let Some(table) = value.as_table() {
        if table.get("workspace").and_then(toml::Value::as_bool) == Some(true) {
            used.insert(key.to_owned());
        }
        for (key, value) in table {
            inherited(key, value, used);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_copy_is_a_workspace_that_cargo_reads() {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files().unwrap() {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let cargo = std::env::var_os("CARGO").expect("cargo tells the tests it runs where it is");
        let output = std::process::Command::new(cargo)
            .args([
                "metadata",
                "--no-deps",
                "--format-version",
                "1",
                "--offline",
            ])
            .current_dir(folder.path().join(VENDORED))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        let text = String::from_utf8(output.stdout).unwrap();
        for name in [
            "gauntlet-method",
            "gauntlet-text",
            "gauntlet-wire",
            "burn-remote",
        ] {
            assert!(text.contains(&format!("\"name\":\"{name}\"")), "{name}");
        }
        // All that the SDK inherits, and nothing of the rest.
        let manifest = std::fs::read_to_string(folder.path().join(VENDORED).join("Cargo.toml"));
        let manifest = manifest.unwrap();
        assert!(
            manifest.contains("[workspace.dependencies.burn]"),
            "{manifest}"
        );
        assert!(!manifest.contains("sqlx"), "{manifest}");
    }
}
