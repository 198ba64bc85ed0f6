//! A runner gives an attempt up because the platform failed, not the entrant.

use gauntlet_domain::run::AttemptState;
use gauntlet_domain::tournament::Audience;
use gauntlet_storage::leases::{self, Holder};
use gauntlet_storage::{Error, views};

use super::lease_lost::lease_lost;
use super::release::release;
use crate::{Context, Refusal};

/// Queues the run again after a pause, or leaves it stuck if that was its last
/// attempt: never a verdict. The same fault again is fine. The reason is cut
/// at 500 characters.
pub async fn fault(ctx: &Context, holder: &Holder, reason: &str) -> Result<(), Refusal> {
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
    let pause = ctx.policy.pause_after(holder.attempt);
    release(&mut tx, &lost, AttemptState::Faulted, &reason, pause).await?;
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
    let run = views::run(&mut conn, holder.run, Audience::Organiser).await?;
    Ok(run.is_some_and(|run| {
        run.attempts.iter().any(|attempt| {
            attempt.number == holder.attempt && attempt.state == AttemptState::Faulted
        })
    }))
}
