//! A runner reports the result of an attempt.

use std::collections::{BTreeMap, BTreeSet};

use gauntlet_domain::record::Event;
use gauntlet_domain::run::{
    CurvePoint, Meters, Metric, Outcome, OutcomeError, Verdict, tidy_curve,
};
use gauntlet_domain::tournament::CheckpointScore;
use gauntlet_domain::{Digest, RunId, TournamentId};
use gauntlet_storage::leases::Holder;
use gauntlet_storage::results::{self, ActiveLease, NewResult};
use gauntlet_storage::{Error, Transaction, checkpoint_scores, curves, events, runs};
use serde::Serialize;

use super::lease_lost::lease_lost;
use super::score_checkpoints;
use crate::{Context, Reason, Refusal};

/// The result of an attempt.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NewReport {
    /// How it ended.
    pub verdict: Verdict,
    /// The score in the task's metric, for a completed run; that of the last probe for a
    /// stopped one.
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
    /// All probes; those that came with heartbeats stay as they are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub probes: Vec<CheckpointScore>,
    /// Work until the task's target was reached, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_target: Option<u64>,
}

/// Accepts the result, once and for ever. The same report again is fine; a
/// different one, or one about an attempt that is not its runner's current
/// one, is a conflict.
pub async fn report(ctx: &Context, holder: &Holder, report: NewReport) -> Result<(), Refusal> {
    let checked = check(ctx, holder, report).await?;
    let mut answers = accept_all(ctx, vec![checked]).await?;
    // One for each report.
    answers.pop().unwrap_or_else(|| Err(lease_lost(holder)))
}

/// A report that is right in itself. Whether it counts is for [`accept_all`] to say.
#[derive(Debug)]
pub struct Checked {
    holder: Holder,
    outcome: Outcome,
    digest: Digest,
    /// Why its model will not do, should it come to that.
    model: Result<(), Refusal>,
    report: NewReport,
}

/// Looks at what a report says, without the database.
pub async fn check(ctx: &Context, holder: &Holder, report: NewReport) -> Result<Checked, Refusal> {
    let outcome = Outcome::new(report.verdict, report.score).map_err(invalid_outcome)?;
    score_checkpoints::check(&report.probes)?;
    Ok(Checked {
        holder: *holder,
        outcome,
        digest: digest(&report)?,
        model: check_model(ctx, &report).await,
        report,
    })
}

/// Accepts or refuses each report on its own, as [`report`] does, but in as few
/// transactions as they allow. Each that is accepted has its event. The answers are in
/// the order of the reports.
///
/// # Errors
/// When the database fails; some may have been accepted, and all may be sent again.
pub async fn accept_all(
    ctx: &Context,
    reports: Vec<Checked>,
) -> Result<Vec<Result<(), Refusal>>, Error> {
    let mut answers: Vec<Option<Result<(), Refusal>>> = reports.iter().map(|_| None).collect();
    let mut left: Vec<(usize, Checked)> = reports.into_iter().enumerate().collect();
    while !left.is_empty() {
        // One run twice in a transaction would be accepted twice: the second waits.
        let mut runs = BTreeSet::new();
        let (now, later) = left
            .into_iter()
            .partition(|(_, checked)| runs.insert(checked.holder.run));
        for (nth, answer) in accept(ctx, now).await? {
            answers[nth] = Some(answer);
        }
        left = later;
    }
    Ok(answers.into_iter().flatten().collect())
}

type Answers = Vec<(usize, Result<(), Refusal>)>;

/// One transaction. No two of the reports are about the same run.
async fn accept(ctx: &Context, mut reports: Vec<(usize, Checked)>) -> Result<Answers, Error> {
    let mut answers = Answers::new();
    let mut accepted: Vec<(ActiveLease, Checked)> = Vec::new();
    let holders: Vec<Holder> = reports.iter().map(|(_, one)| one.holder).collect();
    let mut tx = ctx.db.begin_short().await?;
    for held in results::lock_active(&mut tx, &holders).await? {
        let at = reports
            .iter()
            .position(|(_, one)| one.holder.run == held.run);
        let Some((nth, mut one)) = at.map(|at| reports.swap_remove(at)) else {
            continue;
        };
        let model = std::mem::replace(&mut one.model, Ok(()));
        let mut fits = model.and_then(|()| check_score(&held.metric, &one.outcome));
        let stopped = one.outcome.verdict() == Verdict::Stopped;
        if stopped
            && checkpoint_scores::stopped(&mut tx, held.run, one.holder.attempt)
                .await?
                .is_none()
        {
            fits = Err(nobody_stopped(&one.holder));
        }
        if fits.is_ok() {
            accepted.push((held, one));
        }
        answers.push((nth, fits));
    }
    write(ctx, tx, &mut accepted).await?;
    // Sent again because the answer was lost? (Then the blob may even be gone by now.)
    for (nth, one) in reports {
        let answer = match repeated(ctx, &one.holder, &one.digest).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(lease_lost(&one.holder)),
            Err(Refusal::Storage(error)) => return Err(error),
            Err(refusal) => Err(refusal),
        };
        answers.push((nth, answer));
    }
    Ok(answers)
}

