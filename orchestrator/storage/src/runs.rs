//! Runs: queueing them, and giving stuck ones another chance.

use gauntlet_domain::run::RunState;
use gauntlet_domain::{BlockId, RoundId, RunId, SubmissionId, TournamentId};

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
/// many it has: each of the two indexes asked holds only such runs. (That of the queue is asked
/// for its order, or a planner that knows many queued runs would look through all of them.)
pub async fn any_open(conn: &mut Conn, tournament: TournamentId) -> Result<bool> {
    let open = sqlx::query_scalar!(
        r#"
        SELECT (SELECT id FROM runs WHERE tournament_id = $1 AND state = 'queued'
                ORDER BY lane, queue_order LIMIT 1) IS NOT NULL
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
            state: parse::text("runs.state", &row.state)?,
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

/// The same for all stuck runs of a tournament, or of one of its rounds: which they were, in
/// the order of their ids.
pub async fn retry_stuck(
    conn: &mut Conn,
    tournament: TournamentId,
    round: Option<u32>,
    more: i32,
) -> Result<Vec<RunId>> {
    let round = round
        .map(|round| parse::int4("rounds.number", round))
        .transpose()?;
    let ids = sqlx::query_scalar!(
        r#"
        WITH stuck AS MATERIALIZED (
            SELECT runs.id FROM runs JOIN rounds ON rounds.id = runs.round_id
            WHERE runs.tournament_id = $1 AND runs.state = 'stuck'
              AND ($2::int IS NULL OR rounds.number = $2)
            ORDER BY runs.id FOR NO KEY UPDATE OF runs
        ), retried AS (
            UPDATE runs SET state = 'queued', stuck_because = NULL, not_before = now(),
                            attempts_allowed = attempt + $3
            FROM stuck WHERE runs.id = stuck.id AND runs.state = 'stuck'
            RETURNING runs.id
        )
        SELECT id FROM retried ORDER BY id
        "#,
        tournament.0,
        round,
        more
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(RunId).collect())
}

/// Which runs are not needed any more.
#[derive(Clone, Copy, Debug)]
pub enum Unneeded {
    /// Those on a block of a round.
    Block(RoundId, u32),
    /// Those of a method, in rounds that are not decided.
    Method(SubmissionId),
}

/// Locks the runs that are not needed any more, in the order of their ids. Before the lock
/// on the tournament: reports take these locks in the same order.
pub async fn lock_unneeded(conn: &mut Conn, which: Unneeded) -> Result<Vec<RunId>> {
    let (round, index, submission) = match which {
        Unneeded::Block(round, index) => (
            Some(round.0),
            Some(parse::int4("blocks.index", index)?),
            None,
        ),
        Unneeded::Method(submission) => (None, None, Some(submission.0)),
    };
    let ids = sqlx::query_scalar!(
        r#"
        SELECT runs.id FROM runs
        JOIN blocks ON blocks.id = runs.block_id
        JOIN rounds ON rounds.id = runs.round_id
        WHERE (runs.round_id = $1 AND blocks.index = $2 OR runs.submission_id = $3)
          AND rounds.decision IS NULL AND runs.state IN ('queued', 'leased', 'stuck')
        ORDER BY runs.id FOR UPDATE OF runs
        "#,
        round,
        index,
        submission
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(RunId).collect())
}

/// Makes these runs void and ends their attempts.
pub async fn void(conn: &mut Conn, runs: &[RunId], reason: &str) -> Result<()> {
    let ids: Vec<uuid::Uuid> = runs.iter().map(|run| run.0).collect();
    sqlx::query!(
        r#"
        UPDATE runs SET state = 'void', lease_until = NULL, stuck_because = NULL
        WHERE id = ANY($1) AND state IN ('queued', 'leased', 'stuck')
        "#,
        &ids
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        r#"
        UPDATE attempts SET state = 'voided', reason = $2, ended_at = now()
        WHERE run_id = ANY($1) AND state = 'leased'
        "#,
        &ids,
        reason
    )
    .execute(conn)
    .await?;
    Ok(())
}
