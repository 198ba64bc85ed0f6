use gauntlet_domain::run::{AttemptState, CurvePoint, Meters, Metric, RunState, Verdict};
use gauntlet_domain::tournament::{
    Audience, BlockSeed, CheckpointScore, Disclosure, TournamentState,
};
use gauntlet_domain::{Digest, RunId, TournamentId};
use time::OffsetDateTime;

use crate::{Access, Conn, Result, checkpoint_scores, curves, parse};

/// A run with its curve and its attempts, as far as its audience may see it.
#[derive(Clone, Debug, PartialEq)]
pub struct RunView {
    /// Its id.
    pub id: RunId,
    /// The tournament.
    pub tournament_id: TournamentId,
    /// Name of the tournament.
    pub tournament: String,
    /// Name of the task.
    pub task: String,
    /// What the task measures.
    pub metric: Metric,
    /// Name of the method.
    pub method: String,
    /// Digest of the method's module.
    pub digest: Digest,
    /// Round, from 1.
    pub round: u32,
    /// Block of the tournament, from 1.
    pub block: u32,
    /// Seed of the block.
    pub seed: BlockSeed,
    /// Where it is.
    pub state: RunState,
    /// Share of the budget used, 0 to 1, as last reported.
    pub progress: f64,
    /// How it ended.
    pub verdict: Option<Verdict>,
    /// The score, if it completed.
    pub score: Option<f64>,
    /// Digest of the model.
    pub model: Option<Digest>,
    /// Digest of the predictions, which are not kept.
    pub predictions: Option<Digest>,
    /// One line for the entrant.
    pub detail: Option<String>,
    /// What training used.
    pub train: Option<Meters>,
    /// What prediction used.
    pub predict: Option<Meters>,
    /// What was reported so far, by name, then step.
    pub curve: Vec<CurvePoint>,
    /// Scores of checkpoints on the public slice, of the latest attempt.
    pub probes: Vec<CheckpointScore>,
    /// Work until the task's target was reached, if it was.
    pub to_target: Option<f64>,
    /// Its attempts, oldest first; none where they are not shown.
    pub attempts: Vec<AttemptView>,
    /// How much of it is shown.
    pub disclosure: Disclosure,
}

/// One execution of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptView {
    /// Its number, from 1.
    pub number: i32,
    /// Name of the runner.
    pub runner: String,
    /// Hardware class of the runner.
    pub class: String,
    /// How it went.
    pub state: AttemptState,
    /// Why it was lost.
    pub reason: Option<String>,
    /// When it was leased.
    pub started_at: OffsetDateTime,
    /// When it ended.
    pub ended_at: Option<OffsetDateTime>,
}

/// The run with that id, as `audience` may see it, if its tournament is there for `access`.
pub async fn run(
    conn: &mut Conn,
    id: RunId,
    audience: Audience,
    access: Access,
) -> Result<Option<RunView>> {
    let Some(row) = sqlx::query!(
        r#"
        SELECT runs.tournament_id, tournaments.name AS tournament,
               tournaments.state AS tournament_state, tasks.name AS task,
               tasks.metric, submissions.name AS method, submissions.digest, rounds.number AS round,
               blocks.index, blocks.seed, runs.state, runs.progress,
               (SELECT count(*) FROM blocks earlier JOIN rounds r ON r.id = earlier.round_id
                WHERE r.tournament_id = runs.tournament_id AND r.number < rounds.number)
                   AS "blocks_before!",
               results.verdict AS "verdict?", results.score, results.model, results.predictions,
               results.detail, results.train AS "train?", results.predict AS "predict?",
               results.to_target
        FROM runs
        JOIN tournaments ON tournaments.id = runs.tournament_id
        JOIN submissions ON submissions.id = runs.submission_id
        JOIN rounds ON rounds.id = runs.round_id
        JOIN blocks ON blocks.id = runs.block_id
        JOIN tournament_tasks ON tournament_tasks.tournament_id = runs.tournament_id
                             AND tournament_tasks.number = blocks.task
        JOIN tasks ON tasks.id = tournament_tasks.task_id
        LEFT JOIN results ON results.run_id = runs.id
        WHERE runs.id = $1
          AND (NOT tournaments.private OR $2
               OR EXISTS (SELECT FROM tournament_members AS members
                          WHERE members.tournament_id = tournaments.id AND members.account_id = $3))
        "#,
        id.0,
        access.is_everything(),
        access.account()
    )
    .fetch_optional(&mut *conn)
    .await?
    else {
        return Ok(None);
    };
    let state: TournamentState = parse::text("tournaments.state", &row.tournament_state)?;
    let disclosure = Disclosure::of(audience, state);
    let metric: Metric = parse::json("tasks.metric", row.metric)?;
    let verdict = parse::optional("results.verdict", row.verdict.as_deref())?;
    let predict: Option<Meters> = row
        .predict
        .map(|meters| parse::json("results.predict", meters))
        .transpose()?;
    let predictions = parse::optional("results.predictions", row.predictions.as_deref())?;
    let attempts = disclosure.later(Some(attempts(&mut *conn, id).await?));
    let probes = checkpoint_scores::of(&mut *conn, id).await?;
    let curve = curves::get(conn, id).await?;
    Ok(Some(RunView {
        id,
        tournament_id: TournamentId(row.tournament_id),
        tournament: row.tournament,
        task: row.task,
        method: row.method,
        digest: parse::text("submissions.digest", &row.digest)?,
        round: parse::number("rounds.number", row.round)?,
        block: parse::number("blocks.index", row.blocks_before + i64::from(row.index))?,
        seed: parse::text("blocks.seed", &row.seed)?,
        state: parse::text("runs.state", &row.state)?,
        progress: row.progress,
        verdict,
        score: row.score.map(|score| disclosure.score(&metric, score)),
        model: parse::optional("results.model", row.model.as_deref())?,
        predictions: disclosure.later(predictions),
        detail: disclosure.detail(row.detail, verdict, predict.as_ref()),
        train: row
            .train
            .map(|meters| parse::json("results.train", meters))
            .transpose()?,
        predict: disclosure.later(predict),
        curve,
        probes,
        to_target: row.to_target,
        attempts: attempts.unwrap_or_default(),
        metric,
        disclosure,
    }))
}

async fn attempts(conn: &mut Conn, run: RunId) -> Result<Vec<AttemptView>> {
    let rows = sqlx::query!(
        r#"
        SELECT attempts.attempt, runners.name, runners.class, attempts.state, attempts.reason,
               attempts.leased_at, attempts.ended_at
        FROM attempts JOIN runners ON runners.id = attempts.runner_id
        WHERE attempts.run_id = $1 ORDER BY attempts.attempt
        "#,
        run.0
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(AttemptView {
                number: row.attempt,
                runner: row.name,
                class: row.class,
                state: parse::text("attempts.state", &row.state)?,
                reason: row.reason,
                started_at: row.leased_at,
                ended_at: row.ended_at,
            })
        })
        .collect()
}
