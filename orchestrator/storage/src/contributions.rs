//! What completed tournaments give to the ratings of their tasks, kept so that nobody has to
//! read their runs for it. What is in it is for whoever writes it; here it is a document.

use gauntlet_domain::TournamentId;
use serde::Serialize;
use sqlx::types::Json;

use crate::{Conn, Result};

/// Keeps what follows from the tournament's record as it is in this transaction: after the
/// event.
pub async fn set(
    conn: &mut Conn,
    tournament: TournamentId,
    contribution: &impl Serialize,
) -> Result<()> {
    sqlx::query!(
        r#"
        INSERT INTO contributions (tournament_id, contribution, record_length)
        SELECT $1, $2, length FROM chains WHERE name = $3
        ON CONFLICT (tournament_id) DO UPDATE
        SET contribution = excluded.contribution, record_length = excluded.record_length
        "#,
        tournament.0,
        // As text: as values, the digests of a large field take some ten times their memory.
        Json(contribution) as _,
        tournament.to_string()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Completed tournaments of which nothing is kept that follows from their record as it is: those
/// that ended, or were judged again, under a release that kept nothing. At most `limit`.
pub async fn missing(conn: &mut Conn, limit: i64) -> Result<Vec<TournamentId>> {
    let ids = sqlx::query_scalar!(
        r#"
        SELECT tournaments.id FROM tournaments
        JOIN chains ON chains.name = tournaments.id::text
        LEFT JOIN contributions ON contributions.tournament_id = tournaments.id
                               AND contributions.record_length = chains.length
        WHERE tournaments.state = 'completed' AND contributions.tournament_id IS NULL
        ORDER BY tournaments.id LIMIT $1
        "#,
        limit
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(TournamentId).collect())
}
