//! The operator has repaired what was wrong, and grants a stuck run further attempts.

use gauntlet_domain::RunId;
use gauntlet_domain::record::Event;
use gauntlet_domain::run::RunState;
use gauntlet_domain::tournament::TournamentState;
use gauntlet_storage::tournaments::{self, Lock};
use gauntlet_storage::{Conn, events, runs};

use crate::{Context, Reason, Refusal};

/// Queues a stuck run again, with as many attempts as a new one. One that is
/// queued or leased already stays as it is.
pub async fn retry_run(ctx: &Context, run: RunId) -> Result<(), Refusal> {
    let mut tx = ctx.db.begin().await?;
    let done = retry(ctx, &mut tx, run).await;
    ctx.end(tx, "retry", done).await?;
    ctx.signals.work();
    Ok(())
}

async fn retry(ctx: &Context, conn: &mut Conn, run: RunId) -> Result<(), Refusal> {
    let Some(row) = runs::get(&mut *conn, run).await? else {
        return Err(Reason::new(
            "unknown-run",
            format!("there is no run {run}"),
            "the page of the tournament links to its runs",
        )
        .field("path.id")
        .not_found());
    };
    if !runs::retry(&mut *conn, run, ctx.policy.max_attempts).await? {
        return match row.state {
            RunState::Done => Err(Reason::new(
                "run-done",
                format!("run {run} has its result"),
                "an accepted result does not change",
            )
            .field("path.id")
            .conflict()),
            _ => Ok(()),
        };
    }
    let tournament = tournaments::get(&mut *conn, row.tournament, Lock::Share).await?;
    if tournament.is_none_or(|tournament| tournament.state != TournamentState::Closed) {
        return Err(Reason::new(
            "tournament-ended",
            "its tournament has ended",
            "nothing is left to be run",
        )
        .field("path.id")
        .conflict());
    }
    events::append(&mut *conn, row.tournament, &Event::RunRetried { run }).await?;
    Ok(())
}
