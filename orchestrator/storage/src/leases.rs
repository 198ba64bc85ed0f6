//! Leases: a runner's right to one attempt of a run, until a deadline in
//! database time.
//!
//! A claim is a short transaction that stamps attempt and deadline; no lock is
//! held while the run executes. Every later write repeats attempt and holder
//! in its `WHERE`: no row means the lease is lost.

use std::time::Duration;

use gauntlet_domain::{
    BlockSeed, Budget, Digest, Lane, MethodName, Probing, Rules, RunEvent, RunId, RunState,
    RunnerId, TaskName, TokenId, TournamentId, TournamentName,
};

use crate::views::AttemptState;
use crate::{Conn, Error, Result, parse};

/// Who speaks about which attempt: what every message of a runner carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The run.
    pub run: RunId,
    /// The attempt.
    pub attempt: i32,
    /// The runner's token: only its own runners' leases count.
    pub token: TokenId,
}

/// An attempt just leased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// The run.
    pub run: RunId,
    /// The attempt.
    pub attempt: i32,
    /// The tournament.
    pub tournament: TournamentId,
}

/// Leases the next queued run of these lanes to `runner`. A run it lost before comes last,
/// so that another runner may have it first.
pub async fn claim(
    conn: &mut Conn,
    runner: RunnerId,
    lease: Duration,
    lanes: &[Lane],
) -> Result<Option<Claimed>> {
    let lanes: Vec<String> = lanes.iter().map(Lane::to_string).collect();
    let row = sqlx::query!(
        r#"
        UPDATE runs SET state = 'leased', attempt = attempt + 1, runner_id = $1,
                        lease_until = now() + make_interval(secs => $2),
                        progress = 0
        WHERE id = (
            SELECT runs.id FROM runs
            JOIN tournaments ON tournaments.id = runs.tournament_id
            JOIN submissions ON submissions.id = runs.submission_id
            WHERE runs.state = 'queued' AND runs.not_before <= now()
              AND runs.attempt < runs.attempts_allowed
              AND tournaments.state = 'closed' AND tournaments.paused_because IS NULL
              AND submissions.lane = ANY($3)
            ORDER BY runs.runner_id IS NOT DISTINCT FROM $1, runs.id
            FOR UPDATE OF runs SKIP LOCKED LIMIT 1)
        RETURNING id, attempt, tournament_id
        "#,
        runner.0,
        lease.as_secs_f64(),
        &lanes
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    sqlx::query!(
        "INSERT INTO attempts (run_id, attempt, runner_id) VALUES ($1, $2, $3)",
        row.id,
        row.attempt,
        runner.0
    )
    .execute(&mut *conn)
    .await?;
    // The curve of a lost attempt ends nowhere: the new one starts its own.
    sqlx::query!("DELETE FROM curve_points WHERE run_id = $1", row.id)
        .execute(conn)
        .await?;
    Ok(Some(Claimed {
        run: RunId(row.id),
        attempt: row.attempt,
        tournament: TournamentId(row.tournament_id),
    }))
}

/// What a runner needs to execute a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Work {
    /// Name of the tournament.
    pub tournament: TournamentName,
    /// Name of the method.
    pub method: MethodName,
    /// Digest of the module or the image's archive.
    pub module: Digest,
    /// Which of the two it is.
    pub lane: Lane,
    /// Name of the task.
    pub task: TaskName,
    /// What the method is told.
    pub info: serde_json::Value,
    /// Digest of the train part.
    pub train: Digest,
    /// Digest of the hidden inputs.
    pub hidden_inputs: Digest,
    /// Digest of the hidden labels.
    pub hidden_labels: Digest,
    /// Digest of the base weights, if the task carries some.
    pub base: Option<Digest>,
    /// Seed of the block.
    pub seed: BlockSeed,
    /// What it may use.
    pub budget: Budget,
    /// Which of its checkpoints are scored on the public slice, if any.
    pub probing: Option<Probing>,
}

