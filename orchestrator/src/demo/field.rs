//! Which of the example methods enter the demo.

use std::path::{Path, PathBuf};

use gauntlet_workbench::source_tree;
use serde::Deserialize;

use crate::failure::Failure;

/// The part of a workspace's manifest that says so.
#[derive(Deserialize)]
struct Manifest {
    workspace: Workspace,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Workspace {
    default_members: Vec<String>,
}

/// The modules of the field: the default members of the examples' workspace, in its order.
///
/// Others may lie beside them: whoever runs the tests builds every example.
///
/// # Errors
/// If there are no examples here, their manifest names no default members, or one of those
/// is not built.
pub(crate) fn modules() -> Result<Vec<PathBuf>, Failure> {
    let workspace = source_tree::beside("examples/methods").ok_or_else(|| {
        Failure::input("the example methods are not here")
            .field("--methods")
            .help("name a folder of .wasm files")
    })?;
    of(&workspace)
}

fn of(workspace: &Path) -> Result<Vec<PathBuf>, Failure> {
    let path = workspace.join("Cargo.toml");
    let text =
        std::fs::read_to_string(&path).map_err(|error| Failure::file("read", &path, error))?;
    let manifest: Manifest =
        toml::from_str(&text).map_err(|error| Failure::file("read", &path, error.message()))?;
    let members = manifest.workspace.default_members.iter();
    let modules = members
        // An example's folder is called like its crate.
        .map(|member| {
            workspace
                .join("target/gauntlet")
                .join(format!("{member}.wasm"))
        })
        .collect::<Vec<_>>();
    match modules.iter().find(|module| !module.is_file()) {
        None => Ok(modules),
        Some(absent) => Err(Failure::input(format!("{} is not built", absent.display()))
            .field("--methods")
            .help("build the examples with `gauntlet method build examples/methods`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_field_is_the_default_members_and_every_one_has_to_be_built() {
        let folder = tempfile::tempdir().unwrap();
        let manifest =
            "[workspace]\nmembers = [\"a\", \"b\", \"c\"]\ndefault-members = [\"c\", \"a\"]\n";
        std::fs::write(folder.path().join("Cargo.toml"), manifest).unwrap();
        let built = folder.path().join("target/gauntlet");
        std::fs::create_dir_all(&built).unwrap();
        for name in ["a", "b"] {
            std::fs::write(built.join(format!("{name}.wasm")), "").unwrap();
        }
        let failure = of(folder.path()).unwrap_err();
        assert!(failure.what.contains("c.wasm"), "{failure}");
        std::fs::write(built.join("c.wasm"), "").unwrap();
        let field = of(folder.path()).unwrap();
        assert_eq!(field, [built.join("c.wasm"), built.join("a.wasm")]);
    }

    #[test]
    fn the_examples_have_a_field_of_ten_and_three() {
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/methods");
        let text = std::fs::read_to_string(examples.join("Cargo.toml")).unwrap();
        let manifest: Manifest = toml::from_str(&text).unwrap();
        let members = manifest.workspace.default_members;
        let misbehaves = |member: &&String| {
            let readme = examples.join(member).join("README.md");
            std::fs::read_to_string(readme)
                .unwrap()
                .contains("Misbehaves")
        };
        assert_eq!(members.iter().filter(misbehaves).count(), 3);
        assert_eq!(members.len(), 13);
    }
}
