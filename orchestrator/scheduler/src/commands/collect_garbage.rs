//! Blobs that no row names go, now rather than at the next sweep.

use gauntlet_storage::sweep::{SweepError, Swept, sweep};

use crate::{Context, Reason, Refusal};

/// Sweeps the blobs once; with `dry_run` it only says what would happen.
///
/// # Errors
/// If the blobs belong to another database.
pub async fn collect_garbage(ctx: &Context, dry_run: bool) -> Result<Swept, Refusal> {
    match sweep(&ctx.db, &ctx.blobs, ctx.policy.blob_grace, dry_run).await {
        Ok(swept) => Ok(swept),
        Err(SweepError::Storage(error)) => Err(error.into()),
        Err(error @ SweepError::OtherSite { .. }) => Err(Reason::new(
            "blobs-of-another-site",
            error.to_string(),
            "give each database a blob folder of its own; if that other database is gone for \
             good, remove the file `site` in the blob folder",
        )
        .conflict()),
    }
}
