//! Series: tournaments that recur. Lock a series before its tournaments.

use gauntlet_domain::tournament::Rules;
use gauntlet_domain::{AccountId, SeriesId, SeriesName, TaskId, TaskName};
use time::OffsetDateTime;

use crate::{Conn, Result, parse};

/// A series to be added.
#[derive(Clone, Debug)]
pub struct NewSeries<'a> {
    /// Its id.
    pub id: SeriesId,
    /// Unique name.
    pub name: &'a SeriesName,
    /// Rules of its tournaments.
    pub rules: &'a Rules,
    /// When they start: a cron expression.
    pub calendar: &'a str,
    /// For how long each takes submissions.
    pub open_seconds: u32,
    /// When the first one is due.
    pub next_at: OffsetDateTime,
    /// Its tasks, in their order.
    pub tasks: &'a [TaskId],
    /// Whose it is, if somebody asked for it by a token.
    pub organiser: Option<AccountId>,
    /// Whether its tournaments are there for their members alone.
    pub private: bool,
}

/// Adds a series (constraint `series_name_key`).
pub async fn insert(conn: &mut Conn, new: &NewSeries<'_>) -> Result<()> {
    sqlx::query!(
        r#"
        INSERT INTO series (id, name, rules, calendar, open_seconds, next_at, organiser, private)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        "#,
        new.id.0,
        new.name.as_str(),
        parse::to_json(new.rules)?,
        new.calendar,
        i64::from(new.open_seconds),
        new.next_at,
        // Zeros, where nobody asked by a token.
        new.organiser.map_or(uuid::Uuid::nil(), |account| account.0),
        new.private
    )
    .execute(&mut *conn)
    .await?;
    for (number, task) in (0..).zip(new.tasks) {
        sqlx::query!(
            "INSERT INTO series_tasks (series_id, number, task_id) VALUES ($1, $2, $3)",
            new.id.0,
            parse::int4("series_tasks.number", number)?,
            task.0
        )
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

/// What the database's clock says; within a transaction always the same.
pub async fn now(conn: &mut Conn) -> Result<OffsetDateTime> {
    let now = sqlx::query_scalar!(r#"SELECT now() AS "now!""#)
        .fetch_one(conn)
        .await?;
    Ok(now)
}

/// Ids of the series whose date has come and whose last tournament is over, the longest
/// overdue first.
pub async fn due(conn: &mut Conn) -> Result<Vec<SeriesId>> {
    let ids = sqlx::query_scalar!(
        r#"
        SELECT id FROM series
        WHERE ended_at IS NULL AND next_at <= now()
          AND NOT EXISTS (SELECT 1 FROM tournaments
                          WHERE tournaments.series_id = series.id
                            AND tournaments.state IN ('draft', 'open', 'closed'))
        ORDER BY next_at
        "#
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(SeriesId).collect())
}

/// A series whose tournament is to be started now.
#[derive(Clone, Debug)]
pub struct Due {
    /// Its name.
    pub name: SeriesName,
    /// Its tasks, in their order.
    pub tasks: Vec<TaskName>,
    /// Rules of its tournaments.
    pub rules: Rules,
    /// When they start.
    pub calendar: String,
    /// For how long each takes submissions.
    pub open_seconds: u32,
    /// Number of the last one that was started; 0 before the first.
    pub last_number: u32,
    /// Whose the series is, if somebody asked for it by a token.
    pub organiser: Option<AccountId>,
    /// Whether its tournaments are there for their members alone.
    pub private: bool,
    /// The time in the database.
    pub now: OffsetDateTime,
}

/// Locks a series if its date has still come: none if somebody else has it, or was faster.
pub async fn lock_due(conn: &mut Conn, id: SeriesId) -> Result<Option<Due>> {
    let locked = sqlx::query!(
        "SELECT id FROM series WHERE id = $1 FOR NO KEY UPDATE SKIP LOCKED",
        id.0
    )
    .fetch_optional(&mut *conn)
    .await?;
    if locked.is_none() {
        return Ok(None);
    }
    // A statement of its own: it sees what was committed before the lock was free.
    let row = sqlx::query!(
        r#"
        SELECT name, rules, calendar, open_seconds, last_number, organiser, private,
               now() AS "now!",
               ARRAY(SELECT tasks.name FROM series_tasks
                     JOIN tasks ON tasks.id = series_tasks.task_id
                     WHERE series_tasks.series_id = series.id
                     ORDER BY series_tasks.number) AS "tasks!"
        FROM series
        WHERE id = $1 AND ended_at IS NULL AND next_at <= now()
          AND NOT EXISTS (SELECT 1 FROM tournaments
                          WHERE tournaments.series_id = series.id
                            AND tournaments.state IN ('draft', 'open', 'closed'))
        "#,
        id.0
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        Ok(Due {
            name: parse::text("series.name", &row.name)?,
            tasks: row
                .tasks
                .iter()
                .map(|name| parse::text("tasks.name", name))
                .collect::<Result<_>>()?,
            rules: parse::json("series.rules", row.rules)?,
            calendar: row.calendar,
            open_seconds: parse::number("series.open_seconds", row.open_seconds)?,
            last_number: parse::number("series.last_number", row.last_number)?,
            organiser: (!row.organiser.is_nil()).then_some(AccountId(row.organiser)),
            private: row.private,
            now: row.now,
        })
    })
    .transpose()
}

/// Notes the number of a tournament that was started, and the next date.
pub async fn started(
    conn: &mut Conn,
    id: SeriesId,
    last_number: u32,
    next_at: Option<OffsetDateTime>,
) -> Result<()> {
    sqlx::query!(
        "UPDATE series SET last_number = $2, next_at = $3 WHERE id = $1",
        id.0,
        parse::int4("series.last_number", last_number)?,
        next_at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Id of the series of that name.
pub async fn id(conn: &mut Conn, name: &SeriesName) -> Result<Option<SeriesId>> {
    let id = sqlx::query_scalar!("SELECT id FROM series WHERE name = $1", name.as_str())
        .fetch_optional(conn)
        .await?;
    Ok(id.map(SeriesId))
}

/// Ends a series; false if it has ended.
pub async fn end(conn: &mut Conn, id: SeriesId) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE series SET ended_at = now(), next_at = NULL WHERE id = $1 AND ended_at IS NULL",
        id.0
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Whose a series is; none if that is not recorded.
pub async fn organiser(conn: &mut Conn, name: &SeriesName) -> Result<Option<AccountId>> {
    let organiser = sqlx::query_scalar!(
        "SELECT organiser FROM series WHERE name = $1",
        name.as_str()
    )
    .fetch_optional(conn)
    .await?;
    Ok(organiser.filter(|id| !id.is_nil()).map(AccountId))
}