/// Reads what a run needs.
pub async fn work(conn: &mut Conn, run: RunId) -> Result<Work> {
    let row = sqlx::query!(
        r#"
        SELECT tournaments.name AS tournament, tournaments.rules, submissions.name AS method,
               submissions.digest AS module, submissions.lane, tasks.name AS task, tasks.info, tasks.budget,
               tasks.train, tasks.hidden_inputs, tasks.hidden_labels, tasks.base, tasks.target, blocks.seed
        FROM runs
        JOIN tournaments ON tournaments.id = runs.tournament_id
        JOIN submissions ON submissions.id = runs.submission_id
        JOIN blocks ON blocks.id = runs.block_id
        JOIN tournament_tasks ON tournament_tasks.tournament_id = runs.tournament_id
                             AND tournament_tasks.number = blocks.task
        JOIN tasks ON tasks.id = tournament_tasks.task_id
        WHERE runs.id = $1
        "#,
        run.0
    )
    .fetch_one(conn)
    .await?;
    let rules: Rules = parse::json("tournaments.rules", row.rules)?;
    Ok(Work {
        tournament: parse::text("tournaments.name", &row.tournament)?,
        method: parse::text("submissions.name", &row.method)?,
        module: parse::text("submissions.digest", &row.module)?,
        lane: parse::text("submissions.lane", &row.lane)?,
        task: parse::text("tasks.name", &row.task)?,
        info: row.info,
        train: parse::text("tasks.train", &row.train)?,
        hidden_inputs: parse::text("tasks.hidden_inputs", &row.hidden_inputs)?,
        hidden_labels: parse::text("tasks.hidden_labels", &row.hidden_labels)?,
        base: parse::optional("tasks.base", row.base.as_deref())?,
        seed: parse::text("blocks.seed", &row.seed)?,
        budget: parse::json("tasks.budget", row.budget)?,
        probing: rules.probing(row.target),
    })
}

/// Prolongs a lease and notes progress; `None` if it is lost.
pub async fn extend(
    conn: &mut Conn,
    holder: &Holder,
    lease: Duration,
    progress: f64,
) -> Result<Option<TournamentId>> {
    let row = sqlx::query_scalar!(
        r#"
        UPDATE runs SET lease_until = now() + make_interval(secs => $4),
                        progress = greatest(progress, $5), beats = beats + 1
        FROM runners, tournaments
        WHERE runs.id = $1 AND runs.attempt = $2 AND runs.state = 'leased'
          AND runners.id = runs.runner_id AND runners.token_id = $3
          AND tournaments.id = runs.tournament_id AND tournaments.state = 'closed'
        RETURNING runs.tournament_id
        "#,
        holder.run.0,
        holder.attempt,
        holder.token.0,
        lease.as_secs_f64(),
        progress
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(TournamentId))
}

/// Ends the lease because its result is accepted; `None` if it is lost.
pub async fn finish(conn: &mut Conn, holder: &Holder) -> Result<Option<TournamentId>> {
    let row = sqlx::query_scalar!(
        r#"
        UPDATE runs SET state = 'done', lease_until = NULL, progress = 1
        FROM runners, tournaments
        WHERE runs.id = $1 AND runs.attempt = $2 AND runs.state = 'leased'
          AND runners.id = runs.runner_id AND runners.token_id = $3
          AND tournaments.id = runs.tournament_id AND tournaments.state = 'closed'
        RETURNING runs.tournament_id
        "#,
        holder.run.0,
        holder.attempt,
        holder.token.0
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(tournament) = row else {
        return Ok(None);
    };
    end_attempt(
        conn,
        holder.run,
        holder.attempt,
        AttemptState::Reported,
        None,
    )
    .await?;
    Ok(Some(TournamentId(tournament)))
}

/// An attempt that is lost, locked by whoever found it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost {
    /// The run.
    pub run: RunId,
    /// The attempt.
    pub attempt: i32,
    /// The tournament.
    pub tournament: TournamentId,
    /// Whether the run has attempts left.
    pub attempts_left: bool,
}

/// Finds and locks a run whose lease has run out; skips those another process has found.
pub async fn find_expired(conn: &mut Conn) -> Result<Option<Lost>> {
    let row = sqlx::query!(
        r#"
        SELECT runs.id, runs.attempt, runs.tournament_id,
               runs.attempt < runs.attempts_allowed AS "attempts_left!"
        FROM runs JOIN tournaments ON tournaments.id = runs.tournament_id
        WHERE runs.state = 'leased' AND runs.lease_until < now() AND tournaments.state = 'closed'
        ORDER BY runs.lease_until LIMIT 1
        FOR UPDATE OF runs SKIP LOCKED
        "#
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Lost {
        run: RunId(row.id),
        attempt: row.attempt,
        tournament: TournamentId(row.tournament_id),
        attempts_left: row.attempts_left,
    }))
}

