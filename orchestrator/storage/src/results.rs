//! Accepted results: one for each run, for ever.

use gauntlet_domain::{Digest, Meters, Outcome, RunId};

use crate::{Conn, Result, parse};

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
    pub detail: Option<&'a str>,
    /// What training used.
    pub train: &'a Meters,
    /// What prediction used.
    pub predict: &'a Meters,
    /// Work until the task's target was reached, if it was.
    pub to_target: Option<f64>,
    /// Digest of the whole report.
    pub report: Digest,
}

/// Records a result. The caller has ended the lease in the same transaction.
pub async fn insert(conn: &mut Conn, result: &NewResult<'_>) -> Result<()> {
    sqlx::query!(
        r#"
        INSERT INTO results (run_id, attempt, verdict, score, model, predictions, detail,
                             train, predict, report_digest, probe, to_target)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        "#,
        result.run.0,
        result.attempt,
        result.outcome.verdict().as_str(),
        result.outcome.score(),
        result.model.map(|digest| digest.to_string()),
        result.predictions.map(|digest| digest.to_string()),
        result.detail,
        parse::to_json(result.train)?,
        parse::to_json(result.predict)?,
        result.report.to_string(),
        result.outcome.probe(),
        result.to_target
    )
    .execute(conn)
    .await?;
    Ok(())
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
