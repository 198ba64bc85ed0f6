use gauntlet_domain::RunnerId;
use time::OffsetDateTime;

use crate::{Conn, Result};

/// A registered runner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunnerView {
    /// Its id.
    pub id: RunnerId,
    /// A name for people.
    pub name: String,
    /// Hardware class.
    pub class: String,
    /// Release of the runner.
    pub version: String,
    /// When it was last heard.
    pub last_seen_at: OffsetDateTime,
    /// Whether that was within the last minute, by the database's clock.
    pub alive: bool,
}

/// All runners, the one heard last first.
pub async fn runners(conn: &mut Conn) -> Result<Vec<RunnerView>> {
    let rows = sqlx::query!(
        r#"
        SELECT id, name, class, version, last_seen_at,
               last_seen_at > now() - interval '1 minute' AS "alive!"
        FROM runners ORDER BY last_seen_at DESC, name
        "#
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| RunnerView {
            id: RunnerId(row.id),
            name: row.name,
            class: row.class,
            version: row.version,
            last_seen_at: row.last_seen_at,
            alive: row.alive,
        })
        .collect())
}
