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

/// Queues runs.
pub async fn insert(conn: &mut Conn, runs: &[NewRun]) -> Result<()> {
    fn ids(runs: &[NewRun], id: impl Fn(&NewRun) -> uuid::Uuid) -> Vec<uuid::Uuid> {
        runs.iter().map(id).collect()
    }
    let attempts: Vec<i32> = runs.iter().map(|run| run.attempts_allowed).collect();
    sqlx::query!(
        r#"
        INSERT INTO runs (id, tournament_id, round_id, block_id, submission_id, attempts_allowed)
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::int[])
        "#,
        &ids(runs, |run| run.id.0),
        &ids(runs, |run| run.tournament.0),
        &ids(runs, |run| run.round.0),
        &ids(runs, |run| run.block.0),
        &ids(runs, |run| run.submission.0),
        &attempts
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Whether runs of a tournament wait for a result: queued, leased or stuck. Cheap, however
/// many it has: each of the two indexes asked holds only such runs.
pub async fn any_open(conn: &mut Conn, tournament: TournamentId) -> Result<bool> {
    let open = sqlx::query_scalar!(
        r#"
        SELECT EXISTS (SELECT 1 FROM runs WHERE tournament_id = $1 AND state = 'queued')
            OR EXISTS (SELECT 1 FROM runs WHERE tournament_id = $1 AND state IN ('leased', 'stuck'))
            AS "open!"
        "#,
        tournament.0
    )
    .fetch_one(conn)
    .await?;
    Ok(open)
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
