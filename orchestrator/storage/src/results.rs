//! Accepted results: one for each run, for ever.

use gauntlet_domain::run::{Meters, Metric, Outcome};
use gauntlet_domain::{Digest, RunId, TournamentId};

use crate::leases::Holder;
use crate::{Conn, Error, Result, parse};

/// A leased run whose holder has a result for it, locked.
#[derive(Clone, Debug, PartialEq)]
pub struct ActiveLease {
    /// The run.
    pub run: RunId,
    /// The tournament.
    pub tournament: TournamentId,
    /// What its task measures.
    pub metric: Metric,
    /// Whether there were heartbeats, which may have brought points of a curve.
    pub has_heartbeats: bool,
}

/// Locks those of the runs that are leased to these holders, and their tournaments
/// against a change of state. A run that is not returned is not its holder's (any more).
pub async fn lock_active(conn: &mut Conn, holders: &[Holder]) -> Result<Vec<ActiveLease>> {
    let runs: Vec<uuid::Uuid> = holders.iter().map(|holder| holder.run.0).collect();
    let attempts: Vec<i32> = holders.iter().map(|holder| holder.attempt).collect();
    let tokens: Vec<uuid::Uuid> = holders.iter().map(|holder| holder.token.0).collect();
    let rows = sqlx::query!(
        r#"
        SELECT runs.id, runs.tournament_id, tasks.metric, runs.beats
        FROM unnest($1::uuid[], $2::int[], $3::uuid[]) AS holder (run, attempt, token)
        JOIN runs ON runs.id = holder.run AND runs.attempt = holder.attempt
        JOIN runners ON runners.id = runs.runner_id AND runners.token_id = holder.token
        JOIN tournaments ON tournaments.id = runs.tournament_id
        JOIN blocks ON blocks.id = runs.block_id
        JOIN tournament_tasks ON tournament_tasks.tournament_id = runs.tournament_id
                             AND tournament_tasks.number = blocks.task
        JOIN tasks ON tasks.id = tournament_tasks.task_id
        WHERE runs.state = 'leased' AND tournaments.state = 'closed'
        ORDER BY runs.id
        FOR NO KEY UPDATE OF runs
        FOR SHARE OF tournaments
        "#,
        &runs,
        &attempts,
        &tokens
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(ActiveLease {
                run: RunId(row.id),
                tournament: TournamentId(row.tournament_id),
                metric: parse::json("tasks.metric", row.metric)?,
                has_heartbeats: row.beats > 0,
            })
        })
        .collect()
}

/// A result to be recorded.
#[derive(Clone, Debug)]
pub struct NewResult<'a> {
    /// The run.
    pub run: RunId,
    /// The attempt.
    pub attempt: i32,
    /// How it ended.
    pub outcome: Outcome,
    /// Digest of the model: a blob.
    pub model: Option<Digest>,
    /// Digest of the predictions.
    pub predictions: Option<Digest>,
    /// One line for the entrant.
    pub detail: Option<String>,
    /// What training used.
    pub train: &'a Meters,
    /// What prediction used.
    pub predict: &'a Meters,
    /// Work until the task's target was reached, if it was.
    pub to_target: Option<f64>,
    /// Digest of the whole report.
    pub report: Digest,
}

