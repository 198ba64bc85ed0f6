//! Runs that wait for a runner of a kind that there is not.

use gauntlet_domain::run::Lane;

use crate::{Conn, Result, parse};

/// Queued runs of a tournament that no runner takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unserved {
    /// Name of the tournament.
    pub tournament: String,
    /// Their lane.
    pub lane: Lane,
    /// How many.
    pub runs: u32,
}

/// Queued runs of lanes that no runner takes: none that was heard within ten minutes, is not
/// set aside, and asked for that lane since it introduced itself. Of one tournament, or of all
/// that are being played.
pub async fn read(conn: &mut Conn, tournament: Option<&str>) -> Result<Vec<Unserved>> {
    let rows = sqlx::query!(
        r#"
        WITH alive AS (
            SELECT coalesce(images_asked_at >= registered_at, false) AS images FROM runners
            WHERE last_seen_at > now() - interval '10 minutes'
              AND coalesce(set_aside_until <= now(), true)
        ), untaken AS (
            SELECT 'wasm' AS lane WHERE NOT EXISTS (SELECT FROM alive)
            UNION ALL
            SELECT 'oci' WHERE NOT EXISTS (SELECT FROM alive WHERE images)
        )
        SELECT tournaments.name, runs.lane, count(*) AS "runs!"
        FROM untaken
        JOIN runs ON runs.lane = untaken.lane AND runs.state = 'queued'
        JOIN tournaments ON tournaments.id = runs.tournament_id
        WHERE tournaments.state = 'closed' AND tournaments.paused_because IS NULL
          AND tournaments.name = coalesce($1, tournaments.name)
        GROUP BY tournaments.name, runs.lane
        ORDER BY tournaments.name, runs.lane
        "#,
        tournament
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Unserved {
                tournament: row.name,
                lane: parse::text("runs.lane", &row.lane)?,
                runs: parse::number("runs", row.runs)?,
            })
        })
        .collect()
}

/// Whether a runner takes images now, by the same rule.
pub async fn takes_images(conn: &mut Conn) -> Result<bool> {
    let taken = sqlx::query_scalar!(
        r#"
        SELECT EXISTS (
            SELECT FROM runners
            WHERE last_seen_at > now() - interval '10 minutes'
              AND coalesce(set_aside_until <= now(), true)
              AND images_asked_at >= registered_at
        ) AS "taken!"
        "#
    )
    .fetch_one(conn)
    .await?;
    Ok(taken)
}