/// Records what is accepted, and commits.
async fn write(
    ctx: &Context,
    mut tx: Transaction,
    accepted: &mut [(ActiveLease, Checked)],
) -> Result<(), Error> {
    if accepted.is_empty() {
        // At once: what it locked is passed over by claims.
        return Ok(tx.rollback().await?);
    }
    let new: Vec<NewResult<'_>> = accepted.iter().map(|(_, one)| one.result()).collect();
    results::accept(&mut tx, &new).await?;
    ctx.reached("report", "between lease and result");
    let beaten: Vec<RunId> = accepted
        .iter()
        .filter(|(held, _)| held.has_heartbeats)
        .map(|(held, _)| held.run)
        .collect();
    for (held, one) in accepted.iter() {
        checkpoint_scores::add(&mut tx, held.run, one.holder.attempt, &one.report.probes).await?;
    }
    curves::clear(&mut tx, &beaten).await?;
    let final_curves: Vec<(RunId, Vec<CurvePoint>)> = accepted
        .iter_mut()
        .map(|(held, one)| (held.run, tidy_curve(std::mem::take(&mut one.report.curve))))
        .collect();
    let points = final_curves.iter();
    curves::insert(
        &mut tx,
        points.map(|(run, points)| (*run, points.as_slice())),
    )
    .await?;

    let mut happened: BTreeMap<TournamentId, Vec<Event>> = BTreeMap::new();
    for (held, one) in accepted.iter() {
        happened
            .entry(held.tournament)
            .or_default()
            .push(Event::RunDone {
                run: held.run,
                attempt: one.holder.attempt,
                outcome: one.outcome,
                model: one.report.model,
                to_target: one.to_target(),
            });
    }
    let mut finished = false;
    // In the order of the tournaments: two that hold each other's chain would wait for ever.
    for (tournament, events) in &happened {
        events::append_all(&mut tx, *tournament, events).await?;
        // Behind the lock of the chain: of two that end a round together, one sees it.
        finished |= !runs::any_open(&mut tx, *tournament).await?;
    }
    ctx.commit(tx, "report").await?;
    if finished {
        ctx.signals.rounds();
    }
    ctx.signals.changed(&ctx.db, happened.into_keys());
    Ok(())
}

impl Checked {
    fn result(&self) -> NewResult<'_> {
        let detail = self.report.detail.as_deref();
        NewResult {
            run: self.holder.run,
            attempt: self.holder.attempt,
            outcome: self.outcome,
            model: self.report.model,
            predictions: self.report.predictions,
            detail: detail.map(|detail| gauntlet_text::one_line(detail, 500)),
            train: &self.report.train,
            predict: &self.report.predict,
            to_target: self.to_target(),
            report: self.digest,
        }
    }

    /// Work until the task's target was reached. It is well below 2^53, above which a double
    /// would round it.
    fn to_target(&self) -> Option<f64> {
        self.report.to_target.map(|work| work as f64)
    }
}

fn check_score(metric: &Metric, outcome: &Outcome) -> Result<(), Refusal> {
    match outcome.score().filter(|score| !metric.admits(*score)) {
        Some(score) => Err(impossible_score(metric, score)),
        None => Ok(()),
    }
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

/// A runner does not decide that a run no longer matters.
fn nobody_stopped(holder: &Holder) -> Refusal {
    Reason::new(
        "not-stopped",
        format!(
            "attempt {} of run {} was not told to stop",
            holder.attempt, holder.run
        ),
        "report `stopped` only after a heartbeat's answer says so",
    )
    .field("body.verdict")
    .conflict()
}
