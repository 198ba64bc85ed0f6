//! Tournaments: their rows and their states.

use gauntlet_domain::run::Metric;
use gauntlet_domain::tournament::{Nonce, Rules, TournamentSeed, TournamentState};
use gauntlet_domain::{SeriesId, SubmissionId, TaskId, TournamentId, TournamentName};

use time::OffsetDateTime;

use crate::{Access, Conn, Result, parse};

/// What commands need to know of a tournament.
#[derive(Clone, Debug)]
pub struct TournamentRow {
    /// Its id.
    pub id: TournamentId,
    /// Unique name.
    pub name: TournamentName,
    /// Its task.
    pub task: TaskId,
    /// What its (first) task measures.
    pub metric: Metric,
    /// Its rules.
    pub rules: Rules,
    /// Where it is.
    pub state: TournamentState,
    /// Whether it was ever opened; one that is cancelled may not have been.
    pub opened: bool,
    /// The organiser's nonce: secret until it is closed.
    pub nonce: Nonce,
    /// The seed, once closed.
    pub seed: Option<TournamentSeed>,
    /// Why it is paused, if it is.
    pub paused: Option<String>,
    /// The winner.
    pub champion: Option<SubmissionId>,
}

/// Adds a draft.
pub async fn insert(
    conn: &mut Conn,
    id: TournamentId,
    name: &TournamentName,
    (task, rules, nonce): (TaskId, &Rules, &Nonce),
    private: bool,
) -> Result<()> {
    sqlx::query!(
        r#"
        INSERT INTO tournaments (id, name, task_id, rules, nonce, private)
        VALUES ($1, $2, $3, $4, $5, $6)
        "#,
        id.0,
        name.as_str(),
        task.0,
        parse::to_json(rules)?,
        gauntlet_domain::Digest::from(*nonce).to_string(),
        private
    )
    .execute(&mut *conn)
    .await?;
    add_task(conn, id, 0, task).await
}

/// Adds a task; number 0 is the tournament's own (constraint `tournament_tasks_once`).
pub async fn add_task(conn: &mut Conn, id: TournamentId, number: u32, task: TaskId) -> Result<()> {
    sqlx::query!(
        "INSERT INTO tournament_tasks (tournament_id, number, task_id) VALUES ($1, $2, $3)",
        id.0,
        parse::int4("tournament_tasks.number", number)?,
        task.0
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A task of a tournament.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskOf {
    /// Its id.
    pub id: TaskId,
    /// Its name.
    pub name: String,
    /// What it measures.
    pub metric: Metric,
}

/// The tasks of a tournament, in their order.
pub async fn tasks(conn: &mut Conn, id: TournamentId) -> Result<Vec<TaskOf>> {
    let rows = sqlx::query!(
        r#"
        SELECT tasks.id, tasks.name, tasks.metric
        FROM tournament_tasks JOIN tasks ON tasks.id = tournament_tasks.task_id
        WHERE tournament_tasks.tournament_id = $1 ORDER BY tournament_tasks.number
        "#,
        id.0
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(TaskOf {
                id: TaskId(row.id),
                name: row.name,
                metric: parse::json("tasks.metric", row.metric)?,
            })
        })
        .collect()
}

/// Id of the tournament of that name.
pub async fn id(conn: &mut Conn, name: &TournamentName) -> Result<Option<TournamentId>> {
    let id = sqlx::query_scalar!("SELECT id FROM tournaments WHERE name = $1", name.as_str())
        .fetch_optional(conn)
        .await?;
    Ok(id.map(TournamentId))
}

/// How long to hold on to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lock {
    /// Not at all.
    None,
    /// Its state must not change until we commit.
    Share,
    /// We may change it.
    Update,
}

