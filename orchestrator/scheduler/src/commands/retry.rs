//! The operator has repaired what was wrong, and grants stuck runs further attempts.

use gauntlet_domain::record::Event;
use gauntlet_domain::run::RunState;
use gauntlet_domain::tournament::TournamentState;
use gauntlet_domain::{RunId, TournamentId, TournamentName};
use gauntlet_storage::tournaments::{self, Lock};
use gauntlet_storage::{Conn, events, runs};

use super::find;
use crate::{Context, Reason, Refusal};

/// Queues a stuck run again, with as many attempts as a new one. One that is
/// queued or leased already stays as it is.
///
/// # Errors
/// If there is no such run, it has its result, or its tournament has ended.
pub async fn retry_run(ctx: &Context, run: RunId) -> Result<(), Refusal> {
    let mut tx = ctx.begin().await?;
    let done = one(ctx, &mut tx, run).await;
    ctx.end(tx, "retry", done).await?;
    ctx.signals.work();
    Ok(())
}

/// The same for all stuck runs of a tournament, or of one of its rounds. Returns how many
/// there were, which may be none.
///
/// # Errors
/// If there is no such tournament or round, or the tournament is not being played.
pub async fn retry_tournament(
    ctx: &Context,
    name: &TournamentName,
    round: Option<u32>,
) -> Result<usize, Refusal> {
    let mut tx = ctx.begin().await?;
    let done = all(ctx, &mut tx, name, round).await;
    let count = ctx.end(tx, "retry", done).await?;
    ctx.signals.work();
    Ok(count)
}

async fn one(ctx: &Context, conn: &mut Conn, run: RunId) -> Result<(), Refusal> {
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
    played(&mut *conn, row.tournament, "path.id").await?;
    events::append(&mut *conn, row.tournament, &Event::RunRetried { run }).await?;
    Ok(())
}

async fn all(
    ctx: &Context,
    conn: &mut Conn,
    name: &TournamentName,
    round: Option<u32>,
) -> Result<usize, Refusal> {
    let id = find::tournament(&mut *conn, name).await?;
    if let Some(round) = round {
        let last = tournaments::last_round(&mut *conn, id).await?;
        if !(1..=last).contains(&round) {
            return Err(Reason::new(
                "unknown-round",
                format!("`{name}` has no round {round}"),
                "`gauntlet tournament show` lists its rounds",
            )
            .field("body.round")
            .limit(match last {
                0 => "no round is open yet".to_owned(),
                last => format!("1 to {last}"),
            })
            .found(round.to_string())
            .not_found());
        }
    }
    let runs = runs::retry_stuck(&mut *conn, id, round, ctx.policy.max_attempts).await?;
    played(&mut *conn, id, "path.name").await?;
    let happened: Vec<Event> = runs
        .iter()
        .map(|run| Event::RunRetried { run: *run })
        .collect();
    if !happened.is_empty() {
        events::append_all(&mut *conn, id, &happened).await?;
    }
    Ok(runs.len())
}

/// Refuses a tournament that is not being played. Its lock is taken after those of the runs.
async fn played(
    conn: &mut Conn,
    tournament: TournamentId,
    field: &'static str,
) -> Result<(), Refusal> {
    let row = tournaments::get(conn, tournament, Lock::Share).await?;
    match row.map(|row| row.state) {
        Some(TournamentState::Closed) => Ok(()),
        Some(TournamentState::Draft | TournamentState::Open) => Err(Reason::new(
            "tournament-not-closed",
            "its rounds are not being played yet",
            "close it first with `gauntlet tournament close`",
        )
        .field(field)
        .conflict()),
        _ => Err(Reason::new(
            "tournament-ended",
            "its tournament has ended",
            "nothing is left to be run",
        )
        .field(field)
        .conflict()),
    }
}
