//! Why a request brought no answer.

use gauntlet_api::Problem;
use reqwest::StatusCode;
use thiserror::Error;

/// Why a request brought no answer.
#[derive(Debug, Error)]
pub enum ClientError {
    /// What was given as the orchestrator's address is none.
    #[error("{url} is not an address of an orchestrator: {why}")]
    Address {
        /// What was given.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// The token could not be sent in a header.
    #[error("the token has characters no token has")]
    Token,
    /// A token would go over a network that others may listen to.
    #[error("the token would be sent to {url} for everybody on the way to read")]
    Insecure {
        /// The address.
        url: String,
    },
    /// What TLS needs is not there.
    #[error(transparent)]
    Tls(#[from] gauntlet_transport::TransportError),
    /// A file to be sent could not be read.
    #[error("failed to read the archive: {0}")]
    File(#[source] std::io::Error),
    /// Nobody answers at the address, or it did not take the request.
    #[error("no orchestrator answers at {url}: {cause}")]
    Unreachable {
        /// The address, without a slash at its end.
        url: String,
        /// The innermost cause.
        cause: String,
    },
    /// An answer began and did not come to its end.
    #[error("the orchestrator's answer broke off: {cause}")]
    BrokenOff {
        /// The innermost cause.
        cause: String,
    },
    /// The server said no, and why.
    #[error("{}: {}", .problem.title, .problem.detail)]
    Refused {
        /// Status of the answer.
        status: StatusCode,
        /// What the server says about it.
        problem: Box<Problem>,
    },
    /// The server said no in a form that is not ours: a proxy's page, for one.
    #[error("the server answered {0}")]
    Foreign(StatusCode),
    /// The answer is not what this release of the client expects.
    #[error("failed to read the orchestrator's answer: {0}")]
    Unreadable(#[source] serde_json::Error),
    /// No HTTP client could be made on this machine.
    #[error("failed to make an HTTP client: {0}")]
    Setup(#[source] reqwest::Error),
}

impl ClientError {
    /// Status of the server's answer, if it answered with a refusal.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Refused { status, .. } | Self::Foreign(status) => Some(*status),
            _ => None,
        }
    }

    /// Whether the server said that there is no such thing.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.status() == Some(StatusCode::NOT_FOUND)
    }

    /// Whether nobody answered, or not to the end: the same request may do better later.
    #[must_use]
    pub fn is_unreachable(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::BrokenOff { .. })
    }
}
