//! How a method gives up.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// What kind of thing went wrong, so that a thousand runs can be sorted by it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The method cannot do tasks of this kind, or of this size.
    Unsupported,
    /// Training went astray: a loss that is not finite, parameters that overflow.
    Diverged,
    /// The task's data or base weights are not what the method needs.
    Data,
    /// Anything else.
    #[default]
    Other,
}

impl ErrorKind {
    /// The code that stands in front of the message on the run's page; none for
    /// [`Other`](Self::Other).
    ///
    /// ```
    /// use gauntlet_method::ErrorKind;
    /// assert_eq!(ErrorKind::Diverged.code(), Some("diverged"));
    /// assert_eq!(ErrorKind::Other.code(), None);
    /// ```
    #[must_use]
    pub const fn code(self) -> Option<&'static str> {
        match self {
            Self::Unsupported => Some("unsupported"),
            Self::Diverged => Some("diverged"),
            Self::Data => Some("data"),
            Self::Other => None,
        }
    }
}

/// A method's own fault, in its own words. It ends the run with the verdict
/// `method_failed` and [its report](Self::report); nothing else is charged to anybody.
///
/// ```
/// use gauntlet_method::{ErrorKind, MethodError};
///
/// let step = 12;
/// let error = MethodError::diverged(format!("the loss is NaN at step {step}"));
/// assert_eq!(error.kind(), ErrorKind::Diverged);
/// assert_eq!(error.report(), "diverged: the loss is NaN at step 12");
/// // The shortest way, where there is nothing to be sorted by.
/// let error: MethodError = "the train part has no rows of class 3".into();
/// assert_eq!(error.kind(), ErrorKind::Other);
/// ```
#[derive(Clone, Debug)]
pub struct MethodError {
    kind: ErrorKind,
    message: String,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl MethodError {
    /// Says why the method cannot go on, in one line.
    pub fn new(message: impl Into<String>) -> Self {
        Self::of(ErrorKind::Other, message)
    }

    /// The same, of a kind.
    pub fn of(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            source: None,
        }
    }

    /// The method cannot do such tasks; say which it can.
    pub fn unsupported(message: impl Into<String>) -> Self {
        Self::of(ErrorKind::Unsupported, message)
    }

    /// Training went astray; say at which step.
    pub fn diverged(message: impl Into<String>) -> Self {
        Self::of(ErrorKind::Diverged, message)
    }

    /// Adds what it came from, which the report tells too.
    ///
    /// ```
    /// use gauntlet_method::MethodError;
    ///
    /// let cause = "7x".parse::<u32>().unwrap_err();
    /// let error = MethodError::new("the depth cannot be read").caused_by(cause);
    /// assert_eq!(error.report(), "the depth cannot be read: invalid digit found in string");
    /// ```
    #[must_use]
    pub fn caused_by(mut self, source: impl Error + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }

    /// What kind of thing went wrong.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The line that the run's page shows: the kind's code, the message, and the message
    /// of everything it came from. The host keeps its first 400 characters.
    #[must_use]
    pub fn report(&self) -> String {
        let chain = gauntlet_text::error_chain(self);
        match self.kind.code() {
            Some(code) => format!("{code}: {chain}"),
            None => chain,
        }
    }
}

impl fmt::Display for MethodError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for MethodError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn Error + 'static))
    }
}

impl From<&str> for MethodError {
    fn from(message: &str) -> Self {
        Self::new(message)
    }
}

impl From<String> for MethodError {
    fn from(message: String) -> Self {
        Self::new(message)
    }
}
