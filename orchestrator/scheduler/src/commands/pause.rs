//! Pauses a tournament: nothing is leased or decided until it is resumed. What is executing
//! may end.

use gauntlet_domain::TournamentName;
use gauntlet_domain::record::Event;
use gauntlet_storage::{Conn, events, tournaments};

use super::{find, operator_actions, text};
use crate::{Context, Refusal};

/// Pauses a tournament that has not ended; the reason (at most 500 characters) is public.
/// Pausing one that is paused changes nothing.
pub async fn pause(ctx: &Context, name: &TournamentName, reason: &str) -> Result<(), Refusal> {
    text::check("body.reason", reason, 500)?;
    set(ctx, name, Some(reason)).await
}

/// Lets a paused tournament go on. One that is not paused stays as it is.
pub async fn resume(ctx: &Context, name: &TournamentName) -> Result<(), Refusal> {
    set(ctx, name, None).await
}

async fn set(ctx: &Context, name: &TournamentName, reason: Option<&str>) -> Result<(), Refusal> {
    let mut tx = ctx.begin().await?;
    let done = change(&mut tx, name, reason).await;
    ctx.end(tx, "pause", done).await?;
    ctx.signals.rounds();
    ctx.signals.work();
    Ok(())
}

async fn change(
    conn: &mut Conn,
    name: &TournamentName,
    reason: Option<&str>,
) -> Result<(), Refusal> {
    let id = find::tournament(&mut *conn, name).await?;
    let mut loaded = operator_actions::locked(&mut *conn, id).await?;
    if loaded.tournament.paused().is_some() == reason.is_some() {
        return Ok(());
    }
    let event = match reason {
        Some(reason) => Event::Paused {
            reason: reason.to_owned(),
        },
        None => Event::Resumed,
    };
    operator_actions::apply(&mut loaded.tournament, name, &event, "path.name")?;
    if !tournaments::pause(&mut *conn, id, reason).await? {
        return Err(operator_actions::changed(id));
    }
    events::append(conn, id, &event).await?;
    Ok(())
}
