//! Rounds with their blocks.

use gauntlet_domain::tournament::{Block, Decision, Heat};
use gauntlet_domain::{BlockId, RoundId, SubmissionId, TournamentId};
use sqlx::types::Json;

use crate::{Conn, Result, parse};

/// Adds a round (constraint `rounds_number_key`: each number once). Without heats it is one
/// heat of all.
pub async fn insert(
    conn: &mut Conn,
    id: RoundId,
    tournament: TournamentId,
    number: u32,
    entrants: &[SubmissionId],
    heats: Option<&[Heat]>,
) -> Result<()> {
    let entrants: Vec<uuid::Uuid> = entrants.iter().map(|entrant| entrant.0).collect();
    sqlx::query!(
        "INSERT INTO rounds (id, tournament_id, number, entrants, heats) VALUES ($1, $2, $3, $4, $5)",
        id.0,
        tournament.0,
        parse::int4("rounds.number", number)?,
        &entrants,
        heats.map(Json) as _
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
        r#"
        INSERT INTO blocks (id, round_id, index, seed, task, again_round, again_index, half)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        "#,
        id.0,
        round.0,
        parse::int4("blocks.index", block.index)?,
        block.seed.to_string(),
        parse::int4("blocks.task", block.task)?,
        again(block.again.map(|(round, _)| round))?,
        again(block.again.map(|(_, index)| index))?,
        block.half
    )
    .execute(conn)
    .await?;
    Ok(())
}

fn again(number: Option<u32>) -> Result<Option<i32>> {
    number
        .map(|number| parse::int4("blocks.again", number))
        .transpose()
}

/// Id of a round.
pub async fn id(conn: &mut Conn, tournament: TournamentId, number: u32) -> Result<Option<RoundId>> {
    let id = sqlx::query_scalar!(
        "SELECT id FROM rounds WHERE tournament_id = $1 AND number = $2",
        tournament.0,
        parse::int4("rounds.number", number)?
    )
    .fetch_optional(conn)
    .await?;
    Ok(id.map(RoundId))
}

/// Takes a block out; false if it is out already or there is none.
pub async fn void_block(conn: &mut Conn, round: RoundId, index: u32) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE blocks SET voided = true WHERE round_id = $1 AND index = $2 AND NOT voided",
        round.0,
        parse::int4("blocks.index", index)?
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Writes a round's heats anew, after one of their blocks was replaced.
pub async fn set_heats(conn: &mut Conn, round: RoundId, heats: &[Heat]) -> Result<()> {
    sqlx::query!(
        "UPDATE rounds SET heats = $2 WHERE id = $1",
        round.0,
        Json(heats) as _
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
        Json(decision) as _
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
