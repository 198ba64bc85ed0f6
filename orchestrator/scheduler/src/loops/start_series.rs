//! Starts the tournaments of series when they are due, and ends their submissions when their
//! time is up. All times are the database's.

use gauntlet_domain::record::{Event, PlatformEvent};
use gauntlet_domain::tournament::Share;
use gauntlet_domain::{SeriesId, TournamentName};
use gauntlet_storage::{Conn, Error, events, members, series, tournaments};

use crate::calendar::Calendar;
use crate::commands::cancel_tournament::cancel;
use crate::commands::close_tournament::close;
use crate::commands::create_tournament::{NewTournament, create};
use crate::commands::open_tournament::open;
use crate::{Context, Refusal};

/// Starts what is due and closes what is over. Returns how many tournaments were started,
/// closed or cancelled. One that fails does not hold the others up.
pub async fn once(ctx: &Context) -> Result<usize, Error> {
    let (closing, due) = {
        let mut conn = ctx.db.acquire().await?;
        let closing = tournaments::closing(&mut conn).await?;
        (closing, series::due(&mut conn).await?)
    };
    let mut steps = 0;
    for name in closing {
        match end_submissions(ctx, &name).await {
            Ok(ended) => steps += usize::from(ended),
            Err(Refusal::Storage(error)) if error.is_transient() => return Err(error),
            Err(error) => tracing::error!(tournament = %name, %error, "it cannot be closed"),
        }
    }
    for id in due {
        match start(ctx, id).await {
            Ok(started) => steps += usize::from(started),
            Err(Refusal::Storage(error)) if error.is_transient() => return Err(error),
            Err(error) => tracing::error!(series = %id, %error, "its tournament cannot start"),
        }
    }
    Ok(steps)
}

/// Starts the next tournament of a series; false if somebody else did.
async fn start(ctx: &Context, id: SeriesId) -> Result<bool, Refusal> {
    let mut tx = ctx.db.begin().await?;
    // Whoever locks the series first sets its next date; for the others it is not due.
    let Some(due) = series::lock_due(&mut tx, id).await? else {
        return Ok(false);
    };
    // Dates that went by while nobody looked are not made up for: the next one is after now.
    let next_at = Calendar::read(&due.calendar)
        .map_err(|error| Error::Corrupt(format!("series.calendar: {error}")))?
        .next_after(due.now);
    let (number, name) = free_name(&mut tx, &due).await?;
    let mut tasks = due.tasks.into_iter();
    let new = NewTournament {
        name: name.clone(),
        task: tasks
            .next()
            .ok_or_else(|| Error::Corrupt(format!("series {id} has no task")))?,
        more_tasks: tasks.collect(),
        rules: due.rules,
        phrase: None,
        share: Share::default(),
        organiser: due.organiser,
        private: due.private,
    };
    let tournament = create(&mut tx, new).await?;
    tournaments::set_series(&mut tx, tournament, id, number, due.open_seconds).await?;
    if due.private {
        for account in members::carry_over(&mut tx, id, tournament).await? {
            events::append(&mut tx, tournament, &Event::MemberAdded { account }).await?;
        }
    }
    open(&mut tx, tournament).await?;
    series::started(&mut tx, id, number, next_at).await?;
    let event = PlatformEvent::SeriesStarted {
        series: id,
        number,
        tournament,
        name: name.clone(),
    };
    events::append_platform(&mut tx, &event).await?;
    ctx.commit(tx, "start series").await?;
    tracing::info!(series = %due.name, tournament = %name, "a tournament of a series started");
    Ok(true)
}

/// The next number whose name no tournament made by hand has.
async fn free_name(conn: &mut Conn, due: &series::Due) -> Result<(u32, TournamentName), Error> {
    let mut number = due.last_number;
    loop {
        number += 1;
        let name = due
            .name
            .tournament(number)
            .map_err(|error| Error::Corrupt(format!("series.last_number: {error}")))?;
        if tournaments::id(&mut *conn, &name).await?.is_none() {
            return Ok((number, name));
        }
    }
}

/// Closes a tournament, or calls it off if its field is too small to be closed; false if
/// somebody else did.
async fn end_submissions(ctx: &Context, name: &TournamentName) -> Result<bool, Refusal> {
    let mut tx = ctx.db.begin().await?;
    match close(&mut tx, name).await {
        Ok(true) => {}
        Ok(false) => return Ok(false),
        Err(refusal) => {
            // Its row is still locked: nobody enters between here and there.
            let reason = match refusal.reason() {
                Some(reason) if matches!(reason.code, "empty-field" | "small-field") => reason,
                Some(reason) if reason.code == "tournament-not-open" => return Ok(false),
                _ => return Err(refusal),
            };
            let because = format!(
                "its time was up: {} ({}, found {})",
                reason.detail,
                reason.limit.as_deref().unwrap_or_default(),
                reason.found.as_deref().unwrap_or_default()
            );
            cancel(&mut tx, name, &because).await?;
        }
    }
    ctx.commit(tx, "close series").await?;
    ctx.signals.rounds();
    Ok(true)
}
