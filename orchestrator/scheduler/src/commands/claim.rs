//! Gives a runner work.

use std::time::Duration;

use gauntlet_domain::{Event, Lane, RunId, RunnerId, TokenId, TournamentState};
use gauntlet_storage::leases::{self, Work};
use gauntlet_storage::tournaments::{self, Lock};
use gauntlet_storage::{events, runners};

use crate::{Context, Reason, Refusal};

/// A leased attempt, with all that is needed to execute it.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// The run.
    pub run: RunId,
    /// The attempt: every later message carries it.
    pub attempt: i32,
    /// The lease ends this long from now, unless prolonged.
    pub lease: Duration,
    /// What to execute.
    pub work: Work,
}

/// Leases the next run of these lanes to `runner`, if there is one. Waiting is the caller's.
pub async fn claim(
    ctx: &Context,
    runner: RunnerId,
    token: TokenId,
    lanes: &[Lane],
) -> Result<Option<Claim>, Refusal> {
    {
        let mut conn = ctx.db.acquire().await?;
        if !runners::seen(&mut conn, runner, token).await? {
            return Err(Reason::new(
                "unknown-runner",
                format!("there is no runner {runner} with this token"),
                "register first with POST /api/v1/runners",
            )
            .field("path.id")
            .not_found());
        }
    }
    let mut tx = ctx.db.begin().await?;
    let Some(claimed) = leases::claim(&mut tx, runner, ctx.policy.lease, lanes).await? else {
        return Ok(None);
    };
    // Cancelling or pausing may have come between; dropping the transaction gives the run back.
    let tournament = tournaments::get(&mut tx, claimed.tournament, Lock::Share).await?;
    let goes_on = |row: tournaments::TournamentRow| {
        row.state == TournamentState::Closed && row.paused.is_none()
    };
    if !tournament.is_some_and(goes_on) {
        return Ok(None);
    }
    let work = leases::work(&mut tx, claimed.run).await?;
    let event = Event::RunLeased {
        run: claimed.run,
        attempt: claimed.attempt,
        runner,
    };
    events::append(&mut tx, claimed.tournament, &event).await?;
    ctx.commit(tx, "claim").await?;
    Ok(Some(Claim {
        run: claimed.run,
        attempt: claimed.attempt,
        lease: ctx.policy.lease,
        work,
    }))
}
