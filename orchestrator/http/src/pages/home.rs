//! `/`.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use gauntlet_api::{ArchiveEntry, Runner, TournamentState, TournamentSummary};

use super::format;
use super::layout::Layout;
use crate::app::App;
use crate::convert;
use crate::error::Result;
use crate::read;

/// The page.
#[derive(Template)]
#[template(path = "home.html")]
pub(crate) struct HomePage {
    pub(crate) layout: Layout,
    pub(crate) live: HomeLive,
}

/// The part that changes.
#[derive(Template)]
#[template(path = "home_live.html")]
pub(crate) struct HomeLive {
    tournaments: Vec<TournamentCard>,
    archive: Vec<ArchiveCard>,
    runners: Vec<RunnerView>,
}

struct TournamentCard {
    name: String,
    task: String,
    state: &'static str,
    state_text: &'static str,
    methods: u32,
    done: u32,
    total: u32,
    champion: Option<String>,
    created: String,
}

struct ArchiveCard {
    id: String,
    method: String,
    task: String,
    metric: String,
    score: String,
    alias: Option<String>,
    withdrawn: bool,
}

struct RunnerView {
    name: String,
    class: String,
    alive: bool,
    seen: String,
}

impl HomePage {
    pub(crate) fn new(live: HomeLive) -> Self {
        let layout =
            Layout::new("Gauntlet").events(String::from("/live"), String::from("/api/v1/events"));
        Self { layout, live }
    }
}

impl HomeLive {
    pub(crate) fn new(
        tournaments: &[TournamentSummary],
        archive: &[ArchiveEntry],
        runners: &[Runner],
    ) -> Self {
        Self {
            tournaments: tournaments
                .iter()
                .map(|tournament| TournamentCard {
                    name: tournament.name.clone(),
                    task: tournament.task.clone(),
                    state: tournament.state.as_str(),
                    state_text: match tournament.state {
                        TournamentState::Draft => "in preparation",
                        TournamentState::Open => "open for submissions",
                        TournamentState::Closed => "running",
                        TournamentState::Completed => "completed",
                        TournamentState::Cancelled => "cancelled",
                    },
                    methods: tournament.methods,
                    done: tournament.runs_done,
                    total: tournament.runs_total,
                    champion: tournament.champion.clone(),
                    created: format::time(tournament.created_at),
                })
                .collect(),
            archive: archive
                .iter()
                .map(|entry| ArchiveCard {
                    id: entry.id.to_string(),
                    method: entry.method.clone(),
                    task: entry.task.clone(),
                    metric: entry.metric.heading(),
                    score: format::score(entry.score),
                    alias: entry.aliases.first().cloned(),
                    withdrawn: entry.withdrawn.is_some(),
                })
                .collect(),
            runners: runners
                .iter()
                .map(|runner| RunnerView {
                    name: runner.name.clone(),
                    class: runner.class.clone(),
                    alive: runner.alive,
                    seen: format::time(runner.last_seen_at),
                })
                .collect(),
        }
    }
}

/// `GET /`.
pub(crate) async fn page(State(app): State<App>) -> Result<Response> {
    Ok(super::render(&HomePage::new(load(&app).await?)))
}

/// `GET /live`: what of it changes.
pub(crate) async fn live(State(app): State<App>) -> Result<Response> {
    Ok(super::render(&load(&app).await?))
}

async fn load(app: &App) -> Result<HomeLive> {
    let tournaments: Vec<_> = read::tournaments(app)
        .await?
        .into_iter()
        .map(convert::summary)
        .collect();
    let runners: Vec<_> = read::runners(app)
        .await?
        .into_iter()
        .map(convert::runner)
        .collect();
    Ok(HomeLive::new(
        &tournaments,
        &read::archive(app).await?,
        &runners,
    ))
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn an_empty_house_says_how_to_begin() {
        let page = HomePage::new(HomeLive::new(&[], &[], &[]))
            .render()
            .unwrap();
        assert!(page.contains("gauntlet tournament create"));
        assert!(page.contains("gauntlet-runner"));
    }

    #[test]
    fn champions_are_linked() {
        let entry = samples::archive_entry();
        let page = HomePage::new(HomeLive::new(&[], std::slice::from_ref(&entry), &[]))
            .render()
            .unwrap();
        assert!(page.contains(&format!("/archive/{}", entry.id)));
    }
}
