//! Notifications between processes that share the database.
//!
//! A notification is a hint: it is lost while the listener reconnects. Whoever
//! waits for one looks for itself now and then.

use gauntlet_domain::TournamentId;
use sqlx::postgres::PgListener;

use crate::{Conn, Db, Result};

const CHANNEL: &str = "gauntlet";

/// Receives the notifications of all processes.
#[derive(Debug)]
pub struct Listener(PgListener);

impl Listener {
    /// Starts to listen on a connection of its own.
    pub async fn start(db: &Db) -> Result<Self> {
        let mut listener = PgListener::connect_with(db.pool()).await?;
        listener.listen(CHANNEL).await?;
        Ok(Self(listener))
    }

    /// Waits for the next one; the tournament that changed, if it was one.
    /// Reconnects by itself; what was sent in between is lost.
    pub async fn next(&mut self) -> Result<Option<TournamentId>> {
        let notification = self.0.recv().await?;
        Ok(notification.payload().parse().ok())
    }
}

/// Tells the other processes, once this transaction commits, that `tournament` changed.
pub async fn notify(conn: &mut Conn, tournament: TournamentId) -> Result<()> {
    notify_all(conn, &[tournament]).await
}

/// The same of several tournaments.
pub async fn notify_all(conn: &mut Conn, tournaments: &[TournamentId]) -> Result<()> {
    let payloads: Vec<String> = tournaments.iter().map(ToString::to_string).collect();
    sqlx::query!(
        "SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload",
        CHANNEL,
        &payloads
    )
    .execute(conn)
    .await?;
    Ok(())
}
