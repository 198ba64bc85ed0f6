//! Gives methods up that no runner can run, so that their rounds go on.
//!
//! A run that has lost all its attempts says that it cannot be run; if runners in good standing
//! lost them, two at least, and others' runs passed on these, it is hardly for the runners. The
//! method is out then, by rule and as such: nobody found it at fault.

use gauntlet_domain::record::Event;
use gauntlet_domain::tournament::TournamentState;
use gauntlet_storage::method_faults::{self, Unrunnable};
use gauntlet_storage::runs::Unneeded;
use gauntlet_storage::tournaments::Lock;
use gauntlet_storage::{Conn, Error, events, play, runs, submissions};

use crate::Context;

/// Sets aside what there is to be set aside, each in a transaction of its own. Returns how many.
///
/// # Errors
/// When the database fails.
pub async fn once(ctx: &Context) -> Result<usize, Error> {
    let found = {
        let mut conn = ctx.db.acquire().await?;
        method_faults::find(&mut conn).await?
    };
    let mut count = 0;
    for one in found {
        let mut tx = ctx.db.begin().await?;
        let done = set_aside(&mut tx, &one).await;
        if ctx.end(tx, "set aside", done).await? {
            tracing::warn!(method = %one.name, tournament = %one.tournament, "a method is set aside");
            ctx.signals.rounds();
            count += 1;
        }
    }
    Ok(count)
}

/// False if somebody else did, or it is not to be done any more.
async fn set_aside(conn: &mut Conn, one: &Unrunnable) -> Result<bool, Error> {
    let whose = Unneeded::Method(one.method);
    let mut unneeded = runs::lock_unneeded(&mut *conn, whose).await?;
    let Some(mut loaded) = play::load(&mut *conn, one.tournament, Lock::Update).await? else {
        return Ok(false);
    };
    if loaded.row.state != TournamentState::Closed || loaded.row.paused.is_some() {
        return Ok(false);
    }
    let reason = format!(
        "its runs faulted on the runners {}, on which those of other methods passed",
        one.runner_names.join(" and ")
    );
    let reason = gauntlet_text::one_line(&reason, 500);
    let event = Event::MethodSetAside {
        submission: one.method,
        runners: one.runners.clone(),
        reason: reason.clone(),
    };
    if loaded.tournament.apply(&event).is_err() {
        return Ok(false);
    }
    // A round may have opened before we had the lock.
    unneeded.extend(runs::lock_unneeded(&mut *conn, whose).await?);
    runs::void(&mut *conn, &unneeded, "the method was set aside").await?;
    if !submissions::set_aside(&mut *conn, one.tournament, one.method, &reason).await? {
        return Err(Error::Corrupt(format!(
            "tournament {} changed under its lock",
            one.tournament
        )));
    }
    events::append(&mut *conn, one.tournament, &event).await?;
    Ok(true)
}
