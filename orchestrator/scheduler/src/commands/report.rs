//! A runner reports the result of an attempt.

use gauntlet_domain::{
    CurvePoint, Digest, Event, Meters, Metric, Outcome, OutcomeError, TournamentState, Verdict,
    tidy_curve,
};
use gauntlet_storage::leases::{self, Holder};
use gauntlet_storage::results::{self, NewResult};
use gauntlet_storage::tournaments::{self, Lock};
use gauntlet_storage::{Error, curves, events, tasks};
use serde::Serialize;

use super::text;
use crate::{Context, Reason, Refusal};

/// The result of an attempt.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NewReport {
    /// How it ended.
    pub verdict: Verdict,
    /// The score in the task's metric, for a completed run.
    pub score: Option<f64>,
    /// Digest of the model, for a completed run: a blob that is there already.
    pub model: Option<Digest>,
    /// Digest of the predictions.
    pub predictions: Option<Digest>,
    /// One line for the entrant; cut at 500 characters.
    pub detail: Option<String>,
    /// What training used.
    pub train: Meters,
    /// What prediction used.
    pub predict: Meters,
    /// The whole curve; thinned if it is long.
    pub curve: Vec<CurvePoint>,
}

/// Accepts the result, once and for ever. The same report again is fine; a
/// different one, or one about an attempt that is not its runner's current
/// one, is a conflict.
pub async fn report(ctx: &Context, holder: &Holder, report: NewReport) -> Result<(), Refusal> {
    let outcome = Outcome::new(report.verdict, report.score).map_err(invalid_outcome)?;
    let digest = digest(&report)?;
    // Sent again because the answer was lost? Then the blob may even be gone by now.
    if repeated(ctx, holder, &digest).await? {
        return Ok(());
    }
    check_model(ctx, &report).await?;

    let mut tx = ctx.db.begin().await?;
    let Some(tournament) = leases::finish(&mut tx, holder).await? else {
        drop(tx);
        // The same report may have overtaken this one.
        return if repeated(ctx, holder, &digest).await? {
            Ok(())
        } else {
            Err(lease_lost(holder))
        };
    };
    let row = tournaments::get(&mut tx, tournament, Lock::Share).await?;
    if row.is_none_or(|row| row.state != TournamentState::Closed) {
        return Err(lease_lost(holder));
    }
    let metric = tasks::metric_of(&mut tx, holder.run).await?;
    if let Some(score) = outcome.score().filter(|score| !metric.admits(*score)) {
        return Err(impossible_score(&metric, score));
    }
    ctx.reached("report", "between lease and result");
    let detail = report
        .detail
        .as_deref()
        .map(|detail| text::one_line(detail, 500));
    let result = NewResult {
        run: holder.run,
        attempt: holder.attempt,
        outcome,
        model: report.model,
        predictions: report.predictions,
        detail: detail.as_deref(),
        train: &report.train,
        predict: &report.predict,
        report: digest,
    };
    results::insert(&mut tx, &result).await?;
    curves::replace(&mut tx, holder.run, &tidy_curve(report.curve)).await?;
    let event = Event::RunDone {
        run: holder.run,
        attempt: holder.attempt,
        outcome,
        model: report.model,
        to_target: None,
    };
    events::append(&mut tx, tournament, &event).await?;
    ctx.commit(tx, "report").await?;
    Ok(())
}

/// Whether exactly this report of this attempt was accepted before. Another
/// one of the same attempt is refused here.
async fn repeated(ctx: &Context, holder: &Holder, digest: &Digest) -> Result<bool, Refusal> {
    let mut conn = ctx.db.acquire().await?;
    let Some((attempt, accepted)) = results::accepted(&mut conn, holder.run).await? else {
        return Ok(false);
    };
    let own = results::was_held_by(&mut conn, holder.run, holder.attempt, holder.token).await?;
    if attempt != holder.attempt || !own {
        return Err(lease_lost(holder));
    }
    if accepted == *digest {
        return Ok(true);
    }
    Err(Reason::new(
        "report-differs",
        format!("a different report of run {} is accepted", holder.run),
        "a result does not change; drop this one",
    )
    .field("body")
    .conflict())
}

async fn check_model(ctx: &Context, report: &NewReport) -> Result<(), Refusal> {
    match &report.model {
        None if report.verdict == Verdict::Completed => Err(Reason::new(
            "missing-model",
            "a completed run has a model",
            "PUT it to /api/v1/blobs/{digest} and name its digest",
        )
        .field("body.model")
        .invalid()),
        Some(model) if !ctx.blobs.exists(model).await? => Err(Reason::new(
            "missing-blob",
            format!("there is no blob {model}"),
            "PUT it to /api/v1/blobs/{digest} first",
        )
        .field("body.model")
        .invalid()),
        _ => Ok(()),
    }
}

/// Tells the same report from another: the digest of its JSON.
fn digest(report: &NewReport) -> Result<Digest, Refusal> {
    let bytes = serde_json::to_vec(report)
        .map_err(|error| Error::Corrupt(format!("a report cannot be written: {error}")))?;
    Ok(Digest::of(&bytes))
}

fn invalid_outcome(error: OutcomeError) -> Refusal {
    let field = match error {
        OutcomeError::MissingScore | OutcomeError::OutOfRange => "body.score",
        OutcomeError::UnexpectedScore => "body.verdict",
    };
    Reason::new(
        "invalid-outcome",
        error.to_string(),
        "report `completed` with a score, or another verdict without",
    )
    .field(field)
    .limit("a finite number")
    .invalid()
}

fn impossible_score(metric: &Metric, score: f64) -> Refusal {
    Reason::new(
        "invalid-outcome",
        format!("{} cannot be {score}", metric.name),
        "report the score that the task's scorer gave",
    )
    .field("body.score")
    .limit(format!("{} at best", metric.best))
    .invalid()
}

/// The answer to every message about an attempt that is not the sender's (any more).
pub(super) fn lease_lost(holder: &Holder) -> Refusal {
    Reason::new(
        "lease-lost",
        format!(
            "attempt {} of run {} is not leased to this runner",
            holder.attempt, holder.run
        ),
        "stop the sandbox and forget the run; it is being taken care of",
    )
    .field("path.attempt")
    .conflict()
}
