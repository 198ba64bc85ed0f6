//! Why an operation is refused.

use std::fmt::{self, Write};

use burn_ir::OperationIr;

/// Why an operation is refused. Every one of them is the method's doing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// The work of the run would exceed its limit.
    #[error("{op} would bring the metered work to {asked}, over the limit of {limit}")]
    Budget {
        /// The operation.
        op: String,
        /// Work allowed.
        limit: u64,
        /// Work there would have been.
        asked: u64,
    },
    /// The live tensors would exceed a memory limit.
    #[error("{op} would bring {what} to {asked}, over the limit of {limit}")]
    Memory {
        /// The operation.
        op: String,
        /// What is limited: `tensor bytes`, `live tensors` or `elements of a tensor`.
        what: &'static str,
        /// How many are allowed.
        limit: u64,
        /// How many there would have been; `u64::MAX` where the number does not fit.
        asked: u64,
    },
    /// The operation is malformed, or its claims are untrue.
    #[error("{op} is not valid: {reason}")]
    Invalid {
        /// The operation.
        op: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The host does not execute this operation.
    #[error("{op} is not supported: {reason}")]
    Unsupported {
        /// The operation.
        op: String,
        /// Why, or what to use instead.
        reason: &'static str,
    },
}

/// A [`Violation`] before the name of the operation is known.
#[derive(Debug)]
pub(crate) enum Fault {
    Budget {
        limit: u64,
        asked: u64,
    },
    Memory {
        what: &'static str,
        limit: u64,
        asked: u64,
    },
    Invalid(String),
    Unsupported(&'static str),
}

/// Result of one check.
pub(crate) type Checked<T = ()> = Result<T, Fault>;

impl Fault {
    pub(crate) fn of(self, op: String) -> Violation {
        match self {
            Self::Budget { limit, asked } => Violation::Budget { op, limit, asked },
            Self::Memory { what, limit, asked } => Violation::Memory {
                op,
                what,
                limit,
                asked,
            },
            Self::Invalid(reason) => Violation::Invalid { op, reason },
            Self::Unsupported(reason) => Violation::Unsupported { op, reason },
        }
    }
}

/// Fail with a [`Fault::Invalid`] that says why.
macro_rules! invalid {
    ($($reason:tt)*) => {
        return Err($crate::violation::Fault::Invalid(format!($($reason)*)))
    };
}

/// Fail unless a condition holds.
macro_rules! require {
    ($condition:expr, $($reason:tt)*) => {
        // A comparison with NaN does not hold.
        match $condition {
            true => {}
            false => $crate::violation::invalid!($($reason)*),
        }
    };
}

pub(crate) use {invalid, require};

/// Name of an operation, such as `NumericFloat(F32, Add)`.
///
/// Taken from the `Debug` form, cut where its fields begin: there are some 250
/// names, and they are needed only when something is wrong.
#[must_use]
pub fn operation_name(op: &OperationIr) -> String {
    struct Head(String);

    impl Write for Head {
        fn write_str(&mut self, part: &str) -> fmt::Result {
            for character in part.chars() {
                if character == '{' || self.0.len() >= 80 {
                    return Err(fmt::Error);
                }
                self.0.push(character);
            }
            Ok(())
        }
    }

    let mut head = Head(String::new());
    // The error is how `Head` says that it has read enough.
    let _ = write!(head, "{op:?}");
    let mut name = head.0.trim_end().to_owned();
    // `NumericFloat(F32, Add(BinaryOpIr` -> `NumericFloat(F32, Add)`
    if let Some(fields) = name.rfind('(') {
        name.truncate(fields);
    }
    let open = name
        .matches('(')
        .count()
        .saturating_sub(name.matches(')').count());
    name.extend(std::iter::repeat_n(')', open));
    name
}
