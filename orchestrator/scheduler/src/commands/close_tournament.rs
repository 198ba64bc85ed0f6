//! Closes a tournament: field and seed are fixed, rounds can be played.

use gauntlet_domain::TournamentName;
use gauntlet_domain::record::Event;
use gauntlet_domain::tournament::TournamentState;
use gauntlet_storage::play::{self, Loaded};
use gauntlet_storage::tournaments::{self, Lock};
use gauntlet_storage::{Conn, Error, events};

use super::find;
use crate::{Context, Reason, Refusal};

/// Closes an open tournament. Closing one that is closed or completed changes nothing.
pub async fn close_tournament(ctx: &Context, name: &TournamentName) -> Result<(), Refusal> {
    let mut tx = ctx.begin().await?;
    let done = close(&mut tx, name).await;
    ctx.end(tx, "close", done).await?;
    ctx.signals.rounds();
    Ok(())
}

/// The same as part of a larger transaction; false if it was closed already. Refused, nothing
/// was written.
pub(crate) async fn close(conn: &mut Conn, name: &TournamentName) -> Result<bool, Refusal> {
    let id = find::tournament(&mut *conn, name).await?;
    // The lock waits for submissions under way, and keeps later ones out.
    let Loaded {
        row,
        mut tournament,
    } = play::load(&mut *conn, id, Lock::Update)
        .await?
        .ok_or_else(|| Error::Corrupt(format!("tournament {id} vanished")))?;
    match row.state {
        TournamentState::Open => {}
        TournamentState::Closed | TournamentState::Completed => return Ok(false),
        state => {
            return Err(Reason::new(
                "tournament-not-open",
                format!("`{name}` is {state} and cannot be closed"),
                "open it first with `gauntlet tournament open`",
            )
            .field("path.name")
            .conflict());
        }
    }
    let (field, least) = (
        tournament.playing().len(),
        tournament.rules().terms.min_field,
    );
    if field < least as usize {
        let (code, what, hint) = if field == 0 {
            (
                "empty-field",
                format!("nobody has entered `{name}`"),
                "submit at least one method first",
            )
        } else {
            (
                "small-field",
                format!("too few have entered `{name}` for its rules"),
                "wait for further methods, or cancel it",
            )
        };
        return Err(Reason::new(code, what, hint)
            .field("path.name")
            .limit(format!(
                "at least {least} method{}",
                if least == 1 { "" } else { "s" }
            ))
            .found(format!(
                "{field} method{}",
                if field == 1 { "" } else { "s" }
            ))
            .conflict());
    }
    let seed = tournament.derive_seed(&row.nonce);
    let event = Event::Closed {
        nonce: row.nonce,
        seed,
    };
    tournament
        .apply(&event)
        .map_err(|error| Error::Corrupt(error.to_string()))?;
    if !tournaments::close(&mut *conn, id, &seed).await? {
        return Err(Error::Corrupt(format!("tournament {id} changed under its lock")).into());
    }
    events::append(conn, id, &event).await?;
    Ok(true)
}
