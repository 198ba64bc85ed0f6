//! The pruned module on disk, rewritten only when the compiled one has changed.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::cargo::Artifact;
use super::error::BuildError;
use super::{Built, prune};

/// Raised when [`prune`] makes something else of the same input.
const PRUNING: u32 = 1;

/// Prunes `artifact` into `folder`, unless what is there was made of the same bytes.
pub(crate) fn finish(artifact: &Artifact, folder: &Path) -> Result<Built, BuildError> {
    let path = folder.join(format!("{}.wasm", artifact.name));
    let stamp_path = folder.join(format!("{}.stamp", artifact.name));
    let raw = fs::read(&artifact.path).map_err(file("read", &artifact.path))?;
    let source = hex::encode(Sha256::digest(&raw));
    if let Some(module) = read(&path)?
        && read(&stamp_path)? == Some(stamp(&source, &module).into_bytes())
    {
        return Ok(built(artifact, &path, &module, true, Vec::new()));
    }
    let pruned = prune::prune(&raw).map_err(|source| BuildError::Prune {
        name: artifact.name.clone(),
        source,
    })?;
    fs::create_dir_all(folder).map_err(file("create", folder))?;
    replace(&path, &pruned.wasm)?;
    replace(&stamp_path, stamp(&source, &pruned.wasm).as_bytes())?;
    let trapped = pruned
        .trapped
        .into_iter()
        .filter(|name| !name.starts_with("__wbindgen"));
    Ok(built(
        artifact,
        &path,
        &pruned.wasm,
        false,
        trapped.collect(),
    ))
}

fn built(
    artifact: &Artifact,
    path: &Path,
    module: &[u8],
    fresh: bool,
    trapped: Vec<String>,
) -> Built {
    let bytes = u64::try_from(module.len()).unwrap_or(u64::MAX);
    Built {
        name: artifact.name.clone(),
        path: path.to_path_buf(),
        bytes,
        digest: hex::encode(Sha256::digest(module)),
        fresh,
        trapped,
    }
}

/// Names both ends, so that a module changed by hand is made again too.
fn stamp(source: &str, module: &[u8]) -> String {
    format!(
        "pruning {PRUNING}\nfrom {source}\nto {}\n",
        hex::encode(Sha256::digest(module))
    )
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, BuildError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(file("read", path)(error)),
    }
}

/// Another build, or a submission, may be reading the file: it sees the old or the new one.
fn replace(path: &Path, bytes: &[u8]) -> Result<(), BuildError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut new = tempfile::NamedTempFile::new_in(folder).map_err(file("create", path))?;
    new.write_all(bytes).map_err(file("write", path))?;
    open_to_all(new.as_file()).map_err(file("write", path))?;
    new.persist(path)
        .map_err(|error| file("replace", path)(error.error))?;
    Ok(())
}

/// A temporary file is private; a module is not.
fn open_to_all(file: &fs::File) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        file.set_permissions(fs::Permissions::from_mode(0o644))?;
    }
    Ok(())
}

fn file(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> BuildError {
    let path = path.to_path_buf();
    move |source| BuildError::File {
        doing,
        path,
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn artifact(dir: &Path, import: &str) -> Artifact {
        let path = dir.join("linked.wasm");
        let text = format!(
            r#"(module (import "{import}" "f" (func $f)) (memory (export "memory") 1)
                (func (export "gauntlet_train") call $f) (func (export "gauntlet_predict")))"#
        );
        fs::write(&path, wat::parse_str(text).unwrap()).unwrap();
        Artifact {
            name: "small-sgd".into(),
            path,
        }
    }

    #[test]
    fn writes_once_and_then_only_when_something_changed() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("gauntlet");
        let method = artifact(dir.path(), "gauntlet_v2");

        let first = finish(&method, &folder).unwrap();
        assert!(!first.fresh);
        assert_eq!(first.path, folder.join("small-sgd.wasm"));
        assert_eq!(first.bytes, fs::metadata(&first.path).unwrap().len());
        assert!(finish(&method, &folder).unwrap().fresh);

        fs::write(&first.path, b"tampered").unwrap();
        assert!(!finish(&method, &folder).unwrap().fresh);
        assert_eq!(finish(&method, &folder).unwrap().bytes, first.bytes);

        let changed = artifact(dir.path(), "env");
        let built = finish(&changed, &folder).unwrap();
        assert!(!built.fresh);
        assert_eq!(built.trapped, ["env.f"]);
    }

    #[test]
    fn placeholders_of_wasm_bindgen_are_no_news() {
        let dir = tempfile::tempdir().unwrap();
        let method = artifact(dir.path(), "__wbindgen_placeholder__");
        let built = finish(&method, &dir.path().join("gauntlet")).unwrap();
        assert!(built.trapped.is_empty(), "{:?}", built.trapped);
    }

    #[test]
    fn what_is_no_method_leaves_no_module_behind() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("linked.wasm");
        fs::write(&path, wat::parse_str("(module)").unwrap()).unwrap();
        let folder = dir.path().join("gauntlet");
        let error = finish(
            &Artifact {
                name: "empty".into(),
                path,
            },
            &folder,
        )
        .unwrap_err();
        assert!(error.is_input());
        assert!(
            error.to_string().contains("gauntlet_method::export!"),
            "{error}"
        );
        assert!(!folder.join("empty.wasm").exists());
    }
}
