//! Whether any runner takes images: a lane is known to the server only while one asks for it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// A runner that is alive and has a place free asks at least this often.
const RECENTLY: Duration = Duration::from_secs(600);

/// When a runner that takes images last asked for work.
#[derive(Debug, Default)]
pub(crate) struct ImagesAsked(Mutex<Option<Instant>>);

impl ImagesAsked {
    /// Notes that one asks.
    pub(crate) fn note(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// What the sender of an image should know, if no runner asks for any.
    pub(crate) fn warning(&self) -> Option<String> {
        let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_some_and(|last| last.elapsed() < RECENTLY) {
            return None;
        }
        Some(format!(
            "no runner that takes images has asked this server for work within {} minutes; the \
             method waits for one: whoever runs the tournament starts it with \
             `gauntlet-runner --containers` or `gauntlet up --containers`",
            RECENTLY.as_secs() / 60
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn runners_that_were_heard_long_ago_do_not_count() {
        let asked = ImagesAsked::default();
        assert!(asked.warning().is_some());
        asked.note();
        tokio::time::advance(RECENTLY / 2).await;
        assert_eq!(asked.warning(), None);
        tokio::time::advance(RECENTLY / 2).await;
        assert!(asked.warning().is_some());
    }
}
