//! Plays tournaments: asks the rules what comes next, and carries it out.

use std::collections::BTreeMap;

use gauntlet_domain::{
    ArchiveId, Block, BlockId, Effect, Event, Heat, QueuedRun, Round, RoundId, RunId, SubmissionId,
    TournamentId, TournamentState,
};
use gauntlet_storage::play::{self, Loaded};
use gauntlet_storage::runs::NewRun;
use gauntlet_storage::tournaments::Lock;
use gauntlet_storage::{Conn, Error, archive, events, rounds, runs, tournaments, views};
use uuid::Uuid;

use super::card;
use crate::Context;

/// Moves every tournament as far as its results allow. Returns how many steps
/// were taken. A tournament that fails does not hold the others up.
pub async fn once(ctx: &Context) -> Result<usize, Error> {
    let playing = {
        let mut conn = ctx.db.acquire().await?;
        tournaments::playing(&mut conn).await?
    };
    let mut steps = 0;
    for id in playing {
        loop {
            match step(ctx, id).await {
                Ok(true) => steps += 1,
                Ok(false) => break,
                Err(error) if error.is_transient() => return Err(error),
                Err(error) => {
                    tracing::error!(tournament = %id, %error, "a tournament cannot go on");
                    break;
                }
            }
        }
    }
    Ok(steps)
}

/// One step: one transaction, one event. False if there is nothing to do.
async fn step(ctx: &Context, id: TournamentId) -> Result<bool, Error> {
    let mut tx = ctx.db.begin().await?;
    // The lock makes orchestrators take turns; whoever comes second finds it done.
    let Some(mut loaded) = play::load(&mut tx, id, Lock::Update).await? else {
        return Ok(false);
    };
    if loaded.row.state != TournamentState::Closed {
        return Ok(false);
    }
    let Some(effect) = loaded.tournament.next() else {
        return Ok(false);
    };
    let event = match effect {
        Effect::OpenRound {
            round,
            entrants,
            blocks,
            heats,
        } => {
            let opening = Opening {
                round,
                entrants,
                blocks,
                heats,
            };
            open_round(ctx, &mut tx, id, opening).await?
        }
        Effect::DecideRound(decision) => {
            if !rounds::decide(&mut tx, id, &decision).await? {
                return Err(changed(id));
            }
            Event::RoundDecided(decision)
        }
        Effect::Complete { champion } => complete(&mut tx, &loaded, champion).await?,
    };
    ctx.reached("advance", "between change and record");
    // What was written must be what the rules allow.
    loaded
        .tournament
        .apply(&event)
        .map_err(|error| Error::Corrupt(error.to_string()))?;
    events::append(&mut tx, id, &event).await?;
    ctx.commit(tx, "advance").await?;
    tracing::info!(tournament = %loaded.row.name, event = event.kind(), "a step");
    Ok(true)
}

fn changed(id: TournamentId) -> Error {
    Error::Corrupt(format!("tournament {id} changed under its lock"))
}

/// A round to be opened.
struct Opening {
    round: u32,
    entrants: Vec<SubmissionId>,
    blocks: Vec<Block>,
    heats: Vec<Heat>,
}

async fn open_round(
    ctx: &Context,
    conn: &mut Conn,
    tournament: TournamentId,
    opening: Opening,
) -> Result<Event, Error> {
    let Opening {
        round,
        entrants,
        blocks,
        heats,
    } = opening;
    let round_id = RoundId(Uuid::now_v7());
    rounds::insert(&mut *conn, round_id, tournament, round, &entrants, &heats).await?;
    let mut queued = Vec::new();
    // Block by block: runs are leased in the order of their ids.
    for block in &blocks {
        let block_id = BlockId(Uuid::now_v7());
        rounds::insert_block(&mut *conn, block_id, round_id, block).await?;
        let here = heats
            .iter()
            .filter(|heat| heat.blocks.contains(&block.index))
            .flat_map(|heat| &heat.entrants);
        for submission in here {
            let run = NewRun {
                id: RunId(Uuid::now_v7()),
                tournament,
                round: round_id,
                block: block_id,
                submission: *submission,
                attempts_allowed: ctx.policy.max_attempts,
            };
            runs::insert(&mut *conn, &run).await?;
            queued.push(QueuedRun {
                run: run.id,
                submission: *submission,
                block: block.index,
            });
        }
    }
    // Most rounds are one heat of all: said by saying nothing.
    let heats = if heats == Round::one_heat(&entrants, &blocks) {
        Vec::new()
    } else {
        heats
    };
    Ok(Event::RoundOpened {
        round,
        entrants,
        blocks,
        heats,
        runs: queued,
    })
}

/// Ends the tournament and archives its champion.
async fn complete(
    conn: &mut Conn,
    loaded: &Loaded,
    champion: Option<SubmissionId>,
) -> Result<Event, Error> {
    let id = loaded.row.id;
    let mut entry = None;
    let defender = loaded.tournament.defender();
    if champion.is_some() && champion == defender.map(|entrant| entrant.submission) {
        // The title is kept, and so is the entry it was won with.
        let task = task_of(&mut *conn, loaded).await?;
        entry = archive::of_alias(&mut *conn, &archive::champion_alias(&task.name)).await?;
    } else if let Some(submission) = champion {
        let models = play::models(&mut *conn, id, submission).await?;
        entry = archive_champion(&mut *conn, loaded, submission, &models).await?;
    }
    if !tournaments::complete(&mut *conn, id, champion).await? {
        return Err(changed(id));
    }
    Ok(Event::Completed {
        champion,
        archive: entry,
    })
}

async fn archive_champion(
    conn: &mut Conn,
    loaded: &Loaded,
    submission: SubmissionId,
    models: &BTreeMap<RunId, gauntlet_domain::Digest>,
) -> Result<Option<ArchiveId>, Error> {
    let task = task_of(&mut *conn, loaded).await?;
    let Some(card) = card::write(loaded, &task, submission, models) else {
        return Ok(None);
    };
    let entry = archive::NewEntry {
        id: ArchiveId(Uuid::now_v7()),
        tournament: loaded.row.id,
        task: task.id,
        submission,
        card: &card,
    };
    archive::insert(&mut *conn, &entry).await?;
    archive::set_alias(conn, &archive::champion_alias(&task.name), entry.id).await?;
    Ok(Some(entry.id))
}

async fn task_of(conn: &mut Conn, loaded: &Loaded) -> Result<views::TaskView, Error> {
    views::task_by_id(conn, loaded.row.task)
        .await?
        .ok_or_else(|| Error::Corrupt("a tournament without its task".to_owned()))
}
