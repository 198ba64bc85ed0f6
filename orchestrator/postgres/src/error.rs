//! What can go wrong with a private server. None of it is an entrant's fault.

use std::path::{Path, PathBuf};

/// Why a private server could not be started or stopped.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No server binaries on this machine.
    #[error(
        "no PostgreSQL server found (looked in {looked}); install the distribution's `postgresql` package, or set GAUNTLET_POSTGRES_BIN to the directory of `postgres` and `initdb`"
    )]
    NoBinaries {
        /// The places looked at.
        looked: String,
    },
    /// Root cannot run PostgreSQL, and there is nobody else.
    #[error(
        "running as root, but there is neither a user `postgres` nor `nobody` to run PostgreSQL as"
    )]
    NoUser,
    /// A live process uses this data directory.
    #[error("{0} is in use by another running process; stop it, or choose another data directory")]
    InUse(PathBuf),
    /// The server's user cannot get to the data directory.
    #[error(
        "user `{user}`, who runs PostgreSQL, may not enter {path}; choose a data directory elsewhere, or `chmod o+x {path}`"
    )]
    NotSearchable {
        /// The directory without the permission.
        path: PathBuf,
        /// The server's user.
        user: String,
    },
    /// A file or process operation failed.
    #[error("failed to {what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// `initdb` or the first single-user session failed.
    #[error("failed to make a database cluster: {0}")]
    Initialise(String),
    /// The server ended or never became ready.
    #[error("PostgreSQL did not start: {0}")]
    Start(String),
    /// The server of a previous process would not go away.
    #[error("PostgreSQL (process {0}) of a previous run does not stop")]
    Stale(i32),
}

/// Shortens `map_err` for file operations.
pub(crate) trait Doing<T> {
    /// Says what was being done to `path` when it failed.
    fn doing(self, what: &str, path: &Path) -> Result<T, Error>;
}

impl<T> Doing<T> for std::io::Result<T> {
    fn doing(self, what: &str, path: &Path) -> Result<T, Error> {
        self.map_err(|source| Error::Io {
            what: format!("{what} {}", path.display()),
            source,
        })
    }
}
