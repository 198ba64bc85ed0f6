//! Plays tournaments: asks the rules what comes next, and carries it out.

use gauntlet_domain::record::{Event, QueuedRun};
use gauntlet_domain::tournament::{Block, Effect, Heat, Round, TournamentState};
use gauntlet_domain::{BlockId, RoundId, RunId, SubmissionId, TournamentId, TournamentName};
use gauntlet_storage::play::{self, Loaded};
use gauntlet_storage::runs::NewRun;
use gauntlet_storage::tournaments::Lock;
use gauntlet_storage::{Conn, Error, archive, events, rounds, runs, tournaments};
use uuid::Uuid;

use crate::{Context, archiving};

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
    // Most often a round is under way, and there is no need to read a whole tournament.
    if runs::any_open(&mut *ctx.db.acquire().await?, id).await? {
        return Ok(false);
    }
    let mut tx = ctx.db.begin().await?;
    let done = change(ctx, &mut tx, id).await;
    let Some((tournament, event)) = ctx.end(tx, "advance", done).await? else {
        return Ok(false);
    };
    ctx.signals.work();
    tracing::info!(%tournament, event, "a step");
    Ok(true)
}

/// Which tournament made which step; none if there is nothing to do.
type Step = Option<(TournamentName, &'static str)>;

async fn change(ctx: &Context, conn: &mut Conn, id: TournamentId) -> Result<Step, Error> {
    // The lock makes orchestrators take turns; whoever comes second finds it done.
    let Some(mut loaded) = play::load(&mut *conn, id, Lock::Update).await? else {
        return Ok(None);
    };
    if loaded.row.state != TournamentState::Closed {
        return Ok(None);
    }
    let Some(effect) = loaded.tournament.next() else {
        return Ok(None);
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
            open_round(ctx, &mut *conn, id, opening).await?
        }
        Effect::DecideRound(decision) => {
            if !rounds::decide(&mut *conn, id, &decision).await? {
                return Err(changed(id));
            }
            Event::RoundDecided(decision)
        }
        Effect::Complete { champion } => complete(&mut *conn, &loaded, champion).await?,
    };
    ctx.reached("advance", "between change and record");
    // What was written must be what the rules allow.
    loaded
        .tournament
        .apply(&event)
        .map_err(|error| Error::Corrupt(error.to_string()))?;
    events::append(&mut *conn, id, &event).await?;
    Ok(Some((loaded.row.name, event.kind())))
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
    // Most rounds are one heat of all: said by saying nothing.
    let told = (heats != Round::one_heat(&entrants, &blocks)).then_some(heats.as_slice());
    rounds::insert(&mut *conn, round_id, tournament, round, &entrants, told).await?;
    let (mut queued, mut rows) = (Vec::new(), Vec::new());
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
            queued.push(QueuedRun {
                run: run.id,
                submission: *submission,
                block: block.index,
            });
            rows.push(run);
        }
    }
    runs::insert(&mut *conn, &rows).await?;
    Ok(Event::RoundOpened {
        round,
        heats: told.map(<[Heat]>::to_vec).unwrap_or_default(),
        entrants,
        blocks,
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
    if let Some(submission) = champion {
        let alias = {
            let task = archiving::task_of(&mut *conn, loaded).await?;
            archive::champion_alias(&task.name)
        };
        if defender.is_some_and(|entrant| entrant.submission == submission) {
            // The title is kept, and so is the entry it was won with.
            entry = archive::of_alias(&mut *conn, &alias).await?;
        } else {
            entry = archiving::add(&mut *conn, loaded, submission).await?;
            if let Some(entry) = entry {
                archive::set_alias(&mut *conn, &alias, entry).await?;
            }
        }
    }
    if !tournaments::complete(&mut *conn, id, champion).await? {
        return Err(changed(id));
    }
    Ok(Event::Completed {
        champion,
        archive: entry,
    })
}
