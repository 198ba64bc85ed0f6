//! Takes a lost attempt back. Shared by faults, expiry and restarts of runners.

use std::time::Duration;

use gauntlet_domain::record::Event;
use gauntlet_domain::run::AttemptState;
use gauntlet_domain::run::RunState;
use gauntlet_storage::leases::{self, LostLease};
use gauntlet_storage::{Conn, Error, events};

/// Requeues the run, or leaves it stuck, with the event that says why.
pub(crate) async fn release(
    conn: &mut Conn,
    lost: &LostLease,
    how: AttemptState,
    reason: &str,
    pause: Duration,
) -> Result<RunState, Error> {
    let state = leases::release(conn, lost, how, reason, pause).await?;
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
