//! Takes back the runs of runners that are no longer heard.

use std::time::Duration;

use gauntlet_domain::run::AttemptState;
use gauntlet_storage::{Error, leases};

use crate::Context;
use crate::commands::release::release;

/// Takes back every lease that has run out, each in a transaction of its own.
/// Returns how many.
pub async fn once(ctx: &Context) -> Result<usize, Error> {
    let mut count = 0;
    loop {
        let mut tx = ctx.db.begin().await?;
        let Some(lost) = leases::find_expired(&mut tx).await? else {
            return Ok(count);
        };
        let reason = "the lease ran out: the runner was not heard in time";
        // No pause: waiting for the lease was one.
        release(
            &mut tx,
            &lost,
            AttemptState::Expired,
            reason,
            Duration::ZERO,
        )
        .await?;
        ctx.commit(tx, "expire").await?;
        ctx.signals.work();
        count += 1;
    }
}
