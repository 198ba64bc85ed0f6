//! Opens a tournament for submissions: the rules are frozen, the nonce's digest
//! is published.

use gauntlet_domain::{Event, TournamentName, TournamentState};
use gauntlet_storage::tournaments::{self, Lock};
use gauntlet_storage::{Error, events};

use super::find;
use crate::{Context, Reason, Refusal};

/// Opens a draft. Opening an open tournament changes nothing.
pub async fn open_tournament(ctx: &Context, name: &TournamentName) -> Result<(), Refusal> {
    let mut tx = ctx.db.begin().await?;
    let id = find::tournament(&mut tx, name).await?;
    let row = tournaments::get(&mut tx, id, Lock::Update)
        .await?
        .ok_or_else(|| Error::Corrupt(format!("tournament {id} vanished")))?;
    match row.state {
        TournamentState::Draft => {}
        TournamentState::Open => return Ok(()),
        state => {
            return Err(Reason::new(
                "tournament-not-draft",
                format!("`{name}` is {state} and cannot be opened"),
                "create another tournament",
            )
            .field("path.name")
            .conflict());
        }
    }
    if !tournaments::open(&mut tx, id).await? {
        return Err(Error::Corrupt(format!("tournament {id} changed under its lock")).into());
    }
    let event = Event::Opened {
        commitment: row.nonce.commitment(),
    };
    events::append(&mut tx, id, &event).await?;
    tx.commit().await.map_err(Error::from)?;
    Ok(())
}
