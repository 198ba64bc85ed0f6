//! Tells event streams that something may have changed.
//!
//! One task listens to the database and passes every hint on to all streams. A
//! hint can be lost, so a stream also looks for itself once a second.

use std::time::Duration;

use gauntlet_domain::TournamentId;
use gauntlet_storage::Db;
use gauntlet_storage::listen::Listener;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use crate::background::Background;

/// How long a change can go unnoticed when its hint is lost.
const POLL: Duration = Duration::from_secs(1);
const RECONNECT: Duration = Duration::from_secs(1);

/// Hands out subscriptions.
#[derive(Clone)]
pub(crate) struct Changes(broadcast::Sender<Option<TournamentId>>);

/// Wakes its owner when something may have changed.
pub(crate) struct Subscription(broadcast::Receiver<Option<TournamentId>>);

impl Changes {
    /// Starts to listen, until `stop`.
    pub(crate) fn start(tasks: &mut Background, db: Db, stop: CancellationToken) -> Self {
        let (sender, _) = broadcast::channel(64);
        let changes = Self(sender.clone());
        tasks.start("passes changes on", async move {
            stop.run_until_cancelled(listen(db, sender)).await;
        });
        changes
    }

    pub(crate) fn subscribe(&self) -> Subscription {
        Subscription(self.0.subscribe())
    }
}

impl Subscription {
    /// Waits for a hint about `tournament` (any tournament if none is given), or
    /// until it is time to look anyway.
    pub(crate) async fn wait(&mut self, tournament: Option<TournamentId>) {
        let hint = async {
            loop {
                match self.0.recv().await {
                    Ok(Some(hinted)) if tournament.is_some_and(|wanted| wanted != hinted) => {}
                    // Of no tournament in particular, or so many that some were missed.
                    Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => return,
                    Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
                }
            }
        };
        // Running into the time limit is the polling.
        tokio::time::timeout(POLL, hint).await.unwrap_or(());
    }
}

async fn listen(db: Db, sender: broadcast::Sender<Option<TournamentId>>) {
    loop {
        let error = match Listener::start(&db).await {
            Ok(mut listener) => loop {
                match listener.next().await {
                    // Nobody may be listening to us just now.
                    Ok(hint) => drop(sender.send(hint)),
                    Err(error) => break error,
                }
            },
            Err(error) => error,
        };
        tracing::debug!(%error, "no notifications from the database; streams poll");
        tokio::time::sleep(RECONNECT).await;
    }
}