/// Ends the leases of these runs and records their results, in the transaction that
/// locked them. A runner with a result has no faults in a row any more, and passes its probation.
pub async fn accept(conn: &mut Conn, results: &[NewResult<'_>]) -> Result<()> {
    let mut rows = Rows::default();
    for result in results {
        rows.push(result)?;
    }
    let done = sqlx::query!(
        r#"
        WITH new AS (
            SELECT * FROM unnest($1::uuid[], $2::int[], $3::text[], $4::float8[], $5::text[],
                                 $6::text[], $7::text[], $8::jsonb[], $9::jsonb[], $10::text[], $11::float8[],
                                 $12::float8[])
                AS new (run, attempt, verdict, score, model, predictions, detail, train, predict,
                        report, probe, to_target)
        ), ended AS (
            UPDATE runs SET state = 'done', lease_until = NULL, progress = 1
            FROM new
            WHERE runs.id = new.run AND runs.attempt = new.attempt AND runs.state = 'leased'
        ), reported AS (
            UPDATE attempts SET state = 'reported', ended_at = now()
            FROM new
            WHERE attempts.run_id = new.run AND attempts.attempt = new.attempt
              AND attempts.state = 'leased'
            RETURNING attempts.run_id, attempts.runner_id
        ), healthy AS (
            UPDATE runners SET faults = 0, faulted_methods = '{}', faulted_runs = '{}',
                               times_set_aside = 0, set_aside_until = NULL, set_aside_because = NULL
            FROM reported
            WHERE runners.id = reported.runner_id AND runners.faults > 0
              AND (runners.set_aside_until IS NULL OR runners.set_aside_until <= now())
        )
        INSERT INTO results (run_id, attempt, verdict, score, model, predictions, detail,
                             train, predict, report_digest, probe, to_target)
        SELECT new.* FROM new JOIN reported ON reported.run_id = new.run
        "#,
        &rows.run,
        &rows.attempt,
        &rows.verdict,
        &rows.score as &[Option<f64>],
        &rows.model as &[Option<String>],
        &rows.predictions as &[Option<String>],
        &rows.detail as &[Option<String>],
        &rows.train,
        &rows.predict,
        &rows.report,
        &rows.probe as &[Option<f64>],
        &rows.to_target as &[Option<f64>]
    )
    .execute(conn)
    .await?;
    if done.rows_affected() == results.len() as u64 {
        Ok(())
    } else {
        Err(Error::Corrupt("a run changed under its lock".to_owned()))
    }
}

/// Results by column, as a statement takes many of them.
#[derive(Default)]
struct Rows {
    run: Vec<uuid::Uuid>,
    attempt: Vec<i32>,
    verdict: Vec<String>,
    score: Vec<Option<f64>>,
    model: Vec<Option<String>>,
    predictions: Vec<Option<String>>,
    detail: Vec<Option<String>>,
    train: Vec<serde_json::Value>,
    predict: Vec<serde_json::Value>,
    report: Vec<String>,
    probe: Vec<Option<f64>>,
    to_target: Vec<Option<f64>>,
}

impl Rows {
    fn push(&mut self, result: &NewResult<'_>) -> Result<()> {
        let text = |digest: Option<Digest>| digest.map(|digest| digest.to_string());
        self.run.push(result.run.0);
        self.attempt.push(result.attempt);
        self.verdict
            .push(result.outcome.verdict().as_str().to_owned());
        self.score.push(result.outcome.score());
        self.model.push(text(result.model));
        self.predictions.push(text(result.predictions));
        self.detail.push(result.detail.clone());
        self.train.push(parse::to_json(result.train)?);
        self.predict.push(parse::to_json(result.predict)?);
        self.report.push(result.report.to_string());
        self.probe.push(result.outcome.probe());
        self.to_target.push(result.to_target);
        Ok(())
    }
}

/// Attempt and report digest of a run's accepted result.
pub async fn accepted(conn: &mut Conn, run: RunId) -> Result<Option<(i32, Digest)>> {
    let row = sqlx::query!(
        "SELECT attempt, report_digest FROM results WHERE run_id = $1",
        run.0
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        Ok((
            row.attempt,
            parse::text("results.report_digest", &row.report_digest)?,
        ))
    })
    .transpose()
}

/// Whether `token` belongs to the runner of this attempt.
pub async fn was_held_by(
    conn: &mut Conn,
    run: RunId,
    attempt: i32,
    token: gauntlet_domain::TokenId,
) -> Result<bool> {
    let found = sqlx::query_scalar!(
        r#"
        SELECT EXISTS (
            SELECT 1 FROM attempts JOIN runners ON runners.id = attempts.runner_id
            WHERE attempts.run_id = $1 AND attempts.attempt = $2 AND runners.token_id = $3
        ) AS "found!"
        "#,
        run.0,
        attempt,
        token.0
    )
    .fetch_one(conn)
    .await?;
    Ok(found)
}
