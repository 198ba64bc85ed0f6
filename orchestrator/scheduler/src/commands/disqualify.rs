//! Puts a method out of a tournament: its results do not count, its runs that have none are
//! not needed any more.

use gauntlet_domain::record::Event;
use gauntlet_domain::{MethodName, TournamentName};
use gauntlet_storage::runs::Unneeded;
use gauntlet_storage::{Conn, events, runs, submissions};

use super::{find, operator_actions, text};
use crate::archiving;
use crate::{Context, Reason, Refusal};

/// Disqualifies a method of an open or closed tournament; the reason (at most 500
/// characters) is public. It cannot be taken back. A defender loses its title with it.
pub async fn disqualify(
    ctx: &Context,
    name: &TournamentName,
    method: &MethodName,
    reason: &str,
) -> Result<(), Refusal> {
    text::check("body.reason", reason, 500)?;
    let mut tx = ctx.begin().await?;
    let done = change(ctx, &mut tx, name, method, reason).await;
    ctx.end(tx, "disqualify", done).await?;
    ctx.signals.rounds();
    Ok(())
}

async fn change(
    ctx: &Context,
    tx: &mut Conn,
    name: &TournamentName,
    method: &MethodName,
    reason: &str,
) -> Result<(), Refusal> {
    let id = find::tournament(&mut *tx, name).await?;
    let Some(submission) = submissions::id(&mut *tx, id, method).await? else {
        return Err(Reason::new(
            "unknown-method",
            format!("there is no method `{method}` in `{name}`"),
            "see `gauntlet tournament show` for the field",
        )
        .field("body.method")
        .not_found());
    };
    let mut unneeded = runs::lock_unneeded(&mut *tx, Unneeded::Method(submission)).await?;
    let mut loaded = operator_actions::locked(&mut *tx, id).await?;
    let event = Event::Disqualified {
        submission,
        reason: reason.to_owned(),
    };
    operator_actions::apply(&mut loaded.tournament, name, &event, "body.method")?;
    // A round may have opened before we had the lock.
    unneeded.extend(runs::lock_unneeded(&mut *tx, Unneeded::Method(submission)).await?);
    runs::void(&mut *tx, &unneeded, "the method was disqualified").await?;
    ctx.reached("disqualify", "between runs and method");
    if !submissions::disqualify(&mut *tx, id, submission, reason).await? {
        return Err(operator_actions::changed(id));
    }
    let defender = loaded.tournament.defender().map(|one| one.submission);
    if defender == Some(submission) {
        archiving::defender_out(&mut *tx, &loaded, submission, reason).await?;
        archiving::settle_title(&mut *tx, &loaded).await?;
    }
    events::append(&mut *tx, id, &event).await?;
    Ok(())
}
