//! Labels: whose a container is.

use std::collections::HashMap;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use sha2::{Digest, Sha256};

/// The runner whose folder it runs in.
pub(crate) const RUNNER: &str = "dev.gauntlet.runner";
/// The run.
pub(crate) const RUN: &str = "dev.gauntlet.run";
/// `train` or `predict`.
pub(crate) const PHASE: &str = "dev.gauntlet.phase";
/// On images: SHA-256 of the archive that was handed in.
pub(crate) const ARCHIVE: &str = "dev.gauntlet.archive";
/// On images: the release of the intake that rewrote it. Another release might have refused it.
pub(crate) const INTAKE: &str = "dev.gauntlet.intake";

/// The labels of one runner.
#[derive(Clone, Debug)]
pub(crate) struct Labels {
    runner: String,
}

impl Labels {
    /// Two runners do not share a folder, so the folder tells them apart, also after a restart.
    pub(crate) fn of(folder: &Path) -> Self {
        let digest = Sha256::digest(folder.as_os_str().as_bytes());
        Self {
            runner: hex::encode(&digest[..16]),
        }
    }

    pub(crate) fn container(&self, run: &str, phase: &str) -> HashMap<String, String> {
        [(RUNNER, self.runner.as_str()), (RUN, run), (PHASE, phase)]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into()
    }

    /// A filter for everything of this runner.
    pub(crate) fn ours(&self) -> HashMap<String, Vec<String>> {
        let ours = format!("{RUNNER}={}", self.runner);
        [("label".to_owned(), vec![ours])].into()
    }
}