/// Reads a tournament, locked as asked.
pub async fn get(conn: &mut Conn, id: TournamentId, lock: Lock) -> Result<Option<TournamentRow>> {
    match lock {
        Lock::None => {}
        Lock::Share => {
            sqlx::query!("SELECT id FROM tournaments WHERE id = $1 FOR SHARE", id.0)
                .fetch_optional(&mut *conn)
                .await?;
        }
        Lock::Update => {
            sqlx::query!(
                "SELECT id FROM tournaments WHERE id = $1 FOR NO KEY UPDATE",
                id.0
            )
            .fetch_optional(&mut *conn)
            .await?;
        }
    }
    // A statement of its own: it sees what was committed while we waited for the lock.
    let row = sqlx::query!(
        r#"
        SELECT tournaments.name, task_id, tasks.metric, rules, state, nonce, seed, champion_id,
               paused_because, opened_at IS NOT NULL AS "opened!"
        FROM tournaments JOIN tasks ON tasks.id = tournaments.task_id
        WHERE tournaments.id = $1
        "#,
        id.0
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        let nonce: gauntlet_domain::Digest = parse::text("tournaments.nonce", &row.nonce)?;
        Ok(TournamentRow {
            id,
            name: parse::text("tournaments.name", &row.name)?,
            task: TaskId(row.task_id),
            metric: parse::json("tasks.metric", row.metric)?,
            rules: parse::json("tournaments.rules", row.rules)?,
            state: parse::text("tournaments.state", &row.state)?,
            opened: row.opened,
            nonce: nonce.into(),
            seed: parse::optional("tournaments.seed", row.seed.as_deref())?.map(TournamentSeed),
            paused: row.paused_because,
            champion: row.champion_id.map(SubmissionId),
        })
    })
    .transpose()
}

/// A tournament that was played to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completed {
    /// Its id.
    pub id: TournamentId,
    /// Its name.
    pub name: TournamentName,
    /// When it ended.
    pub ended_at: OffsetDateTime,
    /// What it gives to ratings, if that is kept and follows from the record as it is now.
    pub contribution: Option<serde_json::Value>,
}

/// The completed tournaments on a task that are there for `access`, in the order of their end.
pub async fn completed_on(conn: &mut Conn, task: TaskId, access: Access) -> Result<Vec<Completed>> {
    let rows = sqlx::query!(
        r#"
        SELECT tournaments.id, tournaments.name, ended_at AS "ended_at!",
               contribution AS "contribution?"
        FROM tournaments
        JOIN chains ON chains.name = tournaments.id::text
        LEFT JOIN contributions ON contributions.tournament_id = tournaments.id
                               AND contributions.record_length = chains.length
        WHERE task_id = $1 AND state = 'completed'
          AND (NOT tournaments.private OR $2
               OR EXISTS (SELECT FROM tournament_members AS members
                          WHERE members.tournament_id = tournaments.id AND members.account_id = $3))
        ORDER BY ended_at, tournaments.id
        "#,
        task.0,
        access.is_everything(),
        access.account()
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Completed {
                id: TournamentId(row.id),
                name: parse::text("tournaments.name", &row.name)?,
                ended_at: row.ended_at,
                contribution: row.contribution,
            })
        })
        .collect()
}

/// Ids of the tournaments whose rounds are played, oldest first.
pub async fn playing(conn: &mut Conn) -> Result<Vec<TournamentId>> {
    let ids = sqlx::query_scalar!(
        "SELECT id FROM tournaments WHERE state = 'closed' AND paused_because IS NULL ORDER BY id"
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(TournamentId).collect())
}

/// Number of the last round that was opened; 0 before the first.
pub async fn last_round(conn: &mut Conn, id: TournamentId) -> Result<u32> {
    let last = sqlx::query_scalar!(
        r#"SELECT coalesce(max(number), 0) AS "last!" FROM rounds WHERE tournament_id = $1"#,
        id.0
    )
    .fetch_one(conn)
    .await?;
    parse::number("rounds.number", last)
}

