//! Claims: which runs are leased next, and to whom.
//!
//! A claim is a short transaction: [`pick`] locks queued runs, [`take`] stamps attempt,
//! holder and deadline, and charges the tournament's and its organiser's share. What it costs
//! does not depend on the number of runs.
//!
//! Whose turn it is follows from [`Share`](gauntlet_domain::tournament::Share)s by start-time fair queueing,
//! first between the organisers of the highest priority that has queued runs, then between the
//! tournaments of that organiser; within a tournament the oldest run comes first. A lease costs
//! the run's budget of work, whatever it will use of it. Whoever asks for nothing for a while
//! starts again at the clock, which is where the last lease of the others started.

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
    /// Who lost the attempt before, if there was one.
    pub lost_by: Option<RunnerId>,
    /// What it takes to execute it.
    pub work: Work,
}

/// Whose turn it is, and the runs that were picked for it: at least one.
#[derive(Clone, Debug, PartialEq)]
pub struct Turn {
    /// The tournament.
    pub tournament: TournamentId,
    /// Where its next lease starts in the virtual time of its organiser's tournaments.
    pub start: f64,
    /// Where the same lease starts in the virtual time of organisers.
    pub organiser_start: f64,
    /// The runs, oldest first, all of one lane.
    pub picked: Vec<Picked>,
    /// Runners that get nothing now: they are set aside, or have on probation what they may.
    pub barred: Vec<RunnerId>,
    /// Runners that get one attempt, being on probation.
    pub on_probation: Vec<RunnerId>,
}

/// So many runs are picked at most, since others wait for the locks. The query says the number
/// where the planner can read it, which otherwise expects a tenth of the queue and prepares for it.
pub const MOST_TOGETHER: usize = 64;

