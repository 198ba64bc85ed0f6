//! Removes what no row names.

use gauntlet_storage::sweep::{SweepError, sweep};

use crate::Context;

/// One sweep; says in the log what it did.
///
/// # Errors
/// See [`SweepError`].
pub async fn once(ctx: &Context) -> Result<(), SweepError> {
    let swept = sweep(&ctx.db, &ctx.blobs, ctx.policy.blob_grace, false).await?;
    if swept.set_aside.count + swept.removed.count + swept.halves.count > 0 {
        tracing::info!(
            set_aside = swept.set_aside.count,
            removed = swept.removed.count,
            removed_bytes = swept.removed.bytes,
            halves = swept.halves.count,
            "swept blobs that nothing names"
        );
    }
    Ok(())
}
