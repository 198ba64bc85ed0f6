//! Reads for handlers and pages: a connection, a view, and 404 where there is none.

use gauntlet_api::ArchiveEntry;
use gauntlet_domain::tournament::Audience;
use gauntlet_domain::{ArchiveId, RunId, SeriesName, TaskName, TournamentId, TournamentName};
use gauntlet_scheduler::unserved::sentence;
use gauntlet_storage::views::{
    self, RecordView, RunView, RunnerView, SeriesView, TaskView, TournamentSummary, TournamentView,
};
use gauntlet_storage::{Access, Page, Place};
use gauntlet_storage::{members, unserved};

use crate::app::App;
use crate::auth::{Eyes, Viewer};
use crate::convert;
use crate::error::{Error, Result};

/// A name that cannot be one is the name of nothing.
pub(crate) fn tournament_name(name: &str) -> Result<TournamentName> {
    name.parse()
        .map_err(|_| Error::not_found("path.name", "tournament", Shown(name)))
}

pub(crate) async fn tournament_id(app: &App, name: &str, access: Access) -> Result<TournamentId> {
    let parsed = tournament_name(name)?;
    let mut conn = app.context.db.acquire().await?;
    members::seen(&mut conn, &parsed, access)
        .await?
        .ok_or_else(|| Error::not_found("path.name", "tournament", name))
}

pub(crate) async fn tournament(app: &App, name: &str, eyes: Eyes) -> Result<TournamentView> {
    let parsed = tournament_name(name)?;
    let mut conn = app.context.db.acquire().await?;
    views::tournament(&mut conn, &parsed, eyes.audience, eyes.access)
        .await?
        .ok_or_else(|| Error::not_found("path.name", "tournament", name))
}

/// Which of its runs wait for a runner of a kind that there is not, and what to do.
pub(crate) async fn waiting(app: &App, name: &str) -> Result<Vec<String>> {
    let mut conn = app.context.db.acquire().await?;
    let waiting = unserved::read(&mut conn, Some(name)).await?;
    Ok(waiting
        .iter()
        .map(|waits| sentence(waits.lane, waits.runs))
        .collect())
}

pub(crate) async fn record(
    app: &App,
    name: &str,
    eyes: Eyes,
    after: i64,
    limit: i64,
) -> Result<RecordView> {
    let parsed = tournament_name(name)?;
    let mut conn = app.context.db.acquire().await?;
    let whose = (eyes.audience, eyes.access);
    views::record(&mut conn, &parsed, whose, after, limit)
        .await?
        .ok_or_else(|| Error::not_found("path.name", "tournament", name))
}

pub(crate) async fn tournaments(
    app: &App,
    page: &Page<Place>,
    access: Access,
) -> Result<Vec<TournamentSummary>> {
    let mut conn = app.context.db.acquire().await?;
    Ok(views::tournaments(&mut conn, page, access).await?)
}

pub(crate) async fn run(app: &App, id: RunId, eyes: Eyes) -> Result<RunView> {
    let mut conn = app.context.db.acquire().await?;
    views::run(&mut conn, id, eyes.audience, eyes.access)
        .await?
        .ok_or_else(|| Error::not_found("path.id", "run", id))
}

/// A run as this viewer may see it.
pub(crate) async fn run_for(app: &App, id: RunId, viewer: &Viewer) -> Result<RunView> {
    let eyes = Eyes {
        access: viewer.access(),
        audience: Audience::Everyone,
    };
    let view = run(app, id, eyes).await?;
    let eyes = viewer.eyes(app, &view.tournament).await?;
    match eyes.audience {
        Audience::Everyone => Ok(view),
        Audience::Organiser => run(app, id, eyes).await,
    }
}

pub(crate) async fn tasks(
    app: &App,
    page: &Page<TaskName>,
    access: Access,
) -> Result<Vec<TaskView>> {
    let mut conn = app.context.db.acquire().await?;
    Ok(views::tasks(&mut conn, page, access).await?)
}

pub(crate) async fn task(app: &App, name: &str, access: Access) -> Result<TaskView> {
    let unknown = || Error::not_found("path.name", "task", Shown(name));
    let parsed: TaskName = name.parse().map_err(|_| unknown())?;
    let mut conn = app.context.db.acquire().await?;
    views::task(&mut conn, &parsed, access)
        .await?
        .ok_or_else(unknown)
}

pub(crate) async fn series(
    app: &App,
    page: &Page<SeriesName>,
    access: Access,
) -> Result<Vec<SeriesView>> {
    let mut conn = app.context.db.acquire().await?;
    Ok(views::series(&mut conn, page, access).await?)
}

/// A name that cannot be one is the name of nothing.
pub(crate) fn series_name(name: &str) -> Result<SeriesName> {
    name.parse()
        .map_err(|_| Error::not_found("path.name", "series", Shown(name)))
}

pub(crate) async fn one_series(app: &App, name: &str, access: Access) -> Result<SeriesView> {
    let parsed = series_name(name)?;
    let mut conn = app.context.db.acquire().await?;
    views::one_series(&mut conn, &parsed, access)
        .await?
        .ok_or_else(|| Error::not_found("path.name", "series", name))
}

pub(crate) async fn runners(
    app: &App,
    audience: Audience,
    page: &Page<Place>,
) -> Result<Vec<RunnerView>> {
    let mut conn = app.context.db.acquire().await?;
    Ok(views::runners(&mut conn, audience, page).await?)
}

pub(crate) async fn archive(
    app: &App,
    page: &Page<Place>,
    access: Access,
) -> Result<Vec<ArchiveEntry>> {
    let views = {
        let mut conn = app.context.db.acquire().await?;
        views::entries(&mut conn, page, access).await?
    };
    let mut entries = Vec::with_capacity(views.len());
    for view in views {
        entries.push(with_size(app, view).await?);
    }
    Ok(entries)
}

pub(crate) async fn archive_ids(
    app: &App,
    page: &Page<Place>,
    access: Access,
) -> Result<Vec<ArchiveId>> {
    let mut conn = app.context.db.acquire().await?;
    Ok(views::entries(&mut conn, page, access)
        .await?
        .into_iter()
        .map(|view| view.id)
        .collect())
}

/// By id, or by alias.
pub(crate) async fn archive_entry(app: &App, name: &str, access: Access) -> Result<ArchiveEntry> {
    let view = {
        let mut conn = app.context.db.acquire().await?;
        views::entry(&mut conn, name, access).await?
    };
    let view = view.ok_or_else(|| Error::not_found("path.id", "archive entry", Shown(name)))?;
    with_size(app, view).await
}

async fn with_size(app: &App, view: views::ArchiveView) -> Result<ArchiveEntry> {
    let bytes = app.context.blobs.size(&view.model).await?;
    let bytes = bytes.ok_or_else(|| {
        Error::internal(format_args!(
            "the blob {} of the archive is missing",
            view.model
        ))
    })?;
    Ok(convert::archive_entry(view, bytes))
}

/// What a caller sent, safe and short enough to send back.
struct Shown<'a>(&'a str);

impl std::fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for c in self.0.chars().take(80).flat_map(char::escape_debug) {
            write!(f, "{c}")?;
        }
        Ok(())
    }
}
