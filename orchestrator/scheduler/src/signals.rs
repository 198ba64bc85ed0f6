//! What this process tells itself at once, and the other processes a moment later.
//!
//! Like the database's notifications these are hints: whoever waits for one also looks
//! for itself now and then.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use gauntlet_domain::TournamentId;
use gauntlet_storage::{Db, listen};
use tokio::sync::watch;

/// Time between two announcements. Each takes a lock of the whole database server, and
/// results come by the thousand: what changes meanwhile is told together.
const SPACING: Duration = Duration::from_millis(50);

/// Sends and receives them. Cloning shares them.
#[derive(Clone, Debug)]
pub struct Signals(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    work: watch::Sender<()>,
    rounds: watch::Sender<()>,
    announcing: Mutex<Announcing>,
}

/// Tournaments to be announced, and whether a task is at it.
#[derive(Debug, Default)]
struct Announcing {
    changed: BTreeSet<TournamentId>,
    active: bool,
}

impl Signals {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Inner {
            work: watch::Sender::new(()),
            rounds: watch::Sender::new(()),
            announcing: Mutex::default(),
        }))
    }

    /// Wakes whoever hands out work: runs were queued.
    pub fn work(&self) {
        self.0.work.send_replace(());
    }

    /// Wakes the loop that plays tournaments: the last result of a round may be in.
    pub fn rounds(&self) {
        self.0.rounds.send_replace(());
    }

    /// Hears of work from now on.
    pub fn on_work(&self) -> watch::Receiver<()> {
        self.0.work.subscribe()
    }

    pub(crate) fn on_rounds(&self) -> watch::Receiver<()> {
        self.0.rounds.subscribe()
    }

    /// Tells the other processes that these tournaments changed: soon, and once for all
    /// changes that come together. Call it after the commit.
    pub(crate) fn changed(&self, db: &Db, tournaments: impl IntoIterator<Item = TournamentId>) {
        let mut announcing = self.lock();
        announcing.changed.extend(tournaments);
        if announcing.active || announcing.changed.is_empty() {
            return;
        }
        announcing.active = true;
        drop(announcing);
        let (signals, db) = (self.clone(), db.clone());
        tokio::spawn(async move {
            while let Some(tournaments) = signals.next() {
                if let Err(error) = announce(&db, &tournaments).await {
                    tracing::debug!(%error, "a change was not announced; the others poll");
                }
                tokio::time::sleep(SPACING).await;
            }
        });
    }

    /// What is to be announced; with none the task ends.
    fn next(&self) -> Option<Vec<TournamentId>> {
        let mut announcing = self.lock();
        let tournaments: Vec<TournamentId> = std::mem::take(&mut announcing.changed)
            .into_iter()
            .collect();
        announcing.active = !tournaments.is_empty();
        announcing.active.then_some(tournaments)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Announcing> {
        // Nothing in between can be left half done.
        self.0
            .announcing
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

async fn announce(db: &Db, tournaments: &[TournamentId]) -> Result<(), gauntlet_storage::Error> {
    let mut conn = db.acquire().await?;
    listen::notify_all(&mut conn, tournaments).await
}
