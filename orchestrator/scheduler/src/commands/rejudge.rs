//! Judges a completed tournament again: in the shadow, to see what would change, or for good.

use gauntlet_domain::TournamentName;
use gauntlet_domain::record::{Changes, Event, RejudgeError, Rejudgement};
use gauntlet_storage::play;
use gauntlet_storage::tournaments::{self, Lock};
use gauntlet_storage::{Conn, Error, events};

use super::{find, operator_actions, text};
use crate::{Context, Reason, Refusal, archiving, contributions};

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

/// Judges it again under `changes`; the reason (at most 500 characters) is public. The archive
/// and the task's title follow: a champion that this makes gets an entry, entries of others are
/// taken back, and the alias goes to whoever is the champion now, to an earlier one, or to
/// nobody.
pub async fn rejudge(
    ctx: &Context,
    name: &TournamentName,
    changes: Changes,
    reason: &str,
) -> Result<Rejudgement, Refusal> {
    text::check("body.reason", reason, 500)?;
    let mut tx = ctx.begin().await?;
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
    let judged = loaded.tournament.rejudge(&changes).map_err(refusal)?;
    let now = loaded.tournament.judged_again(&changes).map_err(refusal)?;
    let out = changes.erratum.disqualify.clone();
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
    archiving::judged_again(&mut *conn, &loaded, &now, &out, reason).await?;
    events::append(&mut *conn, id, &event).await?;
    if let Event::Rejudged { changes, .. } = &event {
        contributions::keep(conn, id, &loaded.tournament, Some(changes)).await?;
    }
    Ok(judged)
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
