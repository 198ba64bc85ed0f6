//! A runner gives an attempt up because the platform failed, not the entrant.

use std::time::Duration;

use gauntlet_domain::run::AttemptState;
use gauntlet_domain::tournament::Audience;
use gauntlet_storage::Access;
use gauntlet_storage::leases::{self, Holder};
use gauntlet_storage::{Error, views};

use super::lease_lost::lease_lost;
use super::release::{Release, release};
use crate::{Cause, Context, Refusal};

/// Queues the run again after a pause, or leaves it stuck if that was its last
/// attempt: never a verdict. The same fault again is fine. The reason is cut
/// at 500 characters.
pub async fn fault(ctx: &Context, holder: &Holder, reason: &str) -> Result<(), Refusal> {
    give_up(ctx, holder, Cause::Machine, reason).await
}

/// The same for another cause. A run that is given back because its runner stops need not wait.
pub async fn give_up(
    ctx: &Context,
    holder: &Holder,
    cause: Cause,
    reason: &str,
) -> Result<(), Refusal> {
    let reason = gauntlet_text::one_line(reason, 500);
    let mut tx = ctx.db.begin().await?;
    let Some(lost) = leases::find_own(&mut tx, holder).await? else {
        drop(tx);
        return if repeated(ctx, holder).await? {
            Ok(())
        } else {
            Err(lease_lost(holder))
        };
    };
    let pause = match cause {
        Cause::Nothing => Duration::ZERO,
        _ => ctx.policy.pause_after(holder.attempt),
    };
    let because = Release {
        how: AttemptState::Faulted,
        cause,
        reason: &reason,
        pause,
    };
    release(ctx, &mut tx, &lost, because).await?;
    ctx.commit(tx, "fault").await?;
    ctx.signals.work();
    Ok(())
}

/// Whether this attempt was this runner's and has been given up by it before.
async fn repeated(ctx: &Context, holder: &Holder) -> Result<bool, Error> {
    let mut conn = ctx.db.acquire().await?;
    let own =
        gauntlet_storage::results::was_held_by(&mut conn, holder.run, holder.attempt, holder.token)
            .await?;
    if !own {
        return Ok(false);
    }
    let run = views::run(
        &mut conn,
        holder.run,
        Audience::Organiser,
        Access::Everything,
    )
    .await?;
    Ok(run.is_some_and(|run| {
        run.attempts.iter().any(|attempt| {
            attempt.number == holder.attempt && attempt.state == AttemptState::Faulted
        })
    }))
}
