//! What can go wrong below the commands. Never the entrant's fault.

use gauntlet_domain::Digest;

use crate::{KeyId, read_only};

/// Result of a storage function.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why storage did not do it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A row with that key exists: the constraint says which.
    #[error("the constraint `{constraint}` is violated")]
    Conflict {
        /// Name of the constraint.
        constraint: String,
    },
    /// What is stored contradicts itself.
    #[error("stored data is damaged: {0}")]
    Corrupt(String),
    /// The bytes do not have the digest they were sent under.
    #[error("the bytes have digest {found}, not {expected}")]
    DigestMismatch {
        /// As announced.
        expected: Digest,
        /// As computed.
        found: Digest,
    },
    /// The database cannot be reached or has no connection to spare; try again.
    #[error("the database is unavailable: {0}")]
    Unavailable(#[source] sqlx::Error),
    /// The database refused.
    #[error("the database failed: {0}")]
    Database(#[source] sqlx::Error),
    /// The schema could not be brought up to date.
    #[error("failed to migrate the database: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The blob store failed.
    #[error("the blob store failed: {0}")]
    Blobs(#[from] object_store::Error),
    /// Blobs are sealed with keys that were not given.
    #[error("the blobs are sealed with the key {}, which was not given", names(.missing))]
    BlobKey {
        /// What the keys are called.
        missing: Vec<KeyId>,
    },
    /// A blob could not be sealed.
    #[error("failed to seal a blob: failed to {0}")]
    Seal(&'static str),
}

fn names(ids: &[KeyId]) -> String {
    let ids: Vec<String> = ids.iter().map(KeyId::to_string).collect();
    ids.join(", ")
}

impl Error {
    /// Whether the same call may succeed in a moment.
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }

    /// A file of the blob store could not be read or written.
    pub(crate) fn blob_file(source: std::io::Error) -> Self {
        Self::Blobs(object_store::Error::Generic {
            store: "local folder",
            source: Box::new(source),
        })
    }

    /// The violated constraint, if that is what happened.
    pub fn constraint(&self) -> Option<&str> {
        match self {
            Self::Conflict { constraint } => Some(constraint),
            _ => None,
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(database) => {
                if let (true, Some(constraint)) =
                    (database.is_unique_violation(), database.constraint())
                {
                    return Self::Conflict {
                        constraint: constraint.to_owned(),
                    };
                }
                let code = database.code();
                let refused_write = code.as_deref() == Some(read_only::REFUSED_WRITE);
                if refused_write {
                    read_only::suspect();
                }
                // Serialisation failure, deadlock, server shutting down or starting up.
                let transient = ["40001", "40P01", "57P01", "57P02", "57P03"];
                if refused_write || code.is_some_and(|code| transient.contains(&code.as_ref())) {
                    return Self::Unavailable(error);
                }
                Self::Database(error)
            }
            sqlx::Error::Io(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::WorkerCrashed => Self::Unavailable(error),
            _ => Self::Database(error),
        }
    }
}
