//! Keys of the blobs that are missing, wrong or no secret.

use std::path::PathBuf;

use gauntlet_storage::{BlobKeysError, KeyId};

/// Why blobs cannot be sealed and opened.
#[derive(Debug, thiserror::Error)]
pub enum BlobKeyError {
    /// The file cannot be read.
    #[error("cannot read the key of the blobs in {}: {source}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// Every user of the machine may read the file.
    #[error("every user of this machine may read {} (mode {mode:o}), and with it the blobs", .path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The file holds no keys.
    #[error("{}: {source}", .path.display())]
    NoKeys {
        /// The file.
        path: PathBuf,
        /// What is wrong in it.
        source: BlobKeysError,
    },
    /// Blobs are sealed, and there is no key at all.
    #[error("the blobs in {} are sealed with the key {}, and {} is not there", .blobs.display(), names(.sealed_with), .path.display())]
    Missing {
        /// Where the key would be.
        path: PathBuf,
        /// The folder of blobs.
        blobs: PathBuf,
        /// What the keys are called.
        sealed_with: Vec<KeyId>,
    },
    /// Blobs are sealed with keys that are not among those given.
    #[error("the blobs in {} are sealed with the key {}, and given is {}", .blobs.display(), names(.missing), names(.given))]
    Wrong {
        /// The folder of blobs.
        blobs: PathBuf,
        /// What the missing keys are called.
        missing: Vec<KeyId>,
        /// What those are called that were given.
        given: Vec<KeyId>,
    },
    /// No orchestrator has sealed with the key so far, so one that runs may not have it.
    #[error("no orchestrator has yet sealed blobs in {} with the key {id}", .blobs.display())]
    NotInUse {
        /// The folder of blobs.
        blobs: PathBuf,
        /// What the key is called.
        id: KeyId,
    },
}

fn names(ids: &[KeyId]) -> String {
    let ids: Vec<String> = ids.iter().map(KeyId::to_string).collect();
    ids.join(", ")
}
