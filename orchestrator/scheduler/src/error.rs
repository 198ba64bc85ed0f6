//! Refusals callers can act on, apart from failures of our own.

use std::borrow::Cow;

use gauntlet_storage as storage;

/// Why a command was not carried out. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The request is wrong in itself.
    #[error("{0}")]
    Invalid(Box<Reason>),
    /// It names something that does not exist.
    #[error("{0}")]
    NotFound(Box<Reason>),
    /// It does not fit the present state.
    #[error("{0}")]
    Conflict(Box<Reason>),
    /// The caller has had its share, for now or for good.
    #[error("{reason}")]
    TooMuch {
        /// What it is told.
        reason: Box<Reason>,
        /// In how many seconds it may try again, if it may.
        retry_seconds: Option<u64>,
    },
    /// The caller's part is not failing: storage is. May be tried again.
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

/// What the caller is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// A stable name, such as `name-taken`.
    pub code: &'static str,
    /// What is wrong, in a sentence.
    pub detail: String,
    /// The field, where there is one.
    pub field: Option<Cow<'static, str>>,
    /// The limit that was passed, with its unit.
    pub limit: Option<String>,
    /// What was found instead.
    pub found: Option<String>,
    /// What to do.
    pub help: String,
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}; {}", self.detail, self.help)
    }
}

impl Reason {
    pub(crate) fn new(
        code: &'static str,
        detail: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self {
            code,
            detail: detail.into(),
            field: None,
            limit: None,
            found: None,
            help: help.into(),
        }
    }

    pub(crate) fn field(mut self, field: impl Into<Cow<'static, str>>) -> Self {
        self.field = Some(field.into());
        self
    }

    pub(crate) fn limit(mut self, limit: impl Into<String>) -> Self {
        self.limit = Some(limit.into());
        self
    }

    pub(crate) fn found(mut self, found: impl Into<String>) -> Self {
        self.found = Some(found.into());
        self
    }

    pub(crate) fn invalid(self) -> Refusal {
        Refusal::Invalid(Box::new(self))
    }

    pub(crate) fn not_found(self) -> Refusal {
        Refusal::NotFound(Box::new(self))
    }

    pub(crate) fn conflict(self) -> Refusal {
        Refusal::Conflict(Box::new(self))
    }
}

impl Refusal {
    /// What the caller is told; none for a failure of our own.
    pub fn reason(&self) -> Option<&Reason> {
        match self {
            Self::Invalid(reason) | Self::NotFound(reason) | Self::Conflict(reason) => Some(reason),
            Self::TooMuch { reason, .. } => Some(reason),
            Self::Storage(_) => None,
        }
    }
}
