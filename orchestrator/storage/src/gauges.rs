//! What an operator watches: counts that cost an index look-up, however many runs there are.

use crate::{Conn, Result, parse};

/// Counts at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gauges {
    /// Runs that wait for a runner.
    pub queued: u32,
    /// Runs that a runner has.
    pub leased: u32,
    /// Runs whose attempts are used up by faults of the platform.
    pub stuck: u32,
    /// Runners that were heard within the last minute.
    pub runners: u32,
    /// Tournaments whose rounds are being played.
    pub tournaments: u32,
}

/// Counts now.
pub async fn read(conn: &mut Conn) -> Result<Gauges> {
    let row = sqlx::query!(
        r#"
        SELECT
            (SELECT count(*) FROM runs WHERE state = 'queued') AS "queued!",
            (SELECT count(*) FROM runs WHERE state IN ('leased', 'stuck') AND state = 'leased') AS "leased!",
            (SELECT count(*) FROM runs WHERE state IN ('leased', 'stuck') AND state = 'stuck') AS "stuck!",
            (SELECT count(*) FROM runners WHERE last_seen_at > now() - interval '1 minute') AS "runners!",
            (SELECT count(*) FROM tournaments WHERE state = 'closed') AS "tournaments!"
        "#
    )
    .fetch_one(conn)
    .await?;
    Ok(Gauges {
        queued: parse::number("queued", row.queued)?,
        leased: parse::number("leased", row.leased)?,
        stuck: parse::number("stuck", row.stuck)?,
        runners: parse::number("runners", row.runners)?,
        tournaments: parse::number("tournaments", row.tournaments)?,
    })
}
