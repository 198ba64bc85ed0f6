//! Ends a series: no further tournament of it starts. One that is under way goes on.

use gauntlet_domain::SeriesName;
use gauntlet_domain::record::PlatformEvent;
use gauntlet_storage::{events, series};

use super::find;
use crate::{Context, Refusal};

/// Ends a series. Ending it again changes nothing.
pub async fn end_series(ctx: &Context, name: &SeriesName) -> Result<(), Refusal> {
    let mut tx = ctx.begin().await?;
    let id = find::series(&mut tx, name).await?;
    if !series::end(&mut tx, id).await? {
        return Ok(());
    }
    events::append_platform(&mut tx, &PlatformEvent::SeriesEnded { series: id }).await?;
    ctx.commit(tx, "end series").await?;
    Ok(())
}
