//! The archive of champions.

use gauntlet_domain::record::Card;
use gauntlet_domain::{ArchiveId, Digest, SubmissionId, TaskId, TaskName, TournamentId};

use crate::{Conn, Result, parse};

/// An entry to be added.
#[derive(Clone, Debug)]
pub struct NewEntry<'a> {
    /// Its id.
    pub id: ArchiveId,
    /// The tournament it won.
    pub tournament: TournamentId,
    /// The task.
    pub task: TaskId,
    /// The submission.
    pub submission: SubmissionId,
    /// Its card.
    pub card: &'a Card,
}

/// Adds an entry (constraint `archive_tournament_key`: one for each tournament).
pub async fn insert(conn: &mut Conn, entry: &NewEntry<'_>) -> Result<()> {
    sqlx::query!(
        r#"
        INSERT INTO archive (id, tournament_id, task_id, submission_id, run_id, model, score,
                             blocks, card)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        "#,
        entry.id.0,
        entry.tournament.0,
        entry.task.0,
        entry.submission.0,
        entry.card.run.0,
        entry.card.model.to_string(),
        entry.card.score,
        parse::number::<i32>("archive.blocks", entry.card.blocks.len())?,
        parse::to_json(entry.card)?
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The alias of a task's champion, such as `digits@champion`.
pub fn champion_alias(task: &TaskName) -> String {
    format!("{task}@champion")
}

/// The entry an alias points at.
pub async fn of_alias(conn: &mut Conn, alias: &str) -> Result<Option<ArchiveId>> {
    let id = sqlx::query_scalar!(
        "SELECT archive_id FROM archive_aliases WHERE alias = $1",
        alias
    )
    .fetch_optional(conn)
    .await?;
    Ok(id.map(ArchiveId))
}

/// The entries of a tournament: several if it was judged again.
pub async fn entries_of(
    conn: &mut Conn,
    tournament: TournamentId,
) -> Result<Vec<(ArchiveId, SubmissionId)>> {
    let rows = sqlx::query!(
        "SELECT id, submission_id FROM archive WHERE tournament_id = $1 ORDER BY id",
        tournament.0
    )
    .fetch_all(conn)
    .await?;
    let pair = |(id, submission)| (ArchiveId(id), SubmissionId(submission));
    Ok(rows
        .into_iter()
        .map(|row| pair((row.id, row.submission_id)))
        .collect())
}

/// The latest entry that a method won on a task in another tournament.
pub async fn won_before(
    conn: &mut Conn,
    task: TaskId,
    artifact: &Digest,
    not_in: TournamentId,
) -> Result<Option<ArchiveId>> {
    let id = sqlx::query_scalar!(
        r#"
        SELECT archive.id FROM archive
        JOIN submissions ON submissions.id = archive.submission_id
        WHERE archive.task_id = $1 AND submissions.digest = $2 AND archive.tournament_id <> $3
        ORDER BY archive.id DESC LIMIT 1
        "#,
        task.0,
        artifact.to_string(),
        not_in.0
    )
    .fetch_optional(conn)
    .await?;
    Ok(id.map(ArchiveId))
}

/// Points `alias` at an entry, wherever it pointed before.
pub async fn set_alias(conn: &mut Conn, alias: &str, entry: ArchiveId) -> Result<()> {
    sqlx::query!(
        r#"
        INSERT INTO archive_aliases (alias, archive_id) VALUES ($1, $2)
        ON CONFLICT (alias) DO UPDATE SET archive_id = excluded.archive_id, since = now()
        "#,
        alias,
        entry.0
    )
    .execute(conn)
    .await?;
    Ok(())
}
