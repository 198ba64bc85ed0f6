//! Takes a lost attempt back. Shared by faults, expiry and restarts of runners.

use std::time::Duration;

use gauntlet_domain::record::Event;
use gauntlet_domain::run::AttemptState;
use gauntlet_domain::run::RunState;
use gauntlet_storage::leases::{self, Loss, LostLease};
use gauntlet_storage::{Conn, Error, events};

use crate::Context;
use crate::runner_health::{self, Cause};

/// Why a lost attempt is taken back, and what follows for its run.
pub(crate) struct Release<'a> {
    /// What became of the attempt.
    pub(crate) how: AttemptState,
    /// Whether its runner is to blame.
    pub(crate) cause: Cause,
    /// In words.
    pub(crate) reason: &'a str,
    /// How long the run waits before it may be leased again.
    pub(crate) pause: Duration,
}

/// Requeues the run, or leaves it stuck, with the event that says why, and counts the fault
/// for or against its runner.
pub(crate) async fn release(
    ctx: &Context,
    conn: &mut Conn,
    lost: &LostLease,
    release: Release<'_>,
) -> Result<RunState, Error> {
    let weighed = runner_health::weigh(ctx, conn, lost, release.cause).await?;
    let reason = release.reason;
    let loss = Loss {
        how: release.how,
        reason,
        pause: release.pause,
        forgiven: weighed.forgiven,
    };
    let state = leases::release(conn, lost, loss).await?;
    runner_health::note(ctx, conn, lost, &weighed, reason).await?;
    let (run, attempt, reason) = (lost.run, lost.attempt, reason.to_owned());
    let event = if state == RunState::Stuck {
        tracing::warn!(%run, attempt, reason, "a run is stuck");
        Event::RunStuck {
            run,
            attempt,
            reason,
        }
    } else {
        tracing::info!(%run, attempt, reason, "a run is queued again");
        Event::RunRequeued {
            run,
            attempt,
            reason,
        }
    };
    events::append(conn, lost.tournament, &event).await?;
    Ok(state)
}
