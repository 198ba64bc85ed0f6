//! Takes back the runs of runners that are no longer heard.

use std::time::Duration;

use gauntlet_domain::run::AttemptState;
use gauntlet_storage::leases::Expiry;
use gauntlet_storage::{Error, lease_watch, leases};

use crate::Context;
use crate::commands::release::{Release, release};
use crate::runner_health::Cause;

/// Notes that somebody looks. After a time in which nobody could, because the database or all
/// orchestrators were away, runners get a moment to be heard before their leases run out, and
/// no run is charged an attempt for one that does. Call it before [`once`], whenever that is
/// called.
///
/// # Errors
/// When the database fails.
pub async fn watch(ctx: &Context) -> Result<(), Error> {
    // Well within a lease, and well above the time between two passes.
    let gap = (ctx.policy.lease / 3).max(ctx.policy.poll * 3);
    // Longer than a runner that is still in touch takes for its next heartbeat.
    let grace = ctx.policy.lease / 2;
    let mut tx = ctx.db.begin().await?;
    let away = lease_watch::look(&mut tx, gap, grace).await?;
    ctx.commit(tx, "watch").await?;
    if let Some(away) = away {
        tracing::warn!(
            seconds = away.as_secs(),
            "nobody took heartbeats for a while; leases that run out now cost no attempt"
        );
    }
    Ok(())
}

/// Takes back every lease that has run out, each in a transaction of its own.
/// Returns how many.
pub async fn once(ctx: &Context) -> Result<usize, Error> {
    let mut count = 0;
    loop {
        let mut tx = ctx.db.begin().await?;
        let Some(expired) = leases::find_expired(&mut tx).await? else {
            return Ok(count);
        };
        let (cause, reason) = match expired.because {
            Expiry::Silence => (
                Cause::Lost,
                "the lease ran out: the runner was not heard in time",
            ),
            Expiry::Outage => (
                Cause::Nothing,
                "the lease ran out while the database or the orchestrator was away",
            ),
            Expiry::LastEnd => (
                Cause::Lost,
                "the lease ran out for good: no attempt within its task's budget takes so long",
            ),
        };
        let because = Release {
            how: AttemptState::Expired,
            cause,
            reason,
            // No pause: waiting for the lease was one.
            pause: Duration::ZERO,
        };
        release(ctx, &mut tx, &expired.lost, because).await?;
        ctx.commit(tx, "expire").await?;
        ctx.signals.work();
        count += 1;
    }
}
