//! A runner hands in what checkpoints scored on the public slice, and is told whether the
//! run can still matter.

use gauntlet_domain::TournamentId;
use gauntlet_domain::tournament::{CheckpointScore, TournamentState, can_still_matter};
use gauntlet_storage::leases::{self, Holder};
use gauntlet_storage::tournaments::{self, Lock};
use gauntlet_storage::{Conn, checkpoint_scores, play};

use super::lease_lost::lease_lost;
use crate::{Context, Reason, Refusal};

/// Notes the probes and says why the attempt is to be stopped, if it is: once decided, that
/// is the answer to every further call. Probes that are there already stay as they are, so
/// the same ones again are fine.
pub async fn score_checkpoints(
    ctx: &Context,
    holder: &Holder,
    probes: &[CheckpointScore],
) -> Result<Option<String>, Refusal> {
    check(probes)?;
    let mut tx = ctx.db.begin().await?;
    let done = heard(&mut tx, holder, probes).await;
    ctx.end(tx, "probe", done).await
}

async fn heard(
    conn: &mut Conn,
    holder: &Holder,
    probes: &[CheckpointScore],
) -> Result<Option<String>, Refusal> {
    // Locks the run: it cannot end meanwhile.
    let Some(held) = leases::find_own(&mut *conn, holder).await? else {
        return Err(lease_lost(holder));
    };
    if let Some(reason) = checkpoint_scores::stopped(&mut *conn, holder.run, holder.attempt).await?
    {
        return Ok(Some(reason));
    }
    if probes.is_empty() {
        return Ok(None);
    }
    checkpoint_scores::add(&mut *conn, holder.run, holder.attempt, probes).await?;
    let known = checkpoint_scores::of(&mut *conn, holder.run).await?;
    let reason = judge(&mut *conn, held.tournament, holder, &known).await?;
    if let Some(reason) = &reason {
        checkpoint_scores::stop(&mut *conn, holder.run, holder.attempt, reason).await?;
        tracing::info!(run = %holder.run, attempt = holder.attempt, reason, "a run is stopped");
    }
    Ok(reason)
}

/// Asks the rules about the latest probe that may stop a run. What it is compared with are
/// results that are final: a hidden part is never scored for it.
async fn judge(
    conn: &mut Conn,
    tournament: TournamentId,
    holder: &Holder,
    probes: &[CheckpointScore],
) -> Result<Option<String>, Refusal> {
    let latest = probes
        .iter()
        .filter(|probe| probe.may_stop())
        .max_by_key(|probe| probe.checkpoint_index);
    let Some(latest) = latest else {
        return Ok(None);
    };
    let row = tournaments::get(conn, tournament, Lock::Share).await?;
    let asked = row.is_some_and(|row| {
        row.rules.terms.mid_run.is_some() && row.state == TournamentState::Closed
    });
    if !asked {
        return Ok(None);
    }
    let finished =
        checkpoint_scores::of_completed(conn, tournament, latest.checkpoint_index).await?;
    let Some(loaded) = play::load(conn, tournament, Lock::Share).await? else {
        return Ok(None);
    };
    let verdict = can_still_matter(&loaded.tournament, holder.run, latest.score, &finished);
    Ok(verdict.err().map(|hopeless| hopeless.to_string()))
}

pub(super) fn check(probes: &[CheckpointScore]) -> Result<(), Refusal> {
    let wrong = |probe: &&CheckpointScore| {
        !(1..=16).contains(&probe.checkpoint_index)
            || !probe.score.is_finite()
            || i64::try_from(probe.work).is_err()
    };
    match probes.iter().find(wrong) {
        None if probes.len() <= 16 => Ok(()),
        found => Err(Reason::new(
            "invalid-probe",
            "a probe cannot be",
            "report at most one probe for each sixteenth of the budget, with a finite score",
        )
        .field("body.probes")
        .limit("1 to 16 sixteenths")
        .found(found.map_or_else(
            || format!("{} probes", probes.len()),
            |probe| format!("{probe:?}"),
        ))
        .invalid()),
    }
}
