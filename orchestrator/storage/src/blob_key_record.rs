//! Under which keys the blobs of a folder are sealed: a file of the key's name for each, in
//! `keys` beside them. A name tells a wrong key from a right one before anything is written
//! with it, and is of no use to open anything.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::seal::{BlobKeys, KeyId};
use crate::{Error, Result};

fn place(blobs: &Path) -> PathBuf {
    blobs.join("keys")
}

/// Keys under which there may be blobs in this folder; none if none was ever sealed there.
///
/// # Errors
/// If the folder cannot be read.
pub fn recorded_keys(blobs: &Path) -> Result<Vec<KeyId>> {
    let entries = match fs::read_dir(place(blobs)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::blob_file(error)),
    };
    let mut ids = Vec::new();
    for entry in entries {
        let name = entry.map_err(Error::blob_file)?.file_name();
        ids.extend(name.to_str().and_then(|name| name.parse::<KeyId>().ok()));
    }
    ids.sort_unstable();
    Ok(ids)
}

/// Notes that blobs are sealed with the first of these keys from now on.
///
/// # Errors
/// [`Error::BlobKey`] if there may be blobs under others; then nothing is noted.
pub(crate) fn record(blobs: &Path, keys: &BlobKeys) -> Result<()> {
    check(blobs, keys)?;
    let first = keys.first().id();
    if recorded_keys(blobs)?.contains(&first) {
        return Ok(());
    }
    let note = || {
        fs::create_dir_all(place(blobs))?;
        fs::File::create(place(blobs).join(first.to_string()))?.sync_all()?;
        fs::File::open(place(blobs))?.sync_all()
    };
    note().map_err(Error::blob_file)?;
    // Another orchestrator may have begun here at the same moment, with a key of its own.
    check(blobs, keys).inspect_err(|_| {
        if let Err(error) = forget(blobs, first) {
            tracing::warn!(%error, "failed to take back the name of a key");
        }
    })
}

/// No blob is sealed with this key any more.
pub(crate) fn forget(blobs: &Path, id: KeyId) -> Result<()> {
    match fs::remove_file(place(blobs).join(id.to_string())) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::blob_file(error)),
        _ => Ok(()),
    }
}

fn check(blobs: &Path, keys: &BlobKeys) -> Result<()> {
    let mut missing = recorded_keys(blobs)?;
    missing.retain(|id| keys.get(*id).is_none());
    if missing.is_empty() {
        Ok(())
    } else {
        Err(Error::BlobKey { missing })
    }
}
