//! Submissions.

use gauntlet_domain::{Digest, Entrant, Lane, MethodName, SubmissionId, TokenId, TournamentId};
use time::OffsetDateTime;

use crate::{Conn, Result, parse};

/// Adds a submission; its name and its digest must be new to the tournament
/// (constraints `submissions_name_key`, `submissions_digest_key`).
#[expect(clippy::too_many_arguments, reason = "the columns of one row")]
pub async fn insert(
    conn: &mut Conn,
    id: SubmissionId,
    tournament: TournamentId,
    name: &MethodName,
    digest: &Digest,
    bytes: u64,
    lane: Lane,
    token: TokenId,
) -> Result<OffsetDateTime> {
    let at = sqlx::query_scalar!(
        r#"
        INSERT INTO submissions (id, tournament_id, name, digest, bytes, lane, token_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING submitted_at
        "#,
        id.0,
        tournament.0,
        name.as_str(),
        digest.to_string(),
        parse::number::<i64>("submissions.bytes", bytes)?,
        lane.as_str(),
        token.0
    )
    .fetch_one(conn)
    .await?;
    Ok(at)
}

/// The field of a tournament, ordered by digest.
pub async fn field(conn: &mut Conn, tournament: TournamentId) -> Result<Vec<Entrant>> {
    let rows = sqlx::query!(
        "SELECT id, name, digest FROM submissions WHERE tournament_id = $1 ORDER BY digest",
        tournament.0
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Entrant {
                submission: SubmissionId(row.id),
                name: parse::text("submissions.name", &row.name)?,
                digest: parse::text("submissions.digest", &row.digest)?,
            })
        })
        .collect()
}
