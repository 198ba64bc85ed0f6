//! `/`.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use gauntlet_api::{ArchiveEntry, Runner, RunnerState, TournamentState, TournamentSummary};
use gauntlet_domain::tournament::Audience;

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
    /// Why it gets no work, or only one run at a time.
    aside: Option<String>,
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
                    aside: aside(runner),
                })
                .collect(),
        }
    }
}

/// What people are told of a runner that is not in good standing.
fn aside(runner: &Runner) -> Option<String> {
    let because = runner.set_aside_because.as_deref().unwrap_or_default();
    match (runner.state, runner.set_aside_until) {
        (RunnerState::Serving, _) => None,
        (RunnerState::SetAside, Some(until)) => Some(format!(
            "set aside until {}: {because}",
            format::time(until)
        )),
        (RunnerState::SetAside, None) => Some(format!("set aside: {because}")),
        (RunnerState::Probation, _) => Some(format!("on probation: {because}")),
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
    let runners: Vec<_> = read::runners(app, Audience::Everyone)
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
    fn a_runner_that_is_set_aside_says_why() {
        let runner = Runner {
            id: uuid::Uuid::nil(),
            name: "cellar".to_owned(),
            class: "cpu".to_owned(),
            version: "0".to_owned(),
            last_seen_at: time::OffsetDateTime::UNIX_EPOCH,
            alive: true,
            state: RunnerState::SetAside,
            set_aside_because: Some("3 faults in a row".to_owned()),
            set_aside_until: Some(time::OffsetDateTime::UNIX_EPOCH),
            last_fault: None,
        };
        let shown = |runner: &Runner| {
            let runners = std::slice::from_ref(runner);
            HomeLive::new(&[], &[], runners).render().unwrap()
        };
        assert!(shown(&runner).contains("3 faults in a row"));
        let serving = Runner {
            state: RunnerState::Serving,
            ..runner
        };
        assert!(!shown(&serving).contains("set aside"));
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
