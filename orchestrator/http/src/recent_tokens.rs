//! Runners' tokens that were looked up just now.
//!
//! A runner asks for every run twice or more, and all runners of a site often share a token: the
//! look-up was a third of what leasing one run cost. Only what is good is kept, only of runners,
//! and for so short a time that a token which is revoked at another orchestrator of the database
//! is good for nothing within a second. Whoever revokes here calls [`RecentTokens::forget`].

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use gauntlet_domain::Digest;
use gauntlet_storage::tokens::TokenRow;

/// For how long a look-up counts.
const GOOD_FOR: Duration = Duration::from_millis(100);
/// So many are kept at most; a site has fewer tokens of runners.
const MOST: usize = 1024;

/// See the module.
#[derive(Default)]
pub(crate) struct RecentTokens(Mutex<HashMap<Digest, (Instant, TokenRow)>>);

impl RecentTokens {
    /// The token with this digest, if that was asked just now.
    pub(crate) fn get(&self, digest: &Digest) -> Option<TokenRow> {
        let kept = self.lock();
        let (since, token) = kept.get(digest)?;
        (since.elapsed() < GOOD_FOR).then(|| token.clone())
    }

    /// Keeps what was found by a look-up that began at `since`.
    pub(crate) fn keep(&self, digest: Digest, since: Instant, token: TokenRow) {
        let mut kept = self.lock();
        if kept.len() >= MOST {
            kept.retain(|_, (since, _)| since.elapsed() < GOOD_FOR);
        }
        if kept.len() < MOST {
            kept.insert(digest, (since, token));
        }
    }

    /// From now on all are looked up anew.
    pub(crate) fn forget(&self) {
        self.lock().clear();
    }

    /// What it guards is whole at any time, so a panic elsewhere does not matter.
    fn lock(&self) -> MutexGuard<'_, HashMap<Digest, (Instant, TokenRow)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use gauntlet_domain::{AccountId, TokenId};
    use uuid::Uuid;

    use super::*;

    fn token() -> TokenRow {
        TokenRow {
            id: TokenId(Uuid::nil()),
            scope: "runner".to_owned(),
            account: AccountId(Uuid::nil()),
            account_name: "runner".parse().unwrap(),
            noted: true,
        }
    }

    #[test]
    fn a_look_up_counts_for_a_tenth_of_a_second_and_not_after_a_token_was_revoked() {
        let recent = RecentTokens::default();
        let digest = Digest::of(b"token");
        // Looked up in an hour from now as far as this test may take.
        let now = Instant::now() + Duration::from_secs(3600);
        recent.keep(digest, now, token());
        assert!(recent.get(&digest).is_some());
        assert!(recent.get(&Digest::of(b"another")).is_none());
        recent.forget();
        assert!(recent.get(&digest).is_none());
        let Some(before) = Instant::now().checked_sub(GOOD_FOR) else {
            panic!("the machine has just started");
        };
        recent.keep(digest, before, token());
        assert!(recent.get(&digest).is_none());
    }

    #[test]
    fn only_so_many_are_kept() {
        let recent = RecentTokens::default();
        let later = Instant::now() + Duration::from_secs(3600);
        for n in 0..MOST + 10 {
            recent.keep(Digest::of(&n.to_be_bytes()), later, token());
        }
        assert_eq!(recent.lock().len(), MOST);
    }
}
