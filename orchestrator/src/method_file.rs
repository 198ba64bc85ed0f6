//! Methods as files: read and checked before anything is sent.

use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// A method's file: its bytes and the name it gets if none is given.
#[derive(Debug)]
pub(crate) struct MethodFile {
    /// The bytes, unchecked.
    pub(crate) bytes: Vec<u8>,
    /// The file's name without `.wasm`, with underscores as dashes.
    pub(crate) name: String,
}

/// Reads a method; says what is wrong with a file that cannot be one, so that
/// nothing is sent in vain. The server checks everything again.
pub(crate) fn read_method(path: &Path) -> Result<MethodFile, Failure> {
    let refused = |what: String| Failure::input(what).field("FILE");
    let meta = std::fs::metadata(path).map_err(|error| {
        refused(format!("cannot read {}: {error}", path.display()))
            .help("name the .wasm file that `gauntlet method build` wrote")
    })?;
    if !meta.is_file() {
        return Err(refused(format!("{} is not a file", path.display()))
            .help("name the .wasm file that `gauntlet method build` wrote"));
    }
    // The tournament may allow a module more data than is usual, which the server knows.
    let limits = gauntlet_gate::GateLimits::platform();
    if meta.len() > limits.module_bytes {
        // Before reading: the file may be of any size.
        let mut failure = refused(format!("{} is too large for a method", path.display()))
            .help("build it with `gauntlet method build`, which leaves out what is not used");
        failure.limit = Some(format!("{} bytes, found {}", limits.module_bytes, meta.len()).into());
        return Err(failure);
    }
    let bytes = std::fs::read(path)
        .map_err(|error| refused(format!("cannot read {}: {error}", path.display())))?;
    gauntlet_gate::check(&bytes, &limits).map_err(|rejection| {
        let mut failure = refused(format!(
            "{} cannot be submitted: {}",
            path.display(),
            rejection.detail
        ))
        .help(rejection.help);
        failure.limit = match (rejection.limit, rejection.found) {
            (Some(limit), Some(found)) => Some(format!("{limit}, found {found}").into()),
            (limit, _) => limit.map(|limit| limit.to_string().into()),
        };
        failure
    })?;
    let stem = path
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned())
        .unwrap_or_default();
    Ok(MethodFile {
        bytes,
        name: stem.replace('_', "-").to_lowercase(),
    })
}

/// Checks an image's archive, so that nothing is sent in vain. The server checks again.
pub(crate) fn check_archive(
    mut file: &std::fs::File,
    shown: &Path,
    field: &'static str,
) -> Result<gauntlet_image::ImageFacts, Failure> {
    use std::io::Seek as _;

    let rewound = file.rewind();
    rewound.map_err(|error| Failure::file("read", shown, error))?;
    let limits = gauntlet_image::ImageLimits::default();
    let checked = gauntlet_image::check(std::io::BufReader::with_capacity(1 << 20, file), &limits);
    checked.map_err(|error| match error {
        gauntlet_image::IntakeError::Refused(refusal) => {
            let mut failure = Failure::input(format!(
                "{} cannot be submitted: {}",
                shown.display(),
                refusal.detail
            ))
            .field(field)
            .help(refusal.help);
            failure.limit = refusal.limit.map(|limit| limit.to_string().into());
            failure
        }
        error @ gauntlet_image::IntakeError::Io(..) => {
            Failure::input(error.to_string()).field(field)
        }
    })
}

/// The `.wasm` files of a folder, by name.
pub(crate) fn wasm_files(dir: &Path) -> Result<Vec<PathBuf>, Failure> {
    let refused = |what: String| {
        Failure::input(what)
            .field("--methods")
            .help("build the examples with `gauntlet method build examples/methods`, or name a folder of .wasm files")
    };
    let entries = std::fs::read_dir(dir)
        .map_err(|error| refused(format!("cannot read {}: {error}", dir.display())))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry
            .map_err(|error| refused(format!("cannot read {}: {error}", dir.display())))?
            .path();
        if path
            .extension()
            .is_some_and(|extension| extension == "wasm")
        {
            files.push(path);
        }
    }
    if files.is_empty() {
        return Err(refused(format!(
            "there is no .wasm file in {}",
            dir.display()
        )));
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_not_wasm_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("method.wasm");
        std::fs::write(&path, "#!/bin/sh\n").unwrap();
        let failure = read_method(&path).unwrap_err();
        assert!(failure.what.contains("method.wasm"), "{failure}");
        assert!(failure.help.is_some(), "{failure}");
        assert_eq!(failure.exit_code(), 2);
    }

    #[test]
    fn a_file_over_the_limit_is_refused_without_reading_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("large.wasm");
        let file = std::fs::File::create(&path).unwrap();
        file.set_len(1 << 40).unwrap();
        let failure = read_method(&path).unwrap_err();
        assert_eq!(
            failure.limit.as_deref(),
            Some("16777216 bytes, found 1099511627776")
        );
    }

    #[test]
    fn a_folder_without_methods_says_how_to_build_them() {
        let folder = tempfile::tempdir().unwrap();
        let failure = wasm_files(folder.path()).unwrap_err();
        assert!(failure.help.unwrap().contains("gauntlet method build"));
        assert!(wasm_files(&folder.path().join("absent")).is_err());
    }
}
