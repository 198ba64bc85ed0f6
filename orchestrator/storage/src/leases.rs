//! Leases: a runner's right to one attempt of a run, until a deadline in
//! database time. How it comes by one is in [`crate::claims`], how it ends well in
//! [`crate::results`].
//!
//! No lock is held while a run executes. Every write about it repeats attempt and
//! holder in its `WHERE`: no row means the lease is lost.

use std::time::Duration;

use gauntlet_domain::run::{AttemptState, RunEvent, RunState};
use gauntlet_domain::{RunId, RunnerId, SubmissionId, TokenId, TournamentId};

use crate::{Conn, Error, Result};

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

/// A lease that was prolonged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extended {
    /// The run's tournament.
    pub tournament: TournamentId,
    /// How long it lasts from now: shorter than was asked for if its last end comes first.
    pub lease: Duration,
}

/// Prolongs a lease, but not beyond its last end, and notes progress; `None` if it is lost.
pub async fn extend(
    conn: &mut Conn,
    holder: &Holder,
    lease: Duration,
    progress: f64,
) -> Result<Option<Extended>> {
    let row = sqlx::query!(
        r#"
        UPDATE runs SET lease_until = least(now() + make_interval(secs => $4), lease_ends),
                        progress = greatest(progress, $5), beats = beats + 1
        FROM runners, tournaments
        WHERE runs.id = $1 AND runs.attempt = $2 AND runs.state = 'leased'
          AND runners.id = runs.runner_id AND runners.token_id = $3
          AND tournaments.id = runs.tournament_id AND tournaments.state = 'closed'
          AND (runs.lease_ends IS NULL OR runs.lease_ends > now())
        RETURNING runs.tournament_id,
                  extract(epoch FROM runs.lease_until - now())::float8 AS "seconds!"
        "#,
        holder.run.0,
        holder.attempt,
        holder.token.0,
        lease.as_secs_f64(),
        progress
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    count_heartbeat(conn, holder.run, row.tournament_id).await?;
    Ok(Some(Extended {
        tournament: TournamentId(row.tournament_id),
        lease: Duration::try_from_secs_f64(row.seconds).unwrap_or_default(),
    }))
}

/// Counts a change that writes no event. A run's heartbeats always fall into the same of the
/// tournament's few counters.
async fn count_heartbeat(conn: &mut Conn, run: RunId, tournament: uuid::Uuid) -> Result<()> {
    let shard = i16::from(run.0.as_bytes()[15] % 8);
    sqlx::query!(
        r#"
        INSERT INTO beats (tournament_id, shard, count) VALUES ($1, $2, 1)
        ON CONFLICT (tournament_id, shard) DO UPDATE SET count = beats.count + 1
        "#,
        tournament,
        shard
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// An attempt that is lost, locked by whoever found it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LostLease {
    /// The run.
    pub run: RunId,
    /// The attempt.
    pub attempt: i32,
    /// The tournament.
    pub tournament: TournamentId,
    /// Whose run it is.
    pub method: SubmissionId,
    /// Who held it.
    pub runner: RunnerId,
    /// Whether the run has attempts left.
    pub attempts_left: bool,
}

/// A lease that has run out, or whose runner has started again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expired {
    /// The attempt that is lost.
    pub lost: LostLease,
    /// Why.
    pub because: Expiry,
}

/// Why a lease has run out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// Its runner was not heard in time.
    Silence,
    /// Its runner could not be heard: nobody listened.
    Outage,
    /// It was held for as long as any attempt of its task may take.
    LastEnd,
}

/// Finds and locks a run whose lease has run out; skips those another process has found.
pub async fn find_expired(conn: &mut Conn) -> Result<Option<Expired>> {
    let row = sqlx::query!(
        r#"
        SELECT runs.id, runs.attempt, runs.tournament_id, runs.submission_id,
               runs.runner_id AS "runner_id!",
               runs.attempt < runs.attempts_allowed AS "attempts_left!",
               runs.lease_until <= (SELECT forgiven_until FROM lease_watch) AS "outage!",
               coalesce(runs.lease_ends < now(), false) AS "last_end!"
        FROM runs JOIN tournaments ON tournaments.id = runs.tournament_id
        WHERE runs.state = 'leased' AND runs.lease_until < now() AND tournaments.state = 'closed'
        ORDER BY runs.lease_until LIMIT 1
        FOR UPDATE OF runs SKIP LOCKED
        "#
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Expired {
        lost: LostLease {
            run: RunId(row.id),
            attempt: row.attempt,
            tournament: TournamentId(row.tournament_id),
            method: SubmissionId(row.submission_id),
            runner: RunnerId(row.runner_id),
            attempts_left: row.attempts_left,
        },
        because: match (row.last_end, row.outage) {
            (true, _) => Expiry::LastEnd,
            (false, true) => Expiry::Outage,
            (false, false) => Expiry::Silence,
        },
    }))
}