/// Marks a tournament as that of a series; its submissions end by themselves.
pub async fn set_series(
    conn: &mut Conn,
    id: TournamentId,
    series: SeriesId,
    number: u32,
    open_seconds: u32,
) -> Result<()> {
    sqlx::query!(
        r#"
        UPDATE tournaments SET series_id = $2, series_number = $3,
                               closes_at = now() + make_interval(secs => $4)
        WHERE id = $1
        "#,
        id.0,
        series.0,
        parse::int4("tournaments.series_number", number)?,
        f64::from(open_seconds)
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Names of the open tournaments whose time is up, the longest overdue first.
pub async fn closing(conn: &mut Conn) -> Result<Vec<TournamentName>> {
    let names = sqlx::query_scalar!(
        "SELECT name FROM tournaments WHERE state = 'open' AND closes_at <= now() ORDER BY closes_at"
    )
    .fetch_all(conn)
    .await?;
    names
        .iter()
        .map(|name| parse::text("tournaments.name", name))
        .collect()
}

/// Draft to open; false if it is no draft.
pub async fn open(conn: &mut Conn, id: TournamentId) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE tournaments SET state = 'open', opened_at = now() WHERE id = $1 AND state = 'draft'",
        id.0
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Open to closed; false if it is not open.
pub async fn close(conn: &mut Conn, id: TournamentId, seed: &TournamentSeed) -> Result<bool> {
    let done = sqlx::query!(
        r#"
        UPDATE tournaments SET state = 'closed', closed_at = now(), seed = $2
        WHERE id = $1 AND state = 'open'
        "#,
        id.0,
        seed.0.to_string()
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Closed to completed; false if it is not closed.
pub async fn complete(
    conn: &mut Conn,
    id: TournamentId,
    champion: Option<SubmissionId>,
) -> Result<bool> {
    let done = sqlx::query!(
        r#"
        UPDATE tournaments SET state = 'completed', ended_at = now(), champion_id = $2
        WHERE id = $1 AND state = 'closed'
        "#,
        id.0,
        champion.map(|submission| submission.0)
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Pauses a tournament that has not ended, or lets it go on; false if it has ended or is so
/// already.
pub async fn pause(conn: &mut Conn, id: TournamentId, reason: Option<&str>) -> Result<bool> {
    let done = sqlx::query!(
        r#"
        UPDATE tournaments SET paused_because = $2
        WHERE id = $1 AND state IN ('open', 'closed')
          AND (paused_because IS NULL) = ($2::text IS NOT NULL)
        "#,
        id.0,
        reason
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Another champion of a completed tournament; false if it is not completed.
pub async fn set_champion(
    conn: &mut Conn,
    id: TournamentId,
    champion: Option<SubmissionId>,
) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE tournaments SET champion_id = $2 WHERE id = $1 AND state = 'completed'",
        id.0,
        champion.map(|submission| submission.0)
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Anything but ended to cancelled; false if it has ended.
pub async fn cancel(conn: &mut Conn, id: TournamentId, reason: &str) -> Result<bool> {
    let done = sqlx::query!(
        r#"
        UPDATE tournaments SET state = 'cancelled', ended_at = now(), cancelled_because = $2
        WHERE id = $1 AND state NOT IN ('completed', 'cancelled')
        "#,
        id.0,
        reason
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Rises with every change of a tournament, progress of runs included; and
/// whether it has ended.
pub async fn version(conn: &mut Conn, id: TournamentId) -> Result<Option<(i64, bool)>> {
    let row = sqlx::query!(
        r#"
        SELECT chains.length
                   + (SELECT coalesce(sum(count), 0)::bigint FROM beats WHERE tournament_id = $1)
                   AS "version!",
               tournaments.ended_at IS NOT NULL AS "ended!"
        FROM tournaments JOIN chains ON chains.name = tournaments.id::text
        WHERE tournaments.id = $1
        "#,
        id.0
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| (row.version, row.ended)))
}
