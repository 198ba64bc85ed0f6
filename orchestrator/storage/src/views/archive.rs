use gauntlet_domain::record::Card;
use gauntlet_domain::run::Lane;
use gauntlet_domain::{ArchiveId, Digest, RunId};
use time::OffsetDateTime;

use crate::page::{Page, Place};
use crate::{Access, Conn, Result, parse};

/// An entry of the archive.
#[derive(Clone, Debug, PartialEq)]
pub struct ArchiveView {
    /// Its id.
    pub id: ArchiveId,
    /// Names it can be called by, such as `digits@champion`.
    pub aliases: Vec<String>,
    /// Name of the task.
    pub task: String,
    /// Name of the tournament.
    pub tournament: String,
    /// Name of the method.
    pub method: String,
    /// What it was handed in as.
    pub lane: Lane,
    /// Digest of the module or the image's archive: a blob.
    pub artifact: Digest,
    /// Bytes of it.
    pub artifact_bytes: u64,
    /// Digest of the model: a blob.
    pub model: Digest,
    /// The run the model comes from.
    pub run: RunId,
    /// Mean score over all blocks.
    pub score: f64,
    /// Blocks that went into the score.
    pub blocks: u32,
    /// The card, by the latest judgement.
    pub card: Card,
    /// Why it was taken back, if it was: it holds no title then.
    pub withdrawn_because: Option<String>,
    /// When it was archived.
    pub created_at: OffsetDateTime,
}

/// Entries that are there for `access`, newest first.
pub async fn entries(
    conn: &mut Conn,
    page: &Page<Place>,
    access: Access,
) -> Result<Vec<ArchiveView>> {
    select(conn, None, page, access).await
}

/// The entry with that id, or that alias, if it is there for `access`.
pub async fn entry(
    conn: &mut Conn,
    id_or_alias: &str,
    access: Access,
) -> Result<Option<ArchiveView>> {
    let id = match id_or_alias.parse::<ArchiveId>() {
        Ok(id) => Some(id.0),
        Err(_) => {
            sqlx::query_scalar!(
                "SELECT archive_id FROM archive_aliases WHERE alias = $1",
                id_or_alias
            )
            .fetch_optional(&mut *conn)
            .await?
        }
    };
    match id {
        Some(id) => {
            let found = select(conn, Some(id), &Page::first(1), access).await?;
            Ok(found.into_iter().next())
        }
        None => Ok(None),
    }
}

async fn select(
    conn: &mut Conn,
    only: Option<uuid::Uuid>,
    page: &Page<Place>,
    access: Access,
) -> Result<Vec<ArchiveView>> {
    let (at, id) = page.place();
    let rows = sqlx::query!(
        r#"
        SELECT archive.id, tasks.name AS task, tournaments.name AS tournament,
               submissions.name AS method, submissions.digest AS module, submissions.bytes,
               submissions.lane,
               archive.model, archive.run_id,
               coalesce(archive_cards.card, archive.card) AS "card!",
               archive.created_at,
               (SELECT string_agg(because, '; ' ORDER BY since, tournament_id)
                FROM archive_withdrawals WHERE archive_id = archive.id) AS withdrawn_because,
               ARRAY(SELECT alias FROM archive_aliases
                     WHERE archive_id = archive.id ORDER BY alias) AS "aliases!"
        FROM archive
        LEFT JOIN archive_cards ON archive_cards.archive_id = archive.id
        JOIN tasks ON tasks.id = archive.task_id
        JOIN tournaments ON tournaments.id = archive.tournament_id
        JOIN submissions ON submissions.id = archive.submission_id
        WHERE ($1::uuid IS NULL OR archive.id = $1)
          AND ($2::timestamptz IS NULL OR (archive.created_at, archive.id) < ($2, $3::uuid))
          AND (NOT tournaments.private OR $5
               OR EXISTS (SELECT FROM tournament_members AS members
                          WHERE members.tournament_id = tournaments.id AND members.account_id = $6))
        ORDER BY archive.created_at DESC, archive.id DESC LIMIT $4
        "#,
        only,
        at,
        id,
        page.limit,
        access.is_everything(),
        access.account()
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let card: Card = parse::json("archive.card", row.card)?;
            Ok(ArchiveView {
                id: ArchiveId(row.id),
                aliases: row.aliases,
                task: row.task,
                tournament: row.tournament,
                method: row.method,
                lane: parse::text("submissions.lane", &row.lane)?,
                artifact: parse::text("submissions.digest", &row.module)?,
                artifact_bytes: parse::number("submissions.bytes", row.bytes)?,
                model: parse::text("archive.model", &row.model)?,
                run: RunId(row.run_id),
                score: card.score,
                blocks: parse::number("archive.blocks", card.blocks.len())?,
                card,
                withdrawn_because: row.withdrawn_because,
                created_at: row.created_at,
            })
        })
        .collect()
}
