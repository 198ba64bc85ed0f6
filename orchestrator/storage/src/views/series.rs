use gauntlet_domain::SeriesName;
use gauntlet_domain::tournament::{Rules, TournamentState};
use time::OffsetDateTime;

use crate::page::Page;
use crate::{Access, Conn, Result, parse};

/// How many of its last tournaments are shown with a series.
const SHOWN: i64 = 10;

/// A series.
#[derive(Clone, Debug, PartialEq)]
pub struct SeriesView {
    /// Unique name.
    pub name: String,
    /// Whether it is there for members of its tournaments alone.
    pub private: bool,
    /// Names of its tasks; the title of the first is played for.
    pub tasks: Vec<String>,
    /// Rules of its tournaments.
    pub rules: Rules,
    /// When they start: a cron expression, in UTC.
    pub calendar: String,
    /// For how many seconds each takes submissions.
    pub open_seconds: u32,
    /// When the next one is due; one that is under way then is waited for.
    pub next_at: Option<OffsetDateTime>,
    /// Number of the last one that was started; 0 before the first.
    pub last_number: u32,
    /// The last ten of them, newest first.
    pub tournaments: Vec<SeriesTournament>,
    /// When it was created.
    pub created_at: OffsetDateTime,
    /// When it was ended.
    pub ended_at: Option<OffsetDateTime>,
}

/// A tournament of a series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeriesTournament {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub state: TournamentState,
    /// Name of the champion.
    pub champion: Option<String>,
    /// When it was opened.
    pub opened_at: Option<OffsetDateTime>,
    /// When submissions end.
    pub closes_at: Option<OffsetDateTime>,
}

/// Series that are there for `access`, by name, with their latest tournaments.
pub async fn series(
    conn: &mut Conn,
    page: &Page<SeriesName>,
    access: Access,
) -> Result<Vec<SeriesView>> {
    let after = page.after.as_ref().map(SeriesName::as_str);
    select(conn, None, (after, page.limit), access).await
}

/// The series of that name, if it is there for `access`.
pub async fn one_series(
    conn: &mut Conn,
    name: &SeriesName,
    access: Access,
) -> Result<Option<SeriesView>> {
    let found = select(conn, Some(name.as_str()), (None, 1), access).await?;
    Ok(found.into_iter().next())
}

async fn select(
    conn: &mut Conn,
    only: Option<&str>,
    (after, limit): (Option<&str>, i64),
    access: Access,
) -> Result<Vec<SeriesView>> {
    let rows = sqlx::query!(
        r#"
        SELECT id, name, rules, calendar, open_seconds, next_at, last_number, private,
               created_at, ended_at,
               ARRAY(SELECT tasks.name FROM series_tasks
                     JOIN tasks ON tasks.id = series_tasks.task_id
                     WHERE series_tasks.series_id = series.id
                     ORDER BY series_tasks.number) AS "tasks!"
        FROM series
        WHERE ($1::text IS NULL OR name = $1) AND ($2::text IS NULL OR name > $2)
          AND (NOT private OR $4 OR organiser = $5
               OR EXISTS (SELECT FROM tournament_members AS members
                          JOIN tournaments ON tournaments.id = members.tournament_id
                          WHERE members.account_id = $5 AND tournaments.series_id = series.id))
        ORDER BY name LIMIT $3
        "#,
        only,
        after,
        limit,
        access.is_everything(),
        access.account()
    )
    .fetch_all(&mut *conn)
    .await?;
    let mut all = Vec::with_capacity(rows.len());
    for row in rows {
        all.push(SeriesView {
            tournaments: latest(&mut *conn, row.id, access).await?,
            name: row.name,
            private: row.private,
            tasks: row.tasks,
            rules: parse::json("series.rules", row.rules)?,
            calendar: row.calendar,
            open_seconds: parse::number("series.open_seconds", row.open_seconds)?,
            next_at: row.next_at,
            last_number: parse::number("series.last_number", row.last_number)?,
            created_at: row.created_at,
            ended_at: row.ended_at,
        });
    }
    Ok(all)
}

async fn latest(
    conn: &mut Conn,
    series: uuid::Uuid,
    access: Access,
) -> Result<Vec<SeriesTournament>> {
    let rows = sqlx::query!(
        r#"
        SELECT tournaments.name, state, opened_at, closes_at, champion.name AS "champion?"
        FROM tournaments
        LEFT JOIN submissions champion ON champion.id = tournaments.champion_id
        WHERE series_id = $1
          AND (NOT tournaments.private OR $3
               OR EXISTS (SELECT FROM tournament_members AS members
                          WHERE members.tournament_id = tournaments.id AND members.account_id = $4))
        ORDER BY series_number DESC LIMIT $2
        "#,
        series,
        SHOWN,
        access.is_everything(),
        access.account()
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(SeriesTournament {
                name: row.name,
                state: parse::text("tournaments.state", &row.state)?,
                champion: row.champion,
                opened_at: row.opened_at,
                closes_at: row.closes_at,
            })
        })
        .collect()
}
