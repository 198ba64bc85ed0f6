//! Tells the log which runs wait for a runner of a kind that there is not.

use gauntlet_storage::{Error, unserved};

use crate::Context;
use crate::unserved::sentence;

/// Looks once. Returns in how many tournaments and lanes runs wait in vain.
///
/// # Errors
/// When the database fails.
pub async fn once(ctx: &Context) -> Result<usize, Error> {
    let waiting = unserved::read(&mut *ctx.db.acquire().await?, None).await?;
    for waits in &waiting {
        tracing::warn!(
            tournament = waits.tournament,
            "{}",
            sentence(waits.lane, waits.runs)
        );
    }
    Ok(waiting.len())
}
