//! Rounds with their blocks.

use gauntlet_domain::{Block, BlockId, Decision, RoundId, SubmissionId, TournamentId};

use crate::{Conn, Result, parse};

/// Adds a round (constraint `rounds_number_key`: each number once).
pub async fn insert(
    conn: &mut Conn,
    id: RoundId,
    tournament: TournamentId,
    number: u32,
    entrants: &[SubmissionId],
) -> Result<()> {
    let entrants: Vec<uuid::Uuid> = entrants.iter().map(|entrant| entrant.0).collect();
    sqlx::query!(
        "INSERT INTO rounds (id, tournament_id, number, entrants) VALUES ($1, $2, $3, $4)",
        id.0,
        tournament.0,
        parse::int4("rounds.number", number)?,
        &entrants
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Adds a block to a round.
pub async fn insert_block(
    conn: &mut Conn,
    id: BlockId,
    round: RoundId,
    block: &Block,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO blocks (id, round_id, index, seed) VALUES ($1, $2, $3, $4)",
        id.0,
        round.0,
        parse::int4("blocks.index", block.index)?,
        block.seed.to_string()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Records what a round decided; false if it was decided before.
pub async fn decide(
    conn: &mut Conn,
    tournament: TournamentId,
    decision: &Decision,
) -> Result<bool> {
    let done = sqlx::query!(
        r#"
        UPDATE rounds SET decision = $3, decided_at = now()
        WHERE tournament_id = $1 AND number = $2 AND decision IS NULL
        "#,
        tournament.0,
        parse::int4("rounds.number", decision.round)?,
        parse::to_json(decision)?
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
