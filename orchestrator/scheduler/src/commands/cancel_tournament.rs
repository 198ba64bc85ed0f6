//! Calls a tournament off. Its runs are no longer leased, and what is still
//! executing loses its lease with the next heartbeat.

use gauntlet_domain::TournamentName;
use gauntlet_domain::record::Event;
use gauntlet_domain::tournament::TournamentState;
use gauntlet_storage::tournaments::{self, Lock};
use gauntlet_storage::{Conn, Error, events};

use super::{find, text};
use crate::{Context, Reason, Refusal};

/// Cancels a tournament that has not ended; the reason (at most 500
/// characters) is public. Cancelling it again changes nothing.
pub async fn cancel_tournament(
    ctx: &Context,
    name: &TournamentName,
    reason: &str,
) -> Result<(), Refusal> {
    text::check("body.reason", reason, 500)?;
    let mut tx = ctx.begin().await?;
    let done = cancel(&mut tx, name, reason).await;
    ctx.end(tx, "cancel", done).await
}

/// The same as part of a larger transaction.
pub(crate) async fn cancel(
    conn: &mut Conn,
    name: &TournamentName,
    reason: &str,
) -> Result<(), Refusal> {
    let id = find::tournament(&mut *conn, name).await?;
    let row = tournaments::get(&mut *conn, id, Lock::Update)
        .await?
        .ok_or_else(|| Error::Corrupt(format!("tournament {id} vanished")))?;
    match row.state {
        TournamentState::Cancelled => return Ok(()),
        TournamentState::Completed => {
            return Err(Reason::new(
                "tournament-completed",
                format!("`{name}` is completed"),
                "a completed tournament stays as it is",
            )
            .field("path.name")
            .conflict());
        }
        _ => {}
    }
    if !tournaments::cancel(&mut *conn, id, reason).await? {
        return Err(Error::Corrupt(format!("tournament {id} changed under its lock")).into());
    }
    let event = Event::Cancelled {
        reason: reason.to_owned(),
    };
    events::append(conn, id, &event).await?;
    Ok(())
}
