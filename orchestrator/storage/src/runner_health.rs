//! Whether a runner does its part: faults in a row, and whether it is set aside. Kept in the
//! database, so that several orchestrators agree.
//!
//! A success is noted where results are accepted ([`crate::results::accept`]), and who is set
//! aside is asked where runs are picked ([`crate::claims::pick`]).

use std::time::Duration;

use gauntlet_domain::run::RunnerState;
use gauntlet_domain::{RunId, RunnerId, SubmissionId, TournamentId};
use time::OffsetDateTime;

use crate::{Conn, Result, parse};

/// How a runner stands, its row locked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Faults in a row, since its last result.
    pub faults: u32,
    /// Whose runs those were; once each.
    pub methods: Vec<SubmissionId>,
    /// Runs that they cost an attempt; one of them twice if it was two.
    pub runs: Vec<RunId>,
    /// How often in a row it was set aside.
    pub times_set_aside: u32,
    /// Whether it gets leases.
    pub state: RunnerState,
    /// When a lease of it last ran out.
    pub last_lost_at: Option<OffsetDateTime>,
    /// The database's clock.
    pub now: OffsetDateTime,
}

/// Reads how a runner stands and locks it until the transaction ends.
pub async fn lock(conn: &mut Conn, runner: RunnerId) -> Result<Standing> {
    let row = sqlx::query!(
        r#"
        SELECT faults, faulted_methods, faulted_runs, times_set_aside, last_lost_at,
               set_aside_until IS NOT NULL AS "set_aside!",
               coalesce(set_aside_until <= now(), false) AS "probation!", now() AS "now!"
        FROM runners WHERE id = $1 FOR NO KEY UPDATE
        "#,
        runner.0
    )
    .fetch_one(conn)
    .await?;
    Ok(Standing {
        faults: parse::number("runners.faults", row.faults)?,
        methods: row.faulted_methods.into_iter().map(SubmissionId).collect(),
        runs: row.faulted_runs.into_iter().map(RunId).collect(),
        times_set_aside: parse::number("runners.times_set_aside", row.times_set_aside)?,
        state: match (row.set_aside, row.probation) {
            (false, _) => RunnerState::Serving,
            (true, false) => RunnerState::SetAside,
            (true, true) => RunnerState::Probation,
        },
        last_lost_at: row.last_lost_at,
        now: row.now,
    })
}

/// Notes a fault, counted into `standing`.
pub async fn note_fault(
    conn: &mut Conn,
    runner: RunnerId,
    standing: &Standing,
    words: &str,
) -> Result<()> {
    let methods: Vec<uuid::Uuid> = standing.methods.iter().map(|id| id.0).collect();
    let runs: Vec<uuid::Uuid> = standing.runs.iter().map(|id| id.0).collect();
    sqlx::query!(
        r#"
        UPDATE runners SET faults = $2, faulted_methods = $3, faulted_runs = $4, last_lost_at = $5,
                           last_fault = $6
        WHERE id = $1
        "#,
        runner.0,
        parse::int4("runners.faults", standing.faults)?,
        &methods,
        &runs,
        standing.last_lost_at,
        words
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Sets a runner aside for `pause`, for the `times`-th time in a row.
pub async fn set_aside(
    conn: &mut Conn,
    runner: RunnerId,
    times: u32,
    because: &str,
    pause: Duration,
) -> Result<()> {
    sqlx::query!(
        r#"
        UPDATE runners SET times_set_aside = $2, set_aside_because = $3,
                           set_aside_until = now() + make_interval(secs => $4)
        WHERE id = $1
        "#,
        runner.0,
        parse::int4("runners.times_set_aside", times)?,
        because,
        pause.as_secs_f64()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Lets a runner that is set aside show at once that it is mended; false if it is not set aside.
pub async fn begin_probation(conn: &mut Conn, runner: RunnerId) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE runners SET set_aside_until = now() WHERE id = $1 AND set_aside_until > now()",
        runner.0
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Gives runs back the attempts that a runner cost them, one for each time they are named. A
/// run that somebody writes about just now keeps what it has.
pub async fn refund(conn: &mut Conn, runner: RunnerId, runs: &[RunId]) -> Result<()> {
    let runs: Vec<uuid::Uuid> = runs.iter().map(|id| id.0).collect();
    sqlx::query!(
        r#"
        WITH owed AS (
            SELECT run, count(*)::int AS attempts FROM unnest($1::uuid[]) AS run GROUP BY run
        ), open AS MATERIALIZED (
            SELECT runs.id, owed.attempts FROM runs JOIN owed ON owed.run = runs.id
            WHERE runs.state IN ('queued', 'leased')
            ORDER BY runs.id FOR NO KEY UPDATE OF runs SKIP LOCKED
        ), refunded AS (
            UPDATE runs SET attempts_allowed = runs.attempts_allowed + open.attempts
            FROM open WHERE runs.id = open.id
            RETURNING runs.id
        )
        UPDATE attempts SET forgiven = true FROM refunded
        WHERE attempts.run_id = refunded.id AND attempts.runner_id = $2
          AND attempts.state IN ('faulted', 'expired')
        "#,
        &runs,
        runner.0
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Whether another runner had a result for a run of this method in this tournament.
pub async fn passed_elsewhere(
    conn: &mut Conn,
    tournament: TournamentId,
    method: SubmissionId,
    runner: RunnerId,
) -> Result<bool> {
    let found = sqlx::query_scalar!(
        r#"
        SELECT EXISTS (
            SELECT 1 FROM runs JOIN attempts ON attempts.run_id = runs.id
            WHERE runs.tournament_id = $1 AND runs.submission_id = $2
              AND attempts.state = 'reported' AND attempts.runner_id <> $3
        ) AS "found!"
        "#,
        tournament.0,
        method.0,
        runner.0
    )
    .fetch_one(conn)
    .await?;
    Ok(found)
}
