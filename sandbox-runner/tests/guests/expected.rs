//! How a guest must end.

use gauntlet_protocol::Verdict;
use gauntlet_runner::attempt::Cause;
use gauntlet_worker_protocol::Outcome;

use crate::guest::Guest;
use crate::harness::Observed;

/// How a guest must end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// It is scored like an honest one: the attempt came to nothing.
    Harmless,
    /// It runs to its end, with whatever score.
    Completed,
    /// A repeatable budget cut its training off, and its checkpoint was scored.
    CutOff(&'static str),
    Budget(&'static str),
    Memory(&'static str),
    /// The method's fault, with these words in the message.
    Method(&'static str),
    /// Its predictions are not scored, with these words.
    Unscored(&'static str),
    /// It is not even compiled, with these words.
    Refused(&'static str),
}

/// One row of the corpus: everything in it is for the WASM lane. What is checked after
/// every one: [`Harness::leaks`](crate::harness::Harness::leaks), and that it did not take long.
pub(crate) struct Case {
    /// What the guest tries.
    pub(crate) name: &'static str,
    pub(crate) guest: Guest,
    pub(crate) expected: Expected,
}

impl From<(&'static str, Guest, Expected)> for Case {
    fn from((name, guest, expected): (&'static str, Guest, Expected)) -> Self {
        Self {
            name,
            guest,
            expected,
        }
    }
}

/// Did it end so?
pub(crate) fn judge(observed: &Observed, expected: Expected) -> bool {
    let Ok(found) = &observed.result else {
        // Ours to answer for: no guest may bring that about.
        return false;
    };
    let plain = |text: &str| !text.chars().any(char::is_control);
    if !found.detail.as_deref().is_none_or(plain) {
        return false;
    }
    match (found.verdict, &found.cause, expected) {
        (Verdict::Completed, None, Expected::Harmless) => {
            found.score == Some(1.0) && found.detail.is_none()
        }
        (Verdict::Completed, None, Expected::Completed) => found.score.is_some(),
        (Verdict::Completed, None, Expected::CutOff(limit)) => {
            let told = found.detail.as_deref().unwrap_or_default();
            told.contains(&format!("ran out of its budget ({limit})"))
        }
        (
            Verdict::BudgetExceeded,
            Some(Cause::Phase(_, Outcome::BudgetExceeded { limit })),
            Expected::Budget(wanted),
        )
        | (
            Verdict::MemoryExceeded,
            Some(Cause::Phase(_, Outcome::MemoryExceeded { limit, .. })),
            Expected::Memory(wanted),
        ) => limit == wanted,
        (
            Verdict::MethodFailed,
            Some(Cause::Phase(_, Outcome::MethodFailed { message })),
            Expected::Method(words),
        ) => message.contains(words) && plain(message),
        (
            Verdict::InvalidPredictions,
            Some(Cause::Predictions(message)),
            Expected::Unscored(words),
        ) => message.contains(words),
        (Verdict::MethodFailed, Some(Cause::Module(message)), Expected::Refused(words)) => {
            message.contains(words) && plain(message)
        }
        _ => false,
    }
}
