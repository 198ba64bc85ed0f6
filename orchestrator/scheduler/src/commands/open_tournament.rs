//! Opens a tournament for submissions: the rules are frozen, the nonce's digest
//! is published.

use gauntlet_domain::record::Event;
use gauntlet_domain::tournament::{RULES_VERSION, TournamentState};
use gauntlet_domain::{SubmissionId, TaskId, TournamentId, TournamentName};
use gauntlet_storage::tournaments::{self, Lock};
use gauntlet_storage::{Conn, Error, archive, events, submissions, views};
use uuid::Uuid;

use super::find;
use crate::{Context, Reason, Refusal};

/// Opens a draft. Opening an open tournament changes nothing.
pub async fn open_tournament(ctx: &Context, name: &TournamentName) -> Result<(), Refusal> {
    let mut tx = ctx.begin().await?;
    let done = match find::tournament(&mut tx, name).await {
        Ok(id) => open(&mut tx, id).await,
        Err(refusal) => Err(refusal),
    };
    ctx.end(tx, "open", done).await
}

/// The same as part of a larger transaction.
pub(crate) async fn open(conn: &mut Conn, id: TournamentId) -> Result<(), Refusal> {
    let row = tournaments::get(&mut *conn, id, Lock::Update)
        .await?
        .ok_or_else(|| Error::Corrupt(format!("tournament {id} vanished")))?;
    match row.state {
        TournamentState::Draft => {}
        TournamentState::Open => return Ok(()),
        state => {
            return Err(Reason::new(
                "tournament-not-draft",
                format!("`{}` is {state} and cannot be opened", row.name),
                "create another tournament",
            )
            .field("path.name")
            .conflict());
        }
    }
    if !tournaments::open(&mut *conn, id).await? {
        return Err(Error::Corrupt(format!("tournament {id} changed under its lock")).into());
    }
    let event = Event::Opened {
        commitment: row.nonce.commitment(),
        rules: Some(row.rules.digest()),
        version: Some(RULES_VERSION),
    };
    events::append(&mut *conn, id, &event).await?;
    if row.rules.terms.defend {
        enter_defender(conn, id, row.task).await?;
    }
    Ok(())
}

/// The champion of the task defends its title, if there is one.
async fn enter_defender(conn: &mut Conn, id: TournamentId, task: TaskId) -> Result<(), Refusal> {
    let task = views::task_by_id(&mut *conn, task)
        .await?
        .ok_or_else(|| Error::Corrupt("a tournament without its task".to_owned()))?;
    archive::lock_title(&mut *conn, task.id).await?;
    let alias = archive::champion_alias(&task.name);
    let Some(entry) = archive::of_alias(&mut *conn, &alias).await? else {
        return Ok(());
    };
    let submission = SubmissionId(Uuid::now_v7());
    let entrant = submissions::insert_defender(&mut *conn, submission, id, entry).await?;
    let event = Event::DefenderEntered {
        submission,
        name: entrant.name,
        digest: entrant.digest,
        archive: entry,
    };
    events::append(conn, id, &event).await?;
    Ok(())
}
