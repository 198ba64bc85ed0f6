//! Why the crate of a new method could not be written.

use std::path::PathBuf;

use thiserror::Error;

use super::name::NameError;

/// Why the crate of a new method could not be written.
#[derive(Debug, Error)]
pub enum ScaffoldError {
    /// A method cannot be called that.
    #[error(transparent)]
    Name(#[from] NameError),
    /// There is something with that name; nothing is ever overwritten.
    #[error("{} exists already", .folder.display())]
    Taken {
        /// Where the crate was to be.
        folder: PathBuf,
    },
    /// The folder in which the crate is to be made cannot be used.
    #[error("cannot write into {}: {source}", .parent.display())]
    Parent {
        /// The folder.
        parent: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The folder that was named as the SDK's is another.
    #[error("there is no Gauntlet SDK in {}", .folder.display())]
    NoSdk {
        /// The folder.
        folder: PathBuf,
    },
    /// A file of the crate cannot be written.
    #[error("failed to write {}: {source}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A manifest that this program carries is none.
    #[error("failed to read a manifest that this program carries: {0}")]
    Carried(#[source] toml::de::Error),
    /// The workspace's manifest, which this program carries, lacks a part.
    #[error("failed to read the workspace's manifest: {0}")]
    CarriedPart(&'static str),
}
