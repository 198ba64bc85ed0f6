//! A runner is alive and working: its lease is prolonged.

use std::time::Duration;

use gauntlet_domain::run::{CurvePoint, tidy_curve};
use gauntlet_storage::leases::{self, Holder};
use gauntlet_storage::{curves, runners};

use super::lease_lost::lease_lost;
use crate::{Context, Refusal};

/// Prolongs the lease, notes progress (0 to 1; what lies outside is brought
/// inside) and the new points of the curve. Returns how long the lease lasts
/// from now, which is less than usual shortly before its last end. Writes no event: nothing was decided.
pub async fn heartbeat(
    ctx: &Context,
    holder: &Holder,
    progress: f64,
    curve: Vec<CurvePoint>,
) -> Result<Duration, Refusal> {
    let progress = if progress.is_finite() {
        progress.clamp(0.0, 1.0)
    } else {
        0.0
    };
    let mut tx = ctx.db.begin_short().await?;
    let Some(extended) = leases::extend(&mut tx, holder, ctx.policy.lease, progress).await? else {
        return Err(lease_lost(holder));
    };
    curves::add(&mut tx, holder.run, &tidy_curve(curve)).await?;
    runners::seen_on(&mut tx, holder.run).await?;
    ctx.commit(tx, "heartbeat").await?;
    ctx.signals.changed(&ctx.db, [extended.tournament]);
    Ok(extended.lease)
}
