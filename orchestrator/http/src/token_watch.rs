//! Notices when a token stops being good while an answer to its bearer is still under way, and
//! notes when tokens are used.
//!
//! Requests look their token up themselves; streams, waits and downloads outlast that. One task
//! asks for all of them together twice a second, so that a token that is revoked at any
//! orchestrator of the database is good for nothing within a second. Nothing of either is on a
//! request's own path.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gauntlet_domain::{Digest, TokenId};
use gauntlet_storage::{Db, Result, tokens};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::background::Background;

/// How often it looks.
const LOOK: Duration = Duration::from_millis(500);

/// Watches the tokens of answers under way. Cloning shares it.
#[derive(Clone, Default)]
pub(crate) struct TokenWatch(Arc<Shared>);

#[derive(Default)]
struct Shared {
    open: Mutex<BTreeMap<Digest, Entry>>,
    used: Mutex<BTreeSet<TokenId>>,
}

struct Entry {
    /// Answers under way.
    holders: usize,
    ended: CancellationToken,
}

/// An answer under way to the bearer of a token.
pub(crate) struct Hold {
    watch: TokenWatch,
    digest: Digest,
    ended: CancellationToken,
}

impl Hold {
    /// Resolves when the token is no longer good.
    pub(crate) async fn ended(&self) {
        self.ended.cancelled().await;
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let mut open = lock(&self.watch.0.open);
        if let Some(entry) = open.get_mut(&self.digest) {
            entry.holders -= 1;
            if entry.holders == 0 {
                open.remove(&self.digest);
            }
        }
    }
}

impl TokenWatch {
    /// Starts it, until `stop`.
    pub(crate) fn start(tasks: &mut Background, db: Db, stop: CancellationToken) -> Self {
        let watch = Self::default();
        let shared = Arc::clone(&watch.0);
        tasks.start("watches tokens", async move {
            stop.run_until_cancelled(look(db, shared)).await;
        });
        watch
    }

    /// An answer begins that may take long.
    pub(crate) fn hold(&self, digest: Digest) -> Hold {
        let mut open = lock(&self.0.open);
        let entry = open.entry(digest).or_insert_with(|| Entry {
            holders: 0,
            ended: CancellationToken::new(),
        });
        entry.holders += 1;
        Hold {
            watch: self.clone(),
            digest,
            ended: entry.ended.clone(),
        }
    }

    /// A token was used, which is to be noted when there is time.
    pub(crate) fn used(&self, token: TokenId) {
        lock(&self.0.used).insert(token);
    }
}

async fn look(db: Db, shared: Arc<Shared>) {
    let mut ticks = tokio::time::interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = once(&db, &shared).await {
            tracing::debug!(%error, "could not ask which tokens are still good");
        }
    }
}

async fn once(db: &Db, shared: &Shared) -> Result<()> {
    let open: Vec<Digest> = lock(&shared.open).keys().copied().collect();
    let used = std::mem::take(&mut *lock(&shared.used));
    if open.is_empty() && used.is_empty() {
        return Ok(());
    }
    let mut conn = db.acquire().await?;
    if !open.is_empty() {
        for gone in tokens::not_good(&mut conn, &open).await? {
            if let Some(entry) = lock(&shared.open).get(&gone) {
                entry.ended.cancel();
            }
        }
    }
    if !used.is_empty() {
        let used: Vec<TokenId> = used.into_iter().collect();
        tokens::note_use(&mut conn, &used).await?;
    }
    Ok(())
}

/// What it guards is whole at any time, so a panic elsewhere does not matter.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_watched_as_long_as_somebody_holds_it() {
        let watch = TokenWatch::default();
        let digest = Digest::of(b"token");
        let (first, second) = (watch.hold(digest), watch.hold(digest));
        drop(first);
        assert_eq!(lock(&watch.0.open).len(), 1);
        assert!(!second.ended.is_cancelled());
        drop(second);
        assert!(lock(&watch.0.open).is_empty());
    }
}
