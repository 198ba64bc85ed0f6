//! `/`.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use gauntlet_domain::tournament::Audience;
use gauntlet_storage::Access;

use super::layout::Layout;
use super::lists::{ArchiveCards, RunnerList, TournamentCards};
use crate::app::App;
use crate::error::Result;
use crate::page::Piece;
use crate::public;

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
    tournaments: TournamentCards,
    archive: ArchiveCards,
    runners: RunnerList,
}

impl HomePage {
    pub(crate) fn new(live: HomeLive) -> Self {
        let layout =
            Layout::new("Gauntlet").events(String::from("/live"), String::from("/api/v1/events"));
        Self { layout, live }
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
    let newest = Piece::first();
    let tournaments = public::tournaments::tournaments(app, &newest, Access::Public).await?;
    let archive = public::archive::entries(app, &newest, Access::Public).await?;
    let runners = public::runners::runners(app, Audience::Everyone, &newest).await?;
    Ok(HomeLive {
        tournaments: TournamentCards::new(&tournaments),
        archive: ArchiveCards::new(&archive),
        runners: RunnerList::new(&runners),
    })
}

#[cfg(test)]
mod tests {
    use gauntlet_api::List;

    use super::*;

    #[test]
    fn an_empty_house_says_how_to_begin() {
        fn none<T>() -> List<T> {
            List {
                items: Vec::new(),
                next: None,
            }
        }
        let live = HomeLive {
            tournaments: TournamentCards::new(&none()),
            archive: ArchiveCards::new(&none()),
            runners: RunnerList::new(&none()),
        };
        let page = HomePage::new(live).render().unwrap();
        assert!(page.contains("gauntlet tournament create"));
        assert!(page.contains("gauntlet-runner"));
    }
}
