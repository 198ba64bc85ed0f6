//! The archive of champions.

use gauntlet_domain::record::Card;
use gauntlet_domain::{ArchiveId, SubmissionId, TaskId, TaskName, TournamentId};

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

/// Writes an entry's card anew, by a later judgement than the one it was archived with.
pub async fn set_card(conn: &mut Conn, entry: ArchiveId, card: &Card) -> Result<()> {
    sqlx::query!(
        r#"
        INSERT INTO archive_cards (archive_id, card) VALUES ($1, $2)
        ON CONFLICT (archive_id) DO UPDATE SET card = excluded.card, since = now()
        WHERE archive_cards.card <> excluded.card
        "#,
        entry.0,
        parse::to_json(card)?
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes an entry back by the judgement of a tournament: it is marked, and holds no title.
/// `disqualified` says that its method is out for breaking rules.
pub async fn withdraw(
    conn: &mut Conn,
    entry: ArchiveId,
    by: TournamentId,
    because: &str,
    disqualified: bool,
) -> Result<()> {
    sqlx::query!(
        r#"
        INSERT INTO archive_withdrawals (archive_id, tournament_id, because, disqualified)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (archive_id, tournament_id)
        DO UPDATE SET because = excluded.because, disqualified = excluded.disqualified
        "#,
        entry.0,
        by.0,
        because,
        disqualified
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Forgets what earlier judgements of a tournament took back.
pub async fn forget_withdrawals(conn: &mut Conn, by: TournamentId) -> Result<()> {
    sqlx::query!(
        "DELETE FROM archive_withdrawals WHERE tournament_id = $1",
        by.0
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Whether an entry is taken back.
pub async fn is_withdrawn(conn: &mut Conn, entry: ArchiveId) -> Result<bool> {
    let found = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM archive_withdrawals WHERE archive_id = $1) AS "found!""#,
        entry.0
    )
    .fetch_one(conn)
    .await?;
    Ok(found)
}

/// Locks the title of a task until we commit: whoever changes who holds it, or lets its holder
/// defend it, takes turns.
pub async fn lock_title(conn: &mut Conn, task: TaskId) -> Result<()> {
    sqlx::query!("SELECT FROM lock_task($1)", task.0)
        .execute(conn)
        .await?;
    Ok(())
}

/// The entry that holds the title of a task: of the last of its completed tournaments whose
/// champion, as it was judged last, has an entry that is not taken back. A defender that kept
/// its title has the entry it won it with. For a public task's title private tournaments are not
/// played.
pub async fn title_of(conn: &mut Conn, task: TaskId) -> Result<Option<ArchiveId>> {
    let id = sqlx::query_scalar!(
        r#"
        SELECT archive.id FROM tournaments
        JOIN submissions ON submissions.id = tournaments.champion_id
        JOIN archive ON archive.id = submissions.defends
            OR (archive.tournament_id = tournaments.id AND archive.submission_id = submissions.id)
        JOIN tasks ON tasks.id = tournaments.task_id
        WHERE tournaments.task_id = $1 AND tournaments.state = 'completed'
          AND tournaments.private = tasks.private
          AND NOT EXISTS (SELECT FROM archive_withdrawals
                          WHERE archive_withdrawals.archive_id = archive.id)
        ORDER BY tournaments.ended_at DESC, tournaments.id DESC, archive.id DESC LIMIT 1
        "#,
        task.0
    )
    .fetch_optional(conn)
    .await?;
    Ok(id.map(ArchiveId))
}

/// Why the method of an entry is out for breaking rules, if it is: it defends nothing then.
pub async fn disqualified_because(conn: &mut Conn, entry: ArchiveId) -> Result<Option<String>> {
    let because = sqlx::query_scalar!(
        r#"
        SELECT because FROM archive_withdrawals WHERE archive_id = $1 AND disqualified
        ORDER BY since, tournament_id LIMIT 1
        "#,
        entry.0
    )
    .fetch_optional(conn)
    .await?;
    Ok(because)
}

/// Takes an alias away from whatever it pointed at.
pub async fn drop_alias(conn: &mut Conn, alias: &str) -> Result<()> {
    sqlx::query!("DELETE FROM archive_aliases WHERE alias = $1", alias)
        .execute(conn)
        .await?;
    Ok(())
}

/// Points `alias` at an entry, wherever it pointed before.
pub async fn set_alias(conn: &mut Conn, alias: &str, entry: ArchiveId) -> Result<()> {
    sqlx::query!(
        r#"
        INSERT INTO archive_aliases (alias, archive_id) VALUES ($1, $2)
        ON CONFLICT (alias) DO UPDATE SET archive_id = excluded.archive_id, since = now()
        WHERE archive_aliases.archive_id <> excluded.archive_id
        "#,
        alias,
        entry.0
    )
    .execute(conn)
    .await?;
    Ok(())
}
