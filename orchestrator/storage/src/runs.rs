//! Runs: queueing them, and giving stuck ones another chance.

use gauntlet_domain::{BlockId, RoundId, RunId, RunState, SubmissionId, TournamentId};

use crate::{Conn, Result, parse};

/// A run to be queued.
#[derive(Clone, Copy, Debug)]
pub struct NewRun {
    /// Its id.
    pub id: RunId,
    /// The tournament.
    pub tournament: TournamentId,
    /// The round.
    pub round: RoundId,
    /// The block.
    pub block: BlockId,
    /// Whose.
    pub submission: SubmissionId,
    /// Attempts before it is stuck.
    pub attempts_allowed: i32,
}

/// Queues a run.
pub async fn insert(conn: &mut Conn, run: &NewRun) -> Result<()> {
    sqlx::query!(
        r#"
        INSERT INTO runs (id, tournament_id, round_id, block_id, submission_id, attempts_allowed)
        VALUES ($1, $2, $3, $4, $5, $6)
        "#,
        run.id.0,
        run.tournament.0,
        run.round.0,
        run.block.0,
        run.submission.0,
        run.attempts_allowed
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Where a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunRow {
    /// The tournament.
    pub tournament: TournamentId,
    /// Where it is.
    pub state: RunState,
    /// The current or last attempt.
    pub attempt: i32,
    /// Attempts before it is stuck.
    pub attempts_allowed: i32,
}

/// Reads a run.
pub async fn get(conn: &mut Conn, run: RunId) -> Result<Option<RunRow>> {
    let row = sqlx::query!(
        "SELECT tournament_id, state, attempt, attempts_allowed FROM runs WHERE id = $1",
        run.0
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        Ok(RunRow {
            tournament: TournamentId(row.tournament_id),
            state: parse::run_state(&row.state)?,
            attempt: row.attempt,
            attempts_allowed: row.attempts_allowed,
        })
    })
    .transpose()
}

/// Stuck to queued, with `more` further attempts; false if it is not stuck.
pub async fn retry(conn: &mut Conn, run: RunId, more: i32) -> Result<bool> {
    let done = sqlx::query!(
        r#"
        UPDATE runs SET state = 'queued', stuck_because = NULL, not_before = now(),
                        attempts_allowed = attempt + $2
        WHERE id = $1 AND state = 'stuck'
        "#,
        run.0,
        more
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
