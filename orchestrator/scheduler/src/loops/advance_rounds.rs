//! Plays tournaments: asks the rules what comes next, and carries it out.

use gauntlet_domain::record::{Event, QueuedRun};
use gauntlet_domain::tournament::{Block, Effect, Heat, Round, Tournament, TournamentState};
use gauntlet_domain::{BlockId, RoundId, RunId, SubmissionId, TournamentId, TournamentName};
use gauntlet_storage::play::{self, Loaded};
use gauntlet_storage::round_gaps::{self, Until};
use gauntlet_storage::runs::NewRun;
use gauntlet_storage::tournaments::Lock;
use gauntlet_storage::{Conn, Error, archive, events, rounds, runs, submissions, tournaments};
use uuid::Uuid;

use crate::{Context, archiving, contributions};

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
    if let Some(event) = defender_out(&mut *conn, &mut loaded).await? {
        events::append(&mut *conn, id, &event).await?;
        return Ok(Some((loaded.row.name, event.kind())));
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
    after(conn, id, &loaded.tournament, &event).await?;
    Ok(Some((loaded.row.name, event.kind())))
}

/// What is kept of a step that is recorded, so that nobody has to read runs for it.
async fn after(
    conn: &mut Conn,
    id: TournamentId,
    tournament: &Tournament,
    event: &Event,
) -> Result<(), Error> {
    match event {
        // The gap before this round: it was over when the round's first run was leased.
        Event::RoundDecided(decision) if decision.round > 1 => {
            round_gaps::measure(conn, id, decision.round - 1, Until::Lease).await
        }
        Event::Completed { .. } => {
            contributions::keep(&mut *conn, id, tournament, None).await?;
            match tournament.rounds().last() {
                Some(last) => round_gaps::measure(conn, id, last.number, Until::End).await,
                None => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

fn changed(id: TournamentId) -> Error {
    Error::Corrupt(format!("tournament {id} changed under its lock"))
}

/// A defender whose method was found to break rules since it entered: judging the tournament
/// again that it won its title in put it out there, so it defends nothing here. No run of it is
/// under way: steps are made between rounds.
async fn defender_out(conn: &mut Conn, loaded: &mut Loaded) -> Result<Option<Event>, Error> {
    let Some(defender) = loaded.tournament.defender().map(|one| one.submission) else {
        return Ok(None);
    };
    if loaded.tournament.is_disqualified(defender) {
        return Ok(None);
    }
    let entry = submissions::defends(&mut *conn, defender).await?;
    let because = match entry {
        Some(entry) => archive::disqualified_because(&mut *conn, entry).await?,
        None => None,
    };
    let Some(reason) = because else {
        return Ok(None);
    };
    let event = Event::Disqualified {
        submission: defender,
        reason: reason.clone(),
    };
    loaded
        .tournament
        .apply(&event)
        .map_err(|error| Error::Corrupt(error.to_string()))?;
    if !submissions::disqualify(&mut *conn, loaded.row.id, defender, &reason).await? {
        return Err(changed(loaded.row.id));
    }
    Ok(Some(event))
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
    let defender = loaded.tournament.defender().map(|one| one.submission);
    let entry = match champion {
        // The title is kept, and so is the entry it was won with.
        Some(champion) if defender == Some(champion) => {
            archiving::kept(&mut *conn, loaded, champion).await?
        }
        Some(champion) => archiving::add(&mut *conn, loaded, champion).await?,
        None => None,
    };
    if !tournaments::complete(&mut *conn, id, champion).await? {
        return Err(changed(id));
    }
    archiving::settle_title(&mut *conn, loaded).await?;
    Ok(Event::Completed {
        champion,
        archive: entry,
    })
}
