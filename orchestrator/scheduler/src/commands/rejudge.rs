//! Judges a completed tournament again: in the shadow, to see what would change, or for good.

use gauntlet_domain::record::{Changes, Event, RejudgeError, Rejudgement};
use gauntlet_domain::{ArchiveId, SubmissionId, TournamentName};
use gauntlet_storage::play::{self, Loaded};
use gauntlet_storage::tournaments::{self, Lock};
use gauntlet_storage::{Conn, Error, archive, events};

use super::{find, operator_actions, text};
use crate::archiving;
use crate::{Context, Reason, Refusal};

/// What would follow from `changes`. Nothing is written.
pub async fn shadow(
    ctx: &Context,
    name: &TournamentName,
    changes: &Changes,
) -> Result<Rejudgement, Refusal> {
    let mut conn = ctx.db.acquire().await?;
    let id = find::tournament(&mut conn, name).await?;
    let loaded = play::load(&mut conn, id, Lock::None)
        .await?
        .ok_or_else(|| Error::Corrupt(format!("tournament {id} vanished")))?;
    loaded.tournament.rejudge(changes).map_err(refusal)
}

/// Judges it again under `changes`; the reason (at most 500 characters) is public. A champion
/// that this makes gets an entry in the archive, and the task's alias if that pointed here.
pub async fn rejudge(
    ctx: &Context,
    name: &TournamentName,
    changes: Changes,
    reason: &str,
) -> Result<Rejudgement, Refusal> {
    text::check("body.reason", reason, 500)?;
    let mut tx = ctx.db.begin().await?;
    let done = change(&mut tx, name, changes, reason).await;
    ctx.end(tx, "rejudge", done).await
}

async fn change(
    conn: &mut Conn,
    name: &TournamentName,
    changes: Changes,
    reason: &str,
) -> Result<Rejudgement, Refusal> {
    let id = find::tournament(&mut *conn, name).await?;
    let mut loaded = operator_actions::locked(&mut *conn, id).await?;
    let before = loaded.tournament.champion();
    let judged = loaded.tournament.rejudge(&changes).map_err(refusal)?;
    let event = Event::Rejudged {
        changes,
        reason: reason.to_owned(),
        champion: judged.champion,
        ranking: judged.ranking.clone(),
    };
    operator_actions::apply(&mut loaded.tournament, name, &event, "body.changes")?;
    if !tournaments::set_champion(&mut *conn, id, judged.champion).await? {
        return Err(operator_actions::changed(id));
    }
    if let Some(champion) = judged.champion.filter(|_| judged.champion != before) {
        archive_champion(&mut *conn, &loaded, champion).await?;
    }
    events::append(&mut *conn, id, &event).await?;
    Ok(judged)
}

/// Gives the champion its entry and, unless a later tournament has it, the alias.
async fn archive_champion(
    conn: &mut Conn,
    loaded: &Loaded,
    champion: SubmissionId,
) -> Result<(), Error> {
    let task = archiving::task_of(&mut *conn, loaded).await?;
    let alias = archive::champion_alias(&task.name);
    let holder = archive::of_alias(&mut *conn, &alias).await?;
    let ours = archive::entries_of(&mut *conn, loaded.row.id).await?;
    let defended = match loaded.tournament.defender() {
        Some(defender) if defender.submission == champion => {
            archive::won_before(&mut *conn, task.id, &defender.digest, loaded.row.id).await?
        }
        _ => None,
    };
    let entry: Option<ArchiveId> = match ours.iter().find(|(_, who)| *who == champion) {
        Some((entry, _)) => Some(*entry),
        None if defended.is_some() => defended,
        None => archiving::add(&mut *conn, loaded, champion).await?,
    };
    let pointed_here = holder.is_none_or(|holder| ours.iter().any(|(own, _)| *own == holder))
        || holder == defended;
    if let Some(entry) = entry.filter(|_| pointed_here) {
        archive::set_alias(conn, &alias, entry).await?;
    }
    Ok(())
}

fn refusal(error: RejudgeError) -> Refusal {
    let reason = |code| {
        Reason::new(
            code,
            error.to_string(),
            "docs/FORMATS.md says what can be judged again, and how",
        )
    };
    match &error {
        RejudgeError::State(_) => reason("tournament-state").field("path.name").conflict(),
        _ => reason("changes-do-not-fit").field("body.changes").invalid(),
    }
}
