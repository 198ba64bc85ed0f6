//! Claims: which runs are leased next, and to whom.
//!
//! A claim is a short transaction: [`pick`] locks queued runs, [`take`] stamps attempt,
//! holder and deadline. What it costs does not depend on the number of runs.

use std::time::Duration;

use gauntlet_domain::run::{Budget, Lane};
use gauntlet_domain::tournament::{BlockSeed, Probing, Rules};
use gauntlet_domain::{
    Digest, MethodName, RunId, RunnerId, TaskName, TournamentId, TournamentName,
};

use crate::{Conn, Error, Result, parse};

/// What a runner needs to execute a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Work {
    /// Name of the tournament.
    pub tournament: TournamentName,
    /// Name of the method.
    pub method: MethodName,
    /// Digest of the module or the image's archive.
    pub artifact: Digest,
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

/// A queued run, locked by whoever picked it.
#[derive(Clone, Debug, PartialEq)]
pub struct Picked {
    /// The run.
    pub run: RunId,
    /// Its next attempt.
    pub attempt: i32,
    /// The tournament.
    pub tournament: TournamentId,
    /// Who lost the attempt before, if there was one.
    pub lost_by: Option<RunnerId>,
    /// What it takes to execute it.
    pub work: Work,
}

/// Locks the oldest queued runs of these lanes, at most `most`, all of one tournament and
/// lane: those of the oldest run. Leaves out the tournaments in `not_from`, and runs that
/// `avoid` lost before. Skips what another transaction has locked.
///
/// What a tournament must be like to be leased from stands twice: to find it, and to hold
/// once it is locked. Its share lock keeps it so until the lease is committed.
pub async fn pick(
    conn: &mut Conn,
    lanes: &[Lane],
    avoid: Option<RunnerId>,
    not_from: &[TournamentId],
    most: usize,
) -> Result<Vec<Picked>> {
    let lanes: Vec<String> = lanes.iter().map(Lane::to_string).collect();
    let not_from: Vec<uuid::Uuid> = not_from.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"
        WITH oldest AS MATERIALIZED (
            SELECT tournaments.id, lanes.lane
            FROM tournaments
            CROSS JOIN unnest($1::text[]) AS lanes (lane)
            CROSS JOIN LATERAL (
                SELECT runs.id FROM runs
                WHERE runs.tournament_id = tournaments.id AND runs.lane = lanes.lane
                  AND runs.state = 'queued' AND runs.not_before <= now()
                  AND runs.attempt < runs.attempts_allowed
                  AND ($2::uuid IS NULL OR runs.runner_id IS DISTINCT FROM $2)
                ORDER BY runs.id LIMIT 1) AS first
            WHERE tournaments.state = 'closed' AND tournaments.paused_because IS NULL
              AND tournaments.id <> ALL ($3)
            ORDER BY first.id LIMIT 1
        ), picked AS MATERIALIZED (
            SELECT runs.id, runs.attempt, runs.runner_id, runs.tournament_id,
                   runs.submission_id, runs.block_id
            FROM runs JOIN tournaments ON tournaments.id = runs.tournament_id
            WHERE runs.tournament_id = (SELECT id FROM oldest)
              AND runs.lane = (SELECT lane FROM oldest)
              AND runs.state = 'queued' AND runs.not_before <= now()
              AND runs.attempt < runs.attempts_allowed
              AND ($2::uuid IS NULL OR runs.runner_id IS DISTINCT FROM $2)
              AND tournaments.state = 'closed' AND tournaments.paused_because IS NULL
            ORDER BY runs.id LIMIT $4
            FOR NO KEY UPDATE OF runs SKIP LOCKED
            FOR SHARE OF tournaments SKIP LOCKED
        )
        SELECT picked.id, picked.attempt, picked.tournament_id,
               picked.runner_id AS "runner_id?",
               tournaments.name AS tournament, tournaments.rules, submissions.name AS method,
               submissions.digest AS module, submissions.lane, tasks.name AS task,
               tasks.info, tasks.budget, tasks.train, tasks.hidden_inputs, tasks.hidden_labels,
               tasks.base, tasks.target, blocks.seed, blocks.half
        FROM picked
        JOIN tournaments ON tournaments.id = picked.tournament_id
        JOIN submissions ON submissions.id = picked.submission_id
        JOIN blocks ON blocks.id = picked.block_id
        JOIN tournament_tasks ON tournament_tasks.tournament_id = picked.tournament_id
                             AND tournament_tasks.number = blocks.task
        JOIN tasks ON tasks.id = tournament_tasks.task_id
        ORDER BY picked.id
        "#,
        &lanes,
        avoid.map(|runner| runner.0),
        &not_from,
        parse::number::<i64>("limit", most)?
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let lane: Lane = parse::text("submissions.lane", &row.lane)?;
            let budget: Budget = parse::json("tasks.budget", row.budget)?;
            Ok(Picked {
                run: RunId(row.id),
                attempt: row.attempt + 1,
                tournament: TournamentId(row.tournament_id),
                lost_by: row.runner_id.map(RunnerId),
                work: Work {
                    tournament: parse::text("tournaments.name", &row.tournament)?,
                    method: parse::text("submissions.name", &row.method)?,
                    artifact: parse::text("submissions.digest", &row.module)?,
                    lane,
                    task: parse::text("tasks.name", &row.task)?,
                    info: row.info,
                    train: parse::text("tasks.train", &row.train)?,
                    hidden_inputs: parse::text("tasks.hidden_inputs", &row.hidden_inputs)?,
                    hidden_labels: parse::text("tasks.hidden_labels", &row.hidden_labels)?,
                    base: parse::optional("tasks.base", row.base.as_deref())?,
                    seed: parse::text("blocks.seed", &row.seed)?,
                    budget: if row.half {
                        budget.half(lane == Lane::Oci)
                    } else {
                        budget
                    },
                    probing: parse::json::<Rules>("tournaments.rules", row.rules)?
                        .probing(row.target),
                },
            })
        })
        .collect()
}

