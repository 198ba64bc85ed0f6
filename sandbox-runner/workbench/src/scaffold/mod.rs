//! Writes the crate of a new method: one that compiles at once and beats the baseline.
//!
//! The source is that of the example `starter`, which is built and tested with the
//! other examples; the manifest and the rest come from `template/`.

mod error;
mod lock;
mod name;
mod sdk;
mod target;
mod vendor;

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

pub use error::ScaffoldError;
pub use name::NameError;
pub use sdk::Sdk;

const SOURCE: &str = include_str!("../../../../examples/methods/starter/src/lib.rs");
const TESTS: &str = include_str!("template/tests.rs.in");
const PROGRAM: &str = include_str!("template/main.rs.in");
const MANIFEST: &str = include_str!("template/Cargo.toml.in");
const README: &str = include_str!("template/README.md.in");
const IGNORED: &str = include_str!("template/gitignore.in");

/// What is to be written.
#[derive(Clone, Debug)]
pub struct CrateSpec {
    /// Name of the method and of its crate.
    pub name: String,
    /// Folder in which the crate's folder is made.
    pub parent: PathBuf,
    /// Where the crate finds the SDK.
    pub sdk: Sdk,
}

/// Writes the crate and returns its folder. All or nothing, and never over something.
///
/// # Errors
/// If the name cannot be one, or there is something with that name.
pub fn write(spec: &CrateSpec) -> Result<PathBuf, ScaffoldError> {
    name::check(&spec.name)?;
    let folder = spec.parent.join(&spec.name);
    if fs::symlink_metadata(&folder).is_ok() {
        return Err(taken(&folder));
    }
    let unusable = |source| ScaffoldError::Parent {
        parent: spec.parent.clone(),
        source,
    };
    // Beside its place, and moved there when it is whole.
    let new = tempfile::Builder::new()
        .prefix(".gauntlet-new-")
        .tempdir_in(&spec.parent)
        .map_err(unusable)?;
    let inside = new.path().join("crate");
    for (path, text) in files(spec)? {
        let path = inside.join(path);
        let write = || -> std::io::Result<()> {
            fs::create_dir_all(path.parent().unwrap_or(&inside))?;
            fs::write(&path, text)
        };
        write().map_err(|source| ScaffoldError::File {
            path: path.clone(),
            source,
        })?;
    }
    match rename_new(&inside, &folder) {
        Ok(()) => Ok(folder),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(taken(&folder)),
        Err(error) => Err(unusable(error)),
    }
}

/// Renames a folder to a name that nothing has: `rename` alone would replace an empty folder.
fn rename_new(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir(to)?;
    fs::rename(from, to)
}

fn taken(folder: &Path) -> ScaffoldError {
    ScaffoldError::Taken {
        folder: folder.to_path_buf(),
    }
}

/// Every file of the crate, by its path within.
fn files(spec: &CrateSpec) -> Result<Vec<(PathBuf, String)>, ScaffoldError> {
    let fill = |template: &str| {
        template
            .replace("{{name}}", &spec.name)
            .replace("{{crate}}", &spec.name.replace('-', "_"))
            .replace("{{sdk}}", &spec.sdk.path_in_manifest())
            .replace("{{exclude}}", spec.sdk.exclude())
            .replace("{{where}}", &spec.sdk.explanation())
    };
    let source = SOURCE.replace(
        "the method that `gauntlet method new` writes. Change whatever you like.",
        "change whatever you like.",
    );
    let mut files = vec![
        ("Cargo.toml".into(), fill(MANIFEST)),
        ("Cargo.lock".into(), lock::file()),
        ("README.md".into(), fill(README)),
        (".gitignore".into(), IGNORED.to_owned()),
        ("src/lib.rs".into(), format!("{source}\n{TESTS}")),
        ("src/main.rs".into(), fill(PROGRAM)),
    ];
    let shared = target::shared();
    if let Some(settings) = shared.as_deref().and_then(target::settings) {
        files.push((".cargo/config.toml".into(), settings));
    }
    if matches!(spec.sdk, Sdk::Vendored) {
        files.extend(vendor::files()?);
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(parent: &Path, name: &str, sdk: Sdk) -> CrateSpec {
        CrateSpec {
            name: name.into(),
            parent: parent.to_path_buf(),
            sdk,
        }
    }

    #[test]
    fn a_new_crate_is_whole_and_names_what_it_is() {
        let place = tempfile::tempdir().unwrap();
        let folder = write(&spec(place.path(), "my-method", Sdk::Vendored)).unwrap();
        let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
        let manifest: toml::Table = toml::from_str(&read("Cargo.toml")).unwrap();
        assert_eq!(manifest["package"]["name"].as_str(), Some("my-method"));
        let kinds = manifest["lib"]["crate-type"].as_array().unwrap();
        assert!(kinds.iter().any(|kind| kind.as_str() == Some("cdylib")));
        assert!(read("src/main.rs").contains("my_method::{Params, Starter}"));
        for file in ["Cargo.toml", "README.md", "src/lib.rs", "src/main.rs"] {
            assert!(!read(file).contains("{{"), "{file} was not filled in");
        }
        let paths = [
            manifest["dependencies"]["gauntlet-method"]["path"].as_str(),
            manifest["patch"]["crates-io"]["burn-remote"]["path"].as_str(),
        ];
        for path in paths {
            assert!(folder.join(path.unwrap()).join("Cargo.toml").is_file());
        }
        // Nothing is left of how it was made.
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1);
    }

    #[test]
    fn nothing_is_overwritten_not_even_an_empty_folder() {
        let place = tempfile::tempdir().unwrap();
        fs::create_dir(place.path().join("mine")).unwrap();
        let error = write(&spec(place.path(), "mine", Sdk::Vendored)).unwrap_err();
        assert!(matches!(error, ScaffoldError::Taken { .. }), "{error}");
        assert_eq!(fs::read_dir(place.path().join("mine")).unwrap().count(), 0);
        let absent = place.path().join("absent");
        let error = write(&spec(&absent, "mine", Sdk::Vendored)).unwrap_err();
        assert!(matches!(error, ScaffoldError::Parent { .. }), "{error}");
        assert!(!absent.exists());
    }
}
