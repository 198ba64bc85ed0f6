//! Puts the SDK's sources into the program, so that `gauntlet method new` can write
//! them beside a new crate on a machine that has nothing but the program.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// What a crate needs to be compiled; tests and examples of the SDK stay behind.
const LEFT_OUT: [&str; 4] = ["tests", "examples", "benches", "target"];

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("../..");
    let sdk = root.join("method-sdk");
    println!("cargo:rerun-if-changed={}", sdk.display());
    println!("cargo:rerun-if-changed=build.rs");
    let mut files = Vec::new();
    collect(&sdk, &mut files)?;
    files.sort();
    let mut table = String::from("[\n");
    for file in files {
        let name = file.strip_prefix(&root).expect("it was found below");
        let name = name.to_str().expect("our file names are plain");
        let place = file.canonicalize()?;
        writeln!(table, "    ({name:?}, include_str!({place:?})),").expect("strings take it");
    }
    table.push(']');
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("sdk_files.rs"), table)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            if !LEFT_OUT.contains(&name.as_ref()) {
                collect(&path, files)?;
            }
        } else if name == "Cargo.toml" || name.ends_with(".rs") || name.ends_with(".md") {
            files.push(path.clone());
        }
    }
    Ok(())
}
