//! Reads the list of tournaments.

use gauntlet_domain::TournamentId;
use gauntlet_domain::tournament::TournamentState;
use time::OffsetDateTime;

use crate::page::{Page, Place};
use crate::{Conn, Result, parse};

/// A tournament in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TournamentSummary {
    /// Its id.
    pub id: TournamentId,
    /// Unique name.
    pub name: String,
    /// Name of the task.
    pub task: String,
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

/// All tournaments, newest first.
pub async fn tournaments(conn: &mut Conn, page: &Page<Place>) -> Result<Vec<TournamentSummary>> {
    let (at, id) = page.place();
    let rows = sqlx::query!(
        r#"
        SELECT tournaments.id, tournaments.name, tasks.name AS task, tournaments.state,
               tournaments.created_at, champion.name AS "champion?",
               (SELECT count(*) FROM submissions
                WHERE submissions.tournament_id = tournaments.id) AS "methods!",
               (SELECT count(*) FROM runs
                WHERE runs.tournament_id = tournaments.id) AS "runs_total!",
               (SELECT count(*) FROM runs
                WHERE runs.tournament_id = tournaments.id AND runs.state = 'done') AS "runs_done!"
        FROM tournaments
        JOIN tasks ON tasks.id = tournaments.task_id
        LEFT JOIN submissions champion ON champion.id = tournaments.champion_id
        WHERE $1::timestamptz IS NULL OR (tournaments.created_at, tournaments.id) < ($1, $2::uuid)
        ORDER BY tournaments.created_at DESC, tournaments.id DESC LIMIT $3
        "#,
        at,
        id,
        page.limit
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(TournamentSummary {
                id: TournamentId(row.id),
                name: row.name,
                task: row.task,
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
