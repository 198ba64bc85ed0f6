//! How a method gives up.

/// A method's own fault, in its own words. It ends the run with the verdict
/// `method_failed` and this message; nothing else is charged to anybody.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct MethodError {
    message: String,
}

impl MethodError {
    /// Says why the method cannot go on, in one line.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
        }
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
