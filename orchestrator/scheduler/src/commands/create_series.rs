//! Makes a series: a tournament that recurs on a calendar.

use gauntlet_domain::record::PlatformEvent;
use gauntlet_domain::tournament::Rules;
use gauntlet_domain::{AccountId, SeriesId, SeriesName, TaskName};
use gauntlet_storage::{Conn, events, series};
use time::OffsetDateTime;
use uuid::Uuid;

use super::create_tournament;
use crate::calendar::Calendar;
use crate::{Context, Reason, Refusal};

/// Shortest and longest time that a tournament may be open, in seconds: a minute, a year.
const OPEN: std::ops::RangeInclusive<u32> = 60..=31_536_000;
/// Longest text of a calendar.
const CALENDAR: usize = 100;

/// A series to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct NewSeries {
    /// Unique name; its tournaments are called `{name}-1`, `{name}-2`, …
    pub name: SeriesName,
    /// The task whose title is played for.
    pub task: TaskName,
    /// Further tasks, over which blocks are dealt in turn.
    pub more_tasks: Vec<TaskName>,
    /// Rules of its tournaments.
    pub rules: Rules,
    /// When they start: a cron expression of five fields, in UTC.
    pub calendar: String,
    /// For how many seconds each takes submissions, from a minute to a year.
    pub open_seconds: u32,
    /// Whose it is; none if nobody asked by a token.
    pub organiser: Option<AccountId>,
    /// Whether its tournaments are there for their members alone.
    pub private: bool,
}

/// Makes the series. Its first tournament starts at the calendar's next date.
pub async fn create_series(ctx: &Context, new: NewSeries) -> Result<SeriesId, Refusal> {
    if !OPEN.contains(&new.open_seconds) {
        return Err(Reason::new(
            "open-time",
            "a tournament of a series is open for a minute at least and for a year at most",
            "choose how long methods may be handed in",
        )
        .field("body.open_seconds")
        .limit(format!("{} to {} seconds", OPEN.start(), OPEN.end()))
        .found(format!("{} seconds", new.open_seconds))
        .invalid());
    }
    let id = SeriesId(Uuid::now_v7());
    let mut tx = ctx.begin().await?;
    let tasks = (&new.task, new.more_tasks.as_slice());
    let whose = (new.organiser, new.private);
    let (task, more) = create_tournament::check(&mut tx, &new.rules, tasks, whose).await?;
    let next_at = first_date(&mut tx, &new.calendar).await?;
    let ids: Vec<_> = std::iter::once(&task)
        .chain(&more)
        .map(|task| task.id)
        .collect();
    let row = series::NewSeries {
        id,
        name: &new.name,
        rules: &new.rules,
        calendar: &new.calendar,
        open_seconds: new.open_seconds,
        next_at,
        tasks: &ids,
        organiser: new.organiser,
        private: new.private,
    };
    series::insert(&mut tx, &row)
        .await
        .map_err(|error| match error.constraint() {
            Some("series_name_key") => Reason::new(
                "name-taken",
                format!("there is a series `{}` already", new.name),
                "choose another name; that of a series that has ended stays taken",
            )
            .field("body.name")
            .conflict(),
            _ => error.into(),
        })?;
    let event = PlatformEvent::SeriesCreated {
        series: id,
        name: new.name,
        tasks: std::iter::once(new.task).chain(new.more_tasks).collect(),
        rules: new.rules,
        calendar: new.calendar,
        open_seconds: new.open_seconds,
        private: new.private,
    };
    events::append_platform(&mut tx, &event).await?;
    ctx.commit(tx, "create series").await?;
    Ok(id)
}

/// The first date of a calendar from now on, by the database's clock.
async fn first_date(conn: &mut Conn, text: &str) -> Result<OffsetDateTime, Refusal> {
    let refuse = |what: String| {
        Reason::new(
            "invalid-calendar",
            what,
            "give minute, hour, day of the month, month and day of the week, in UTC, \
             such as `0 9 * * MON` for Mondays at nine",
        )
        .field("body.calendar")
        .limit(format!(
            "a cron expression of five fields, at most {CALENDAR} characters"
        ))
    };
    let length = text.chars().count();
    if length > CALENDAR {
        return Err(refuse("the calendar is longer than allowed".to_owned())
            .found(format!("{length} characters"))
            .invalid());
    }
    let calendar = Calendar::read(text).map_err(|error| {
        refuse(format!("the calendar cannot be read: {error}"))
            .found(text.escape_debug().to_string())
            .invalid()
    })?;
    let now = series::now(conn).await?;
    calendar.next_after(now).ok_or_else(|| {
        refuse("the calendar has no date from now on".to_owned())
            .found(text.escape_debug().to_string())
            .invalid()
    })
}
