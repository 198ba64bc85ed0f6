//! Why there is no TLS.

use std::path::PathBuf;

use thiserror::Error;

/// Why there is no TLS: a file that does not do.
#[derive(Debug, Error)]
pub enum TransportError {
    /// A file cannot be read, written or understood.
    #[error("failed to {doing} {}: {why}", .path.display())]
    File {
        /// The verb.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The file holds no certificate.
    #[error("{} holds no certificate in PEM form", .path.display())]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// Others can read the key.
    #[error("{} can be read by every user of this machine (mode {mode:o})", .path.display())]
    OpenKey {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// Certificate and key do not belong together, or are of a kind that is not spoken.
    #[error("{} and {} cannot be used together: {why}", .certificate.display(), .key.display())]
    Pair {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// Why.
        why: String,
    },
    /// The system's own certificates cannot be used.
    #[error("failed to use the certificates that this system trusts: {0}")]
    System(#[source] rustls::Error),
    /// The library refuses the settings, or no certificate could be made.
    #[error("failed to set up TLS: {0}")]
    Setup(String),
}

impl TransportError {
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::File { .. } => "name a file in PEM form that this user can read",
            Self::NoCertificate { .. } => {
                "it begins with -----BEGIN CERTIFICATE-----; the server's own comes first, then those \
                 that signed it"
            }
            Self::OpenKey { .. } => {
                "chmod 600 it, and have a new key made if others may have read it"
            }
            Self::Pair { .. } => "name the key that the certificate was made for",
            Self::System(_) => {
                "install the distribution's ca-certificates, or name the orchestrator's with --ca-file \
                 or --server-fingerprint"
            }
            Self::Setup(_) => "see the message; it names what is not supported",
        }
    }
}