/// An attempt to be leased: a picked run and its new holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The run.
    pub run: RunId,
    /// The attempt.
    pub attempt: i32,
    /// Who gets it.
    pub runner: RunnerId,
}

/// Leases picked runs, in the transaction that picked them.
pub async fn take(conn: &mut Conn, leases: &[Lease], until: Duration) -> Result<()> {
    let runs: Vec<uuid::Uuid> = leases.iter().map(|lease| lease.run.0).collect();
    let attempts: Vec<i32> = leases.iter().map(|lease| lease.attempt).collect();
    let runners: Vec<uuid::Uuid> = leases.iter().map(|lease| lease.runner.0).collect();
    let done = sqlx::query!(
        r#"
        WITH taken AS (
            UPDATE runs SET state = 'leased', attempt = new.attempt, runner_id = new.runner,
                            lease_until = now() + make_interval(secs => $4), progress = 0
            FROM unnest($1::uuid[], $2::int[], $3::uuid[]) AS new (run, attempt, runner)
            WHERE runs.id = new.run AND runs.attempt = new.attempt - 1 AND runs.state = 'queued'
            RETURNING runs.id, runs.attempt, runs.runner_id
        )
        INSERT INTO attempts (run_id, attempt, runner_id) SELECT id, attempt, runner_id FROM taken
        "#,
        &runs,
        &attempts,
        &runners,
        until.as_secs_f64()
    )
    .execute(&mut *conn)
    .await?;
    if done.rows_affected() != leases.len() as u64 {
        return Err(Error::Corrupt("a run changed under its lock".to_owned()));
    }
    // The curve of a lost attempt ends nowhere: the new one starts its own.
    let again: Vec<RunId> = leases
        .iter()
        .filter(|lease| lease.attempt > 1)
        .map(|lease| lease.run)
        .collect();
    crate::curves::clear(conn, &again).await
}
