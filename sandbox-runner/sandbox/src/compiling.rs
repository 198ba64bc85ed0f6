//! What compilations share: who compiles what, and the worker's fingerprint.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// Modules being compiled right now, by file in the cache.
#[derive(Debug, Default)]
pub(crate) struct InProgress(Mutex<HashMap<PathBuf, Arc<tokio::sync::Mutex<()>>>>);

impl InProgress {
    /// The turn of whoever compiles into this file.
    pub(crate) fn of(&self, path: &Path) -> Arc<tokio::sync::Mutex<()>> {
        let mut map = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Forget those nobody waits for any more.
        map.retain(|_, lock| Arc::strong_count(lock) > 1);
        Arc::clone(map.entry(path.to_owned()).or_default())
    }
}

/// A worker's fingerprint, and the binary it belongs to.
#[derive(Clone, Debug)]
pub(crate) struct Fingerprint {
    /// Its length and when it was changed.
    pub(crate) binary: (u64, SystemTime),
    pub(crate) text: String,
}