/// Finds and locks a run that `runner` still holds from a life before.
pub async fn find_held(conn: &mut Conn, runner: RunnerId) -> Result<Option<Lost>> {
    let row = sqlx::query!(
        r#"
        SELECT runs.id, runs.attempt, runs.tournament_id,
               runs.attempt < runs.attempts_allowed AS "attempts_left!"
        FROM runs JOIN tournaments ON tournaments.id = runs.tournament_id
        WHERE runs.state = 'leased' AND runs.runner_id = $1 AND tournaments.state = 'closed'
        ORDER BY runs.id LIMIT 1
        FOR UPDATE OF runs
        "#,
        runner.0
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Lost {
        run: RunId(row.id),
        attempt: row.attempt,
        tournament: TournamentId(row.tournament_id),
        attempts_left: row.attempts_left,
    }))
}

/// Locks the run that `holder` gives up; `None` if the lease is lost anyway.
pub async fn find_own(conn: &mut Conn, holder: &Holder) -> Result<Option<Lost>> {
    let row = sqlx::query!(
        r#"
        SELECT runs.id, runs.attempt, runs.tournament_id,
               runs.attempt < runs.attempts_allowed AS "attempts_left!"
        FROM runs
        JOIN tournaments ON tournaments.id = runs.tournament_id
        JOIN runners ON runners.id = runs.runner_id
        WHERE runs.id = $1 AND runs.attempt = $2 AND runs.state = 'leased'
          AND runners.token_id = $3 AND tournaments.state = 'closed'
        FOR UPDATE OF runs
        "#,
        holder.run.0,
        holder.attempt,
        holder.token.0
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Lost {
        run: RunId(row.id),
        attempt: row.attempt,
        tournament: TournamentId(row.tournament_id),
        attempts_left: row.attempts_left,
    }))
}

/// Takes a lost attempt off its runner: the run is queued again after `pause`,
/// or stuck if that was its last. Returns which.
pub async fn lose(
    conn: &mut Conn,
    lost: &Lost,
    how: AttemptState,
    reason: &str,
    pause: Duration,
) -> Result<RunState> {
    let event = if lost.attempts_left {
        RunEvent::Requeue
    } else {
        RunEvent::GiveUp
    };
    let next = RunState::Leased
        .after(event)
        .map_err(|error| Error::Corrupt(error.to_string()))?;
    let stuck_because = (next == RunState::Stuck).then_some(reason);
    let done = sqlx::query!(
        r#"
        UPDATE runs SET state = $3, lease_until = NULL, stuck_because = $4,
                        not_before = now() + make_interval(secs => $5)
        WHERE id = $1 AND attempt = $2 AND state = 'leased'
        "#,
        lost.run.0,
        lost.attempt,
        next.as_str(),
        stuck_because,
        pause.as_secs_f64()
    )
    .execute(&mut *conn)
    .await?;
    if done.rows_affected() != 1 {
        return Err(Error::Corrupt(format!(
            "run {} changed under its lock",
            lost.run
        )));
    }
    end_attempt(conn, lost.run, lost.attempt, how, Some(reason)).await?;
    Ok(next)
}

async fn end_attempt(
    conn: &mut Conn,
    run: RunId,
    attempt: i32,
    how: AttemptState,
    reason: Option<&str>,
) -> Result<()> {
    let done = sqlx::query!(
        r#"
        UPDATE attempts SET state = $3, reason = $4, ended_at = now()
        WHERE run_id = $1 AND attempt = $2 AND state = 'leased'
        "#,
        run.0,
        attempt,
        how.as_str(),
        reason
    )
    .execute(conn)
    .await?;
    if done.rows_affected() == 1 {
        Ok(())
    } else {
        Err(Error::Corrupt(format!(
            "attempt {attempt} of run {run} has ended before"
        )))
    }
}
