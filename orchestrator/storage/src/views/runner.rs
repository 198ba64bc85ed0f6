use gauntlet_domain::RunnerId;
use gauntlet_domain::run::RunnerState;
use gauntlet_domain::tournament::Audience;
use time::OffsetDateTime;

use crate::page::{Page, Place};
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
    /// When it registered first.
    pub registered_at: OffsetDateTime,
    /// When it was last heard.
    pub last_seen_at: OffsetDateTime,
    /// Whether that was within the last minute, by the database's clock.
    pub alive: bool,
    /// Whether it gets leases.
    pub state: RunnerState,
    /// Why not, or only one at a time.
    pub set_aside_because: Option<String>,
    /// Until when it gets none.
    pub set_aside_until: Option<OffsetDateTime>,
    /// What it last said failed, if that is why: for the organiser, since it may be worded by a
    /// method that had seen hidden data.
    pub last_fault: Option<String>,
}

/// All runners, the one heard last first, as `audience` may see them.
pub async fn runners(
    conn: &mut Conn,
    audience: Audience,
    page: &Page<Place>,
) -> Result<Vec<RunnerView>> {
    let (at, id) = page.place();
    let rows = sqlx::query!(
        r#"
        SELECT id, name, class, version, registered_at, last_seen_at, set_aside_because, set_aside_until,
               last_fault, last_seen_at > now() - interval '1 minute' AS "alive!",
               coalesce(set_aside_until > now(), false) AS "set_aside!"
        FROM runners
        WHERE $1::timestamptz IS NULL OR (registered_at, id) < ($1, $2::uuid)
        ORDER BY registered_at DESC, id DESC LIMIT $3
        "#,
        at,
        id,
        page.limit
    )
    .fetch_all(conn)
    .await?;
    let organiser = audience == Audience::Organiser;
    Ok(rows
        .into_iter()
        .map(|row| {
            let state = match (&row.set_aside_because, row.set_aside) {
                (None, _) => RunnerState::Serving,
                (Some(_), true) => RunnerState::SetAside,
                (Some(_), false) => RunnerState::Probation,
            };
            let told = organiser && state != RunnerState::Serving;
            RunnerView {
                id: RunnerId(row.id),
                name: row.name,
                class: row.class,
                version: row.version,
                registered_at: row.registered_at,
                last_seen_at: row.last_seen_at,
                alive: row.alive,
                state,
                set_aside_because: row.set_aside_because,
                set_aside_until: row.set_aside_until.filter(|_| row.set_aside),
                last_fault: row.last_fault.filter(|_| told),
            }
        })
        .collect())
}
