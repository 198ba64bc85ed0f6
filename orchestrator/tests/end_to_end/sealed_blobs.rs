//! Who copies the disk has no hidden labels, and nothing else that was handed in.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::support::{Data, Up, method, need_programs, text};

/// Every file of a blob; the names of keys are none.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else {
            all.push(path);
        }
    }
    all
}

fn name_of(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

#[test]
fn what_is_handed_in_lies_sealed_and_is_of_no_use_without_the_key() {
    need_programs();
    let data = Data::new();
    let blobs = data.path().join("blobs");
    // As a release from before stored it.
    let old = b"stored before blobs were sealed";
    let folder = blobs.join("sha256").join(&name_of(old)[..2]);
    fs::create_dir_all(&folder).unwrap();
    for folder in [&blobs, &blobs.join("sha256"), &folder] {
        fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    }
    let plain = folder.join(name_of(old));
    fs::write(&plain, old).unwrap();

    // Registers tasks with their hidden parts.
    let up = Up::start(&data, &["--no-runner"]);
    data.json(["tournament", "create", "cup", "--task", "digits"]);
    data.json(["tournament", "open", "cup"]);
    let module = method("sgd");
    data.json(["submit", module.to_str().unwrap(), "--tournament", "cup"]);
    assert!(plain.exists(), "it is read as it is");
    let resealed = data.json(["blobs", "reseal"]);
    assert_eq!(resealed["resealed"], 1, "{resealed}");
    assert!(!plain.exists());
    assert!(up.stop().success());

    let module = fs::read(module).unwrap();
    let middle = &module[module.len() / 2..][..32];
    let stored = files(&blobs.join("sha256"));
    // The module, the old blob, and the parts of two tasks.
    assert!(stored.len() >= 6, "{stored:?}");
    assert_eq!(resealed["already"], stored.len(), "{resealed}");
    for file in &stored {
        let bytes = fs::read(file).unwrap();
        let name = file.file_stem().unwrap().to_str().unwrap();
        assert_ne!(name_of(&bytes), name, "{} is not sealed", file.display());
        for known in [middle, &old[..]] {
            let found = bytes.windows(known.len()).any(|window| window == known);
            assert!(!found, "{}", file.display());
        }
    }

    // A copy of the blobs without the key.
    fs::remove_file(data.path().join("blob-key")).unwrap();
    let refused = data.run(["up", "--no-runner", "--listen", "127.0.0.1:0"]);
    assert_eq!(refused.status.code(), Some(2), "{}", text(&refused));
    let said = text(&refused);
    assert!(said.contains("are sealed with the key"), "{said}");
    assert!(said.contains("--blob-key-file"), "{said}");
    assert!(!data.path().join("blob-key").exists());
}
