//! Whether somebody was there to take heartbeats.
//!
//! Orchestrators note when they look for leases that have run out. When the last of them looked
//! too long ago, the database or all orchestrators were away meanwhile: what ran out then says
//! nothing about its runner.

use std::time::Duration;

use crate::{Conn, Result};

/// Notes that somebody looks. If the last look is longer ago than `gap`, every lease is kept for
/// `grace` from now, and one that is not prolonged until then costs its run no attempt. Returns
/// for how long nobody looked, if it was too long.
pub async fn look(conn: &mut Conn, gap: Duration, grace: Duration) -> Result<Option<Duration>> {
    let row = sqlx::query!(
        r#"
        WITH before AS MATERIALIZED (SELECT looked_at FROM lease_watch FOR NO KEY UPDATE)
        UPDATE lease_watch
        SET looked_at = now(),
            forgiven_until = CASE WHEN before.looked_at < now() - make_interval(secs => $1)
                                  THEN now() + make_interval(secs => $2) ELSE forgiven_until END
        FROM before
        RETURNING before.looked_at < now() - make_interval(secs => $1) AS "outage!",
                  extract(epoch FROM now() - before.looked_at)::float8 AS "seconds!"
        "#,
        gap.as_secs_f64(),
        grace.as_secs_f64()
    )
    .fetch_one(&mut *conn)
    .await?;
    if !row.outage {
        return Ok(None);
    }
    sqlx::query!(
        r#"
        WITH held AS MATERIALIZED (
            SELECT runs.id, forgiven_until FROM runs CROSS JOIN lease_watch
            WHERE runs.state = 'leased' AND runs.lease_until < forgiven_until
            ORDER BY runs.id FOR NO KEY UPDATE OF runs SKIP LOCKED
        )
        UPDATE runs SET lease_until = held.forgiven_until FROM held WHERE runs.id = held.id
        "#
    )
    .execute(conn)
    .await?;
    Ok(Some(
        Duration::try_from_secs_f64(row.seconds).unwrap_or_default(),
    ))
}
