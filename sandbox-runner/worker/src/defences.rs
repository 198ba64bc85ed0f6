//! The lines of defence inside a worker, one of which a test can take away.
//!
//! A defence that could go without anybody noticing is none. So for each there is a guest
//! that gets its way without it (`sandbox-runner/tests/guests/mutations.rs`). Every worker
//! that is shipped is built with [`Defences::all`], in its `main.rs`, whatever its
//! arguments and environment are; only a program of the test tree, an example that no
//! build of the programs makes, calls [`Defences::all_but`].

/// A line of defence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defence {
    /// The look at the clock in every import.
    Deadline,
    /// The limit of the guest's memory.
    GuestMemory,
    /// The limit of its tables.
    Tables,
    /// The limit of its stack.
    GuestStack,
    /// NaNs that are the same on every machine.
    CanonicalNans,
    /// The ledger's limit of tensor bytes.
    TensorBytes,
    /// The ledger's limit of work.
    Work,
    /// The charge for what the guest computes itself.
    GuestWork,
    /// Lines without control characters.
    PlainLines,
    /// The limit of log lines.
    LogLines,
    /// The thinning of reports.
    Thinning,
    /// The refusal of a parameter name that a model file cannot hold.
    ReservedName,
    /// The guard that turns a backend's panic into a verdict.
    BackendPanics,
    /// The gate's second look, before a module is compiled.
    SecondGate,
}

impl Defence {
    /// Each with the name that a test gives it.
    pub const ALL: [(&'static str, Self); 14] = [
        ("deadline", Self::Deadline),
        ("guest-memory", Self::GuestMemory),
        ("tables", Self::Tables),
        ("guest-stack", Self::GuestStack),
        ("canonical-nans", Self::CanonicalNans),
        ("tensor-bytes", Self::TensorBytes),
        ("work", Self::Work),
        ("guest-work", Self::GuestWork),
        ("plain-lines", Self::PlainLines),
        ("log-lines", Self::LogLines),
        ("thinning", Self::Thinning),
        ("reserved-name", Self::ReservedName),
        ("backend-panics", Self::BackendPanics),
        ("second-gate", Self::SecondGate),
    ];
}

/// The lines of defence that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Defences {
    missing: Option<Defence>,
}

impl Defences {
    /// All of them.
    #[must_use]
    pub const fn all() -> Self {
        Self { missing: None }
    }

    /// All but one. For tests alone.
    #[doc(hidden)]
    #[must_use]
    pub const fn all_but(missing: Defence) -> Self {
        Self {
            missing: Some(missing),
        }
    }

    /// Is it there?
    pub(crate) fn has(self, defence: Defence) -> bool {
        self.missing != Some(defence)
    }

    /// A limit, or none where the defence that keeps it is missing.
    pub(crate) fn limit(self, defence: Defence, limit: u64) -> u64 {
        if self.has(defence) { limit } else { u64::MAX }
    }
}
