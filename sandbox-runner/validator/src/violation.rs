//! Why an operation is refused.

use std::fmt::{self, Write};

use burn_backend::DType;
use burn_ir::{OperationIr, TensorIr};

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
    #[error("{op} {}{tensors}", Excess { what, asked: *asked, live: *live, limit: *limit })]
    Memory {
        /// The operation.
        op: String,
        /// Its operands and outputs, such as ` (f32 [8, 3], f32 [3] -> f32 [8, 3])`,
        /// at most [`LONGEST_TENSORS`] bytes of plain ASCII.
        tensors: String,
        /// What is limited: `tensor bytes`, `live tensors` or `elements of a tensor`.
        what: &'static str,
        /// How many are allowed.
        limit: u64,
        /// How many there are.
        live: u64,
        /// How many more the operation needs, what it takes while it runs included;
        /// `u64::MAX` where the number does not fit.
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
        live: u64,
        asked: u64,
    },
    Invalid(String),
    Unsupported(&'static str),
}

/// What was asked for, what was there, and what is allowed.
struct Excess<'a> {
    what: &'a str,
    asked: u64,
    live: u64,
    limit: u64,
}

impl fmt::Display for Excess<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MIB: u64 = 1 << 20;
        let amount = |number: u64| {
            if self.what.ends_with("bytes") && number >= MIB {
                format!("{number} ({:.1} MiB)", number as f64 / MIB as f64)
            } else {
                number.to_string()
            }
        };
        write!(formatter, "asks for {} {}", amount(self.asked), self.what)?;
        if self.live > 0 {
            write!(formatter, " while {} are live", amount(self.live))?;
        }
        write!(formatter, "; the limit is {}", amount(self.limit))
    }
}

/// Longest description of an operation's tensors. What a guest claims may be absurd.
pub const LONGEST_TENSORS: usize = 240;

/// Dtypes and shapes of an operation's operands and outputs.
pub(crate) fn tensors_of(op: &OperationIr) -> String {
    fn list<'a>(tensors: impl Iterator<Item = &'a TensorIr>) -> String {
        // More would be cut anyway.
        tensors
            .take(6)
            .map(|tensor| described(tensor.dtype, &tensor.shape))
            .collect::<Vec<_>>()
            .join(", ")
    }
    let (inputs, outputs) = (list(op.inputs()), list(op.outputs()));
    let between = if inputs.is_empty() { "" } else { " " };
    bounded(format!(" ({inputs}{between}-> {outputs})"))
}

/// A tensor of this dtype and shape.
pub(crate) fn described(dtype: DType, shape: &[usize]) -> String {
    let dims = &shape[..shape.len().min(16)];
    format!("{} {dims:?}", dtype.name())
}

/// Cuts a text of ASCII.
fn bounded(mut text: String) -> String {
    if text.len() > LONGEST_TENSORS {
        text.truncate(LONGEST_TENSORS - 4);
        text.push_str("...)");
    }
    text
}

/// Result of one check.
pub(crate) type Checked<T = ()> = Result<T, Fault>;

impl Fault {
    /// The violation of an operation with these tensors, which are described if that helps.
    pub(crate) fn of(self, op: String, tensors: impl FnOnce() -> String) -> Violation {
        match self {
            Self::Budget { limit, asked } => Violation::Budget { op, limit, asked },
            Self::Memory {
                what,
                limit,
                live,
                asked,
            } => Violation::Memory {
                op,
                tensors: tensors(),
                what,
                limit,
                live,
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
