//! Reads the list of tournaments.

use gauntlet_domain::TournamentId;
use gauntlet_domain::tournament::TournamentState;
use time::OffsetDateTime;

use crate::page::{Page, Place};
use crate::{Access, Conn, Result, parse};

/// A tournament in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TournamentSummary {
    /// Its id.
    pub id: TournamentId,
    /// Unique name.
    pub name: String,
    /// Name of the task.
    pub task: String,
    /// Whether it is there for its members alone.
    pub private: bool,
    /// Where it is.
    pub state: TournamentState,
    /// How many methods take part.
    pub methods: u32,
    /// Runs with a verdict.
    pub runs_done: u32,
    /// Runs queued so far; later rounds add to it.
    pub runs_total: u32,
    /// Name of the champion.
    pub champion: Option<String>,
    /// When it was created.
    pub created_at: OffsetDateTime,
}

/// All tournaments that are there for `access`, newest first.
pub async fn tournaments(
    conn: &mut Conn,
    page: &Page<Place>,
    access: Access,
) -> Result<Vec<TournamentSummary>> {
    let (at, id) = page.place();
    let rows = sqlx::query!(
        r#"
        SELECT tournaments.id, tournaments.name, tasks.name AS task, tournaments.state,
               tournaments.created_at, tournaments.private, champion.name AS "champion?",
               (SELECT count(*) FROM submissions
                WHERE submissions.tournament_id = tournaments.id) AS "methods!",
               (SELECT count(*) FROM runs
                WHERE runs.tournament_id = tournaments.id) AS "runs_total!",
               (SELECT count(*) FROM runs
                WHERE runs.tournament_id = tournaments.id AND runs.state = 'done') AS "runs_done!"
        FROM tournaments
        JOIN tasks ON tasks.id = tournaments.task_id
        LEFT JOIN submissions champion ON champion.id = tournaments.champion_id
        WHERE ($1::timestamptz IS NULL OR (tournaments.created_at, tournaments.id) < ($1, $2::uuid))
          AND (NOT tournaments.private OR $4
               OR EXISTS (SELECT FROM tournament_members AS members
                          WHERE members.tournament_id = tournaments.id AND members.account_id = $5))
        ORDER BY tournaments.created_at DESC, tournaments.id DESC LIMIT $3
        "#,
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
            Ok(TournamentSummary {
                id: TournamentId(row.id),
                name: row.name,
                task: row.task,
                private: row.private,
                state: parse::text("tournaments.state", &row.state)?,
                methods: parse::number("count", row.methods)?,
                runs_done: parse::number("count", row.runs_done)?,
                runs_total: parse::number("count", row.runs_total)?,
                champion: row.champion,
                created_at: row.created_at,
            })
        })
        .collect()
}