/// Locks queued runs of these lanes of the tournament whose turn it is, all of one lane, the
/// oldest first, at most `most` and [`MOST_TOGETHER`]. Of the `asked` runs for which there is room altogether it gets
/// its part, rounded up, as long as others have queued runs too. Leaves out the tournaments in `not_from`, and runs that `avoid`
/// lost before. Skips what another transaction has locked.
///
/// What a tournament must be like to be leased from stands twice: to find it, and to hold
/// once it is locked. Its share lock keeps it so until the lease is committed.
pub async fn pick(
    conn: &mut Conn,
    lanes: &[Lane],
    avoid: Option<RunnerId>,
    not_from: &[TournamentId],
    most: usize,
    asked: usize,
) -> Result<Option<Turn>> {
    let lanes: Vec<String> = lanes.iter().map(Lane::to_string).collect();
    let not_from: Vec<uuid::Uuid> = not_from.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"
        WITH ready AS MATERIALIZED (
            SELECT tournaments.id, first.lane, first.run, shares.organiser, shares.priority,
                   shares.weight, shares.virtual_time
            FROM tournaments
            JOIN tournament_shares AS shares ON shares.tournament_id = tournaments.id
            CROSS JOIN LATERAL (
                SELECT lanes.lane, oldest.id AS run
                FROM unnest($1::text[]) AS lanes (lane)
                CROSS JOIN LATERAL (
                    SELECT runs.id FROM runs
                    WHERE runs.tournament_id = tournaments.id AND runs.lane = lanes.lane
                      AND runs.state = 'queued' AND runs.not_before <= now()
                      AND runs.attempt < runs.attempts_allowed
                      AND ($2::uuid IS NULL OR runs.runner_id IS DISTINCT FROM $2)
                    ORDER BY runs.queue_order LIMIT 1) AS oldest
                ORDER BY oldest.id LIMIT 1) AS first
            WHERE tournaments.state = 'closed' AND tournaments.paused_because IS NULL
              AND tournaments.id <> ALL ($3)
        ), level AS MATERIALIZED (
            SELECT ready.*,
                   greatest(ready.virtual_time, coalesce(mine.clock, 0)) AS start,
                   greatest(coalesce(mine.virtual_time, 0), others.clock) AS organiser_start
            FROM ready
            LEFT JOIN organiser_shares AS mine
                   ON mine.organiser = ready.organiser AND mine.priority = ready.priority
            CROSS JOIN LATERAL (
                SELECT coalesce(max(started), 0) AS clock FROM organiser_shares
                WHERE organiser_shares.priority = ready.priority) AS others
            WHERE ready.priority = (SELECT max(priority) FROM ready)
        ), turn AS MATERIALIZED (
            SELECT id, lane, start, organiser_start,
                   ceil($5::bigint * weight::float8
                        / sum(weight) OVER (PARTITION BY organiser)
                        / (SELECT count(DISTINCT organiser) FROM level))::bigint AS part
            FROM level ORDER BY organiser_start, organiser, start, run LIMIT 1
        ), picked AS MATERIALIZED (
            SELECT runs.id, runs.attempt, runs.runner_id, runs.tournament_id,
                   runs.submission_id, runs.block_id
            FROM runs JOIN tournaments ON tournaments.id = runs.tournament_id
            WHERE runs.tournament_id = (SELECT id FROM turn)
              AND runs.lane = (SELECT lane FROM turn)
              AND runs.state = 'queued' AND runs.not_before <= now()
              AND runs.attempt < runs.attempts_allowed
              AND ($2::uuid IS NULL OR runs.runner_id IS DISTINCT FROM $2)
              AND tournaments.state = 'closed' AND tournaments.paused_because IS NULL
            ORDER BY runs.queue_order LIMIT (SELECT least(part, $4::bigint) FROM turn)
            FOR NO KEY UPDATE OF runs SKIP LOCKED
            FOR SHARE OF tournaments SKIP LOCKED
        )
        SELECT picked.id, picked.attempt, picked.tournament_id,
               picked.runner_id AS "runner_id?",
               turn.start AS "start!", turn.organiser_start AS "organiser_start!",
               tournaments.name AS tournament, tournaments.rules, submissions.name AS method,
               submissions.digest AS module, submissions.lane, tasks.name AS task,
               tasks.info, tasks.budget, tasks.train, tasks.hidden_inputs, tasks.hidden_labels,
               tasks.base, tasks.target, blocks.seed, blocks.half,
               aside.barred AS "barred!", aside.on_probation AS "on_probation!"
        FROM (SELECT * FROM picked LIMIT 64) AS picked
        CROSS JOIN turn
        CROSS JOIN (
            SELECT coalesce(array_agg(id), '{}') AS on_probation,
                   coalesce(array_agg(id) FILTER (
                       WHERE set_aside_until > now() OR EXISTS (
                           SELECT 1 FROM runs AS held
                           WHERE held.state = 'leased' AND held.runner_id = runners.id)), '{}') AS barred
            FROM runners WHERE set_aside_until IS NOT NULL) AS aside
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
        parse::number::<i64>("limit", most.min(MOST_TOGETHER))?,
        parse::number::<i64>("asked", asked)?
    )
    .fetch_all(conn)
    .await?;
    let Some(first) = rows.first() else {
        return Ok(None);
    };
    let runners =
        |ids: &[uuid::Uuid]| -> Vec<RunnerId> { ids.iter().copied().map(RunnerId).collect() };
    let (barred, on_probation) = (runners(&first.barred), runners(&first.on_probation));
    let (tournament, start, organiser_start) = (
        TournamentId(first.tournament_id),
        first.start,
        first.organiser_start,
    );
    let picked = rows
        .into_iter()
        .map(|row| {
            let lane: Lane = parse::text("submissions.lane", &row.lane)?;
            let budget: Budget = parse::json("tasks.budget", row.budget)?;
            Ok(Picked {
                run: RunId(row.id),
                attempt: row.attempt + 1,
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
        .collect::<Result<_>>()?;
    Ok(Some(Turn {
        tournament,
        start,
        organiser_start,
        picked,
        barred,
        on_probation,
    }))
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
    /// What its share is charged: the run's budget of work.
    pub cost: u64,
    /// For how long it can be held at all, whatever its heartbeats say.
    pub longest: Duration,
}

/// Leases picked runs, in the transaction that picked them, and charges `turn`'s share.
pub async fn take(conn: &mut Conn, turn: &Turn, leases: &[Lease], until: Duration) -> Result<()> {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a share is not disturbed by a part in 2⁵³"
    )]
    let costs: Vec<f64> = leases
        .iter()
        .map(|lease| lease.cost.max(1) as f64)
        .collect();
    let cost: f64 = costs.iter().sum();
    let last = costs.last().copied().unwrap_or_default();
    let runs: Vec<uuid::Uuid> = leases.iter().map(|lease| lease.run.0).collect();
    let attempts: Vec<i32> = leases.iter().map(|lease| lease.attempt).collect();
    let runners: Vec<uuid::Uuid> = leases.iter().map(|lease| lease.runner.0).collect();
    let longest: Vec<f64> = leases
        .iter()
        .map(|lease| lease.longest.as_secs_f64())
        .collect();
    let done = sqlx::query!(
        r#"
        WITH taken AS (
            UPDATE runs SET state = 'leased', attempt = new.attempt, runner_id = new.runner,
                            lease_until = now() + make_interval(secs => $4), progress = 0,
                            lease_ends = now() + make_interval(secs => new.longest)
            FROM unnest($1::uuid[], $2::int[], $3::uuid[], $10::float8[])
                AS new (run, attempt, runner, longest)
            WHERE runs.id = new.run AND runs.attempt = new.attempt - 1 AND runs.state = 'queued'
            RETURNING runs.id, runs.attempt, runs.runner_id
        ), charged AS (
            UPDATE tournament_shares
            SET virtual_time = greatest(virtual_time, $6::float8) + $8::float8 / weight
            WHERE tournament_id = $5
            RETURNING organiser, priority, virtual_time - $9::float8 / weight AS clock
        ), organiser_charged AS (
            INSERT INTO organiser_shares AS mine (organiser, priority, virtual_time, started, clock)
            SELECT organiser, priority, $7::float8 + $8::float8, $7::float8 + $8::float8 - $9::float8,
                   clock
            FROM charged
            ON CONFLICT (organiser, priority) DO UPDATE
            SET virtual_time = greatest(mine.virtual_time, $7::float8) + $8::float8,
                started = greatest(mine.virtual_time, $7::float8) + $8::float8 - $9::float8,
                clock = greatest(mine.clock, excluded.clock)
        )
        INSERT INTO attempts (run_id, attempt, runner_id) SELECT id, attempt, runner_id FROM taken
        "#,
        &runs,
        &attempts,
        &runners,
        until.as_secs_f64(),
        turn.tournament.0,
        turn.start,
        turn.organiser_start,
        cost,
        last,
        &longest
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
