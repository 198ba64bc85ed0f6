//! Archives the champion of a tournament.

use gauntlet_domain::{ArchiveId, SubmissionId};
use gauntlet_storage::play::{self, Loaded};
use gauntlet_storage::{Conn, Error, archive, views};
use uuid::Uuid;

use crate::card;

/// Adds the champion's entry; none if none of its runs left a model.
pub(crate) async fn add(
    conn: &mut Conn,
    loaded: &Loaded,
    champion: SubmissionId,
) -> Result<Option<ArchiveId>, Error> {
    let models = play::models(&mut *conn, loaded.row.id, champion).await?;
    let task = task_of(&mut *conn, loaded).await?;
    let Some(card) = card::write(loaded, &task, champion, &models) else {
        return Ok(None);
    };
    let entry = archive::NewEntry {
        id: ArchiveId(Uuid::now_v7()),
        tournament: loaded.row.id,
        task: task.id,
        submission: champion,
        card: &card,
    };
    archive::insert(conn, &entry).await?;
    Ok(Some(entry.id))
}

/// The task whose title is played for: the first of a tournament's.
pub(crate) async fn task_of(conn: &mut Conn, loaded: &Loaded) -> Result<views::TaskView, Error> {
    views::task_by_id(conn, loaded.row.task)
        .await?
        .ok_or_else(|| Error::Corrupt("a tournament without its task".to_owned()))
}
