//! Takes a block out of the round that is played, with or without another in its place.

use gauntlet_domain::record::{Event, QueuedRun};
use gauntlet_domain::tournament::Tournament;
use gauntlet_domain::{BlockId, RoundId, RunId, SubmissionId, TournamentId, TournamentName};
use gauntlet_storage::runs::{NewRun, Unneeded};
use gauntlet_storage::{Conn, Error, events, rounds, runs};
use uuid::Uuid;

use super::{find, operator_actions, text};
use crate::{Context, Reason, Refusal};

/// A block of a tournament.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Which {
    /// Number of the round, from 1.
    pub round: u32,
    /// Number of the block in the round, from 1.
    pub block: u32,
}

/// Takes the block out: it does not count for anybody. The reason (at most 500 characters)
/// is public.
pub async fn void_block(
    ctx: &Context,
    name: &TournamentName,
    which: Which,
    reason: &str,
) -> Result<(), Refusal> {
    take_out(ctx, name, which, reason, false).await
}

/// Takes the block out and queues the runs of another, whose seed follows from the
/// tournament's.
pub async fn replace_block(
    ctx: &Context,
    name: &TournamentName,
    which: Which,
    reason: &str,
) -> Result<(), Refusal> {
    take_out(ctx, name, which, reason, true).await
}

async fn take_out(
    ctx: &Context,
    name: &TournamentName,
    which: Which,
    reason: &str,
    replace: bool,
) -> Result<(), Refusal> {
    text::check("body.reason", reason, 500)?;
    let mut tx = ctx.begin().await?;
    let done = change(ctx, &mut tx, name, which, reason, replace).await;
    ctx.end(tx, "void block", done).await?;
    // The round may be over now, or have further runs.
    ctx.signals.rounds();
    ctx.signals.work();
    Ok(())
}

async fn change(
    ctx: &Context,
    tx: &mut Conn,
    name: &TournamentName,
    which: Which,
    reason: &str,
    replace: bool,
) -> Result<(), Refusal> {
    let id = find::tournament(&mut *tx, name).await?;
    // Beyond what the database counts to there is nothing.
    let beyond = |number: u32| i32::try_from(number).is_err();
    if beyond(which.round) || beyond(which.block) {
        return Err(no_such(name, which));
    }
    let Some(round) = rounds::id(&mut *tx, id, which.round).await? else {
        return Err(no_such(name, which));
    };
    let runs_of = Unneeded::Block(round, which.block);
    let mut unneeded = runs::lock_unneeded(&mut *tx, runs_of).await?;
    let mut loaded = operator_actions::locked(&mut *tx, id).await?;
    let reason_text = reason.to_owned();
    let event = if replace {
        let Some(replacement) = loaded.tournament.replacement(which.round, which.block) else {
            return Err(no_such(name, which));
        };
        let queued = queue(&loaded.tournament, which);
        Event::BlockReplaced {
            round: which.round,
            block: which.block,
            replacement,
            runs: queued
                .into_iter()
                .map(|submission| QueuedRun {
                    run: RunId(Uuid::now_v7()),
                    submission,
                    block: replacement.index,
                })
                .collect(),
            reason: reason_text,
        }
    } else {
        Event::BlockVoided {
            round: which.round,
            block: which.block,
            reason: reason_text,
        }
    };
    operator_actions::apply(&mut loaded.tournament, name, &event, "body.block")?;
    // It may have taken another's place before we had the lock.
    unneeded.extend(runs::lock_unneeded(&mut *tx, runs_of).await?);
    runs::void(&mut *tx, &unneeded, "its block was taken out").await?;
    ctx.reached("void block", "between runs and block");
    if !rounds::void_block(&mut *tx, round, which.block).await? {
        return Err(operator_actions::changed(id));
    }
    if let Event::BlockReplaced {
        replacement, runs, ..
    } = &event
    {
        let block = BlockId(Uuid::now_v7());
        rounds::insert_block(&mut *tx, block, round, replacement).await?;
        insert(ctx, &mut *tx, id, (round, block), runs).await?;
        let heats = loaded
            .tournament
            .rounds()
            .iter()
            .find(|other| other.number == which.round)
            .map(|round| round.heats.clone())
            .unwrap_or_default();
        rounds::set_heats(&mut *tx, round, &heats).await?;
    }
    events::append(&mut *tx, id, &event).await?;
    Ok(())
}

/// Who has to run the block that takes the place.
fn queue(tournament: &Tournament, which: Which) -> Vec<SubmissionId> {
    tournament
        .rounds()
        .iter()
        .filter(|round| round.number == which.round)
        .flat_map(|round| round.runs_of(which.block))
        .map(|(who, _)| who)
        .filter(|who| !tournament.is_disqualified(*who))
        .collect()
}

async fn insert(
    ctx: &Context,
    conn: &mut Conn,
    tournament: TournamentId,
    (round, block): (RoundId, BlockId),
    queued: &[QueuedRun],
) -> Result<(), Error> {
    let new: Vec<NewRun> = queued
        .iter()
        .map(|run| NewRun {
            id: run.run,
            tournament,
            round,
            block,
            submission: run.submission,
            attempts_allowed: ctx.policy.max_attempts,
        })
        .collect();
    runs::insert(conn, &new).await
}

fn no_such(name: &TournamentName, which: Which) -> Refusal {
    Reason::new(
        "unknown-block",
        format!(
            "there is no block {} in round {} of `{name}`",
            which.block, which.round
        ),
        "see `gauntlet tournament show` for its rounds and blocks",
    )
    .field("body.block")
    .not_found()
}
