//! `/tournaments`, `/archive` and `/runners`: what the home page lists, and what has no room there.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use gauntlet_api::{ArchiveEntry, List, Runner, RunnerState, TournamentState, TournamentSummary};
use gauntlet_domain::tournament::Audience;
use gauntlet_storage::Access;

use super::format;
use super::layout::Layout;
use crate::app::App;
use crate::error::Result;
use crate::extract::Query;
use crate::page::Piece;
use crate::public;

/// A page with nothing but one list.
#[derive(Template)]
#[template(path = "list.html")]
struct ListPage<T: Template> {
    layout: Layout,
    section: T,
}

/// Tournaments.
#[derive(Template)]
#[template(path = "tournament_cards.html")]
pub(crate) struct TournamentCards {
    cards: Vec<TournamentCard>,
    older: Option<String>,
}

/// Entries of the archive.
#[derive(Template)]
#[template(path = "archive_cards.html")]
pub(crate) struct ArchiveCards {
    cards: Vec<ArchiveCard>,
    older: Option<String>,
}

/// Runners.
#[derive(Template)]
#[template(path = "runner_list.html")]
pub(crate) struct RunnerList {
    lines: Vec<RunnerView>,
    older: Option<String>,
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

impl TournamentCards {
    pub(crate) fn new(list: &List<TournamentSummary>) -> Self {
        Self {
            cards: list
                .items
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
            older: list.next.clone(),
        }
    }
}

impl ArchiveCards {
    pub(crate) fn new(list: &List<ArchiveEntry>) -> Self {
        Self {
            cards: list
                .items
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
            older: list.next.clone(),
        }
    }
}

impl RunnerList {
    pub(crate) fn new(list: &List<Runner>) -> Self {
        Self {
            lines: list
                .items
                .iter()
                .map(|runner| RunnerView {
                    name: runner.name.clone(),
                    class: runner.class.clone(),
                    alive: runner.alive,
                    seen: format::time(runner.last_seen_at),
                    aside: aside(runner),
                })
                .collect(),
            older: list.next.clone(),
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

/// `GET /tournaments`.
pub(crate) async fn tournaments(
    State(app): State<App>,
    Query(piece): Query<Piece>,
) -> Result<Response> {
    let list = public::tournaments::tournaments(&app, &piece, Access::Public).await?;
    Ok(page("Tournaments", TournamentCards::new(&list)))
}

/// `GET /archive`.
pub(crate) async fn archive(
    State(app): State<App>,
    Query(piece): Query<Piece>,
) -> Result<Response> {
    let list = public::archive::entries(&app, &piece, Access::Public).await?;
    Ok(page("Archive", ArchiveCards::new(&list)))
}

/// `GET /runners`.
pub(crate) async fn runners(
    State(app): State<App>,
    Query(piece): Query<Piece>,
) -> Result<Response> {
    let list = public::runners::runners(&app, Audience::Everyone, &piece).await?;
    Ok(page("Runners", RunnerList::new(&list)))
}

fn page(title: &str, section: impl Template) -> Response {
    let layout = Layout::new(format!("{title} · Gauntlet"));
    super::render(&ListPage { layout, section })
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

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
            let items = vec![runner.clone()];
            RunnerList::new(&List { items, next: None })
                .render()
                .unwrap()
        };
        assert!(shown(&runner).contains("3 faults in a row"));
        let serving = Runner {
            state: RunnerState::Serving,
            ..runner
        };
        assert!(!shown(&serving).contains("set aside"));
    }

    #[test]
    fn champions_are_linked_and_so_is_what_has_no_room() {
        let entry = samples::archive_entry();
        let link = format!("/archive/{}", entry.id);
        let shown = |next| {
            let items = vec![entry.clone()];
            ArchiveCards::new(&List { items, next }).render().unwrap()
        };
        let last = shown(None);
        assert!(last.contains(&link) && !last.contains("?after="));
        assert!(shown(Some("00ff".to_owned())).contains("/archive?after=00ff"));
    }
}