/// Finds and locks a run that `runner` still holds from a life before.
pub async fn find_held(conn: &mut Conn, runner: RunnerId) -> Result<Option<Expired>> {
    let row = sqlx::query!(
        r#"
        SELECT runs.id, runs.attempt, runs.tournament_id, runs.submission_id,
               runs.attempt < runs.attempts_allowed AS "attempts_left!",
               runs.lease_until <= (SELECT forgiven_until FROM lease_watch) AS "outage!"
        FROM runs JOIN tournaments ON tournaments.id = runs.tournament_id
        WHERE runs.state = 'leased' AND runs.runner_id = $1 AND tournaments.state = 'closed'
        ORDER BY runs.id LIMIT 1
        FOR UPDATE OF runs
        "#,
        runner.0
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Expired {
        lost: LostLease {
            run: RunId(row.id),
            attempt: row.attempt,
            tournament: TournamentId(row.tournament_id),
            method: SubmissionId(row.submission_id),
            runner,
            attempts_left: row.attempts_left,
        },
        because: if row.outage {
            Expiry::Outage
        } else {
            Expiry::Silence
        },
    }))
}

/// Locks the run that `holder` gives up; `None` if the lease is lost anyway.
pub async fn find_own(conn: &mut Conn, holder: &Holder) -> Result<Option<LostLease>> {
    let row = sqlx::query!(
        r#"
        SELECT runs.id, runs.attempt, runs.tournament_id, runs.submission_id,
               runs.runner_id AS "runner_id!",
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
    Ok(row.map(|row| LostLease {
        run: RunId(row.id),
        attempt: row.attempt,
        tournament: TournamentId(row.tournament_id),
        method: SubmissionId(row.submission_id),
        runner: RunnerId(row.runner_id),
        attempts_left: row.attempts_left,
    }))
}

/// How an attempt was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loss<'a> {
    /// What became of the attempt.
    pub how: AttemptState,
    /// Why.
    pub reason: &'a str,
    /// How long the run waits before it may be leased again.
    pub pause: Duration,
    /// Whether the run is allowed another attempt for it.
    pub forgiven: bool,
}

/// Takes a lost attempt off its runner: the run is queued again after a pause,
/// or stuck if that was its last. Returns which.
pub async fn release(conn: &mut Conn, lost: &LostLease, loss: Loss<'_>) -> Result<RunState> {
    let event = if lost.attempts_left || loss.forgiven {
        RunEvent::Requeue
    } else {
        RunEvent::GiveUp
    };
    let next = RunState::Leased
        .after(event)
        .map_err(|error| Error::Corrupt(error.to_string()))?;
    let stuck_because = (next == RunState::Stuck).then_some(loss.reason);
    let done = sqlx::query!(
        r#"
        UPDATE runs SET state = $3, lease_until = NULL, stuck_because = $4,
                        not_before = now() + make_interval(secs => $5),
                        attempts_allowed = attempts_allowed + $6::int
        WHERE id = $1 AND attempt = $2 AND state = 'leased'
        "#,
        lost.run.0,
        lost.attempt,
        next.as_str(),
        stuck_because,
        loss.pause.as_secs_f64(),
        i32::from(loss.forgiven)
    )
    .execute(&mut *conn)
    .await?;
    if done.rows_affected() != 1 {
        return Err(Error::Corrupt(format!(
            "run {} changed under its lock",
            lost.run
        )));
    }
    end_attempt(conn, lost, loss).await?;
    Ok(next)
}

async fn end_attempt(conn: &mut Conn, lost: &LostLease, loss: Loss<'_>) -> Result<()> {
    let (run, attempt) = (lost.run, lost.attempt);
    let done = sqlx::query!(
        r#"
        UPDATE attempts SET state = $3, reason = $4, forgiven = $5, ended_at = now()
        WHERE run_id = $1 AND attempt = $2 AND state = 'leased'
        "#,
        run.0,
        attempt,
        loss.how.as_str(),
        loss.reason,
        loss.forgiven
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
