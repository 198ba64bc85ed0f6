//! Why a phase ends early.

use gauntlet_validator::Violation;
use gauntlet_worker_protocol::Outcome;

/// Why a phase ends early. It travels through the guest as a trap.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Stop {
    /// A budget ran out.
    #[error("the {0} budget ran out")]
    Budget(&'static str),
    /// A memory limit was hit.
    #[error("the {0} memory limit was hit")]
    Memory(&'static str),
    /// The ledger's limit was hit: what was asked for, what was live, what is allowed.
    #[error("{0}")]
    Tensors(String),
    /// The method's own fault.
    #[error("{0}")]
    Method(String),
    /// The backend panicked over an operation's data: the method's fault too.
    #[error("{operation} failed: {panic}")]
    Backend {
        /// The operation's name.
        operation: String,
        /// What the backend said.
        panic: String,
    },
    /// Ours, or the machine's.
    #[error("{0}")]
    Infrastructure(String),
}

impl Stop {
    pub(crate) fn outcome(self) -> Outcome {
        match self {
            Self::Budget(limit) => Outcome::BudgetExceeded {
                limit: limit.to_owned(),
            },
            Self::Memory(limit) => Outcome::MemoryExceeded {
                limit: limit.to_owned(),
                message: None,
            },
            Self::Tensors(message) => Outcome::MemoryExceeded {
                limit: "tensors".to_owned(),
                message: Some(one_line(&message)),
            },
            Self::Method(message) => Outcome::MethodFailed {
                message: one_line(&message),
            },
            Self::Backend { .. } => Outcome::MethodFailed {
                message: one_line(&self.to_string()),
            },
            Self::Infrastructure(message) => Outcome::Infrastructure {
                message: one_line(&message),
            },
        }
    }
}

impl From<Violation> for Stop {
    fn from(violation: Violation) -> Self {
        match violation {
            Violation::Budget { .. } => Self::Budget("work"),
            Violation::Memory { .. } => Self::Tensors(violation.to_string()),
            Violation::Invalid { .. } | Violation::Unsupported { .. } => {
                Self::Method(violation.to_string())
            }
        }
    }
}

/// Guests write these messages: one line, of bounded length, with nothing that moves a cursor
/// or turns text around.
pub(crate) fn one_line(text: &str) -> String {
    gauntlet_text::one_line(text, 400)
}

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn messages_are_one_bounded_line_without_control_characters() {
        assert_eq!(one_line("a\n\u{1b}[31mb"), "a [31mb");
        assert_eq!(one_line(&"x".repeat(1000)).chars().count(), 400);
    }
}
