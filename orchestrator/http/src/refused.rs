//! Counts requests that are refused for want of a token that will do, and tells the log: at most
//! once in a while, whoever tries however often.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::http::request::Parts;
use tokio::time::Instant;

/// Between two lines of the log.
const PAUSE: Duration = Duration::from_secs(5);

/// Why a request was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// It has no token.
    Missing,
    /// Its token is not known, was revoked or has expired.
    Unknown,
    /// Its token is for something else.
    Scope,
}

impl Why {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Unknown => "unknown",
            Self::Scope => "scope",
        }
    }
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Refused {
    counts: [AtomicU64; 3],
    log: Mutex<Log>,
}

#[derive(Debug, Default)]
struct Log {
    last: Option<Instant>,
    /// Since the last line.
    untold: u64,
}

impl Refused {
    /// A request was refused.
    pub(crate) fn note(&self, why: Why, parts: &Parts) {
        let count = self.counts[why as usize].fetch_add(1, Ordering::Relaxed) + 1;
        if let Some(untold) = self.due(Instant::now()) {
            tracing::warn!(
                ?why,
                method = %parts.method,
                path = parts.uri.path(),
                count,
                untold,
                "a request was refused for want of a token that will do"
            );
        }
    }

    /// Whether this one is told, and how many before it were not.
    fn due(&self, now: Instant) -> Option<u64> {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        if log.last.is_some_and(|last| now < last + PAUSE) {
            log.untold += 1;
            return None;
        }
        log.last = Some(now);
        Some(std::mem::take(&mut log.untold))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_refusals_is_counted_and_told_once() {
        let refused = Refused::default();
        let parts = axum::http::Request::new(()).into_parts().0;
        for _ in 0..1000 {
            refused.note(Why::Unknown, &parts);
        }
        refused.note(Why::Missing, &parts);
        let counts = refused.counts.each_ref().map(|n| n.load(Ordering::Relaxed));
        assert_eq!(counts, [1, 1000, 0]);

        let log = Refused::default();
        let begin = Instant::now();
        let told: Vec<_> = (0..1000)
            .filter_map(|nth| log.due(begin + PAUSE * nth / 500))
            .collect();
        assert_eq!(
            told,
            [0, 499],
            "one line in each pause says how many there were"
        );
    }
}
