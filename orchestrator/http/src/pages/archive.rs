//! `/archive/{id}`.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use gauntlet_api::{ArchiveEntry, CurvePoint};

use super::chart::{self, Chart};
use super::format;
use super::layout::Layout;
use crate::app::App;
use crate::auth::Eyes;
use crate::convert;
use crate::error::Result;
use crate::extract::Path;
use crate::read;
use gauntlet_domain::RunId;
use gauntlet_storage::Access;

/// The page.
#[derive(Template)]
#[template(path = "archive.html")]
pub(crate) struct ArchivePage {
    layout: Layout,
    method: String,
    task: String,
    tournament: String,
    metric: String,
    score: String,
    blocks: u32,
    created: String,
    name: String,
    id: String,
    aliases: Vec<String>,
    withdrawn: Option<String>,
    lane: String,
    module: String,
    module_size: String,
    model: String,
    model_size: String,
    run: String,
    charts: Vec<Chart>,
    card: String,
}

impl ArchivePage {
    /// `curve` is the curve of the run whose model is kept.
    pub(crate) fn new(entry: &ArchiveEntry, curve: &[CurvePoint]) -> Self {
        let id = entry.id.to_string();
        Self {
            layout: Layout::new(format!("{} · archive", entry.method)),
            method: entry.method.clone(),
            task: entry.task.clone(),
            tournament: entry.tournament.clone(),
            metric: entry.metric.heading(),
            score: format::score(entry.score),
            blocks: entry.blocks,
            created: format::time(entry.created_at),
            name: entry.aliases.first().cloned().unwrap_or_else(|| id.clone()),
            id,
            aliases: entry.aliases.clone(),
            withdrawn: entry.withdrawn.clone(),
            lane: entry.lane.clone(),
            module: entry.module.clone(),
            module_size: format::bytes(entry.module_bytes),
            model: entry.model.clone(),
            model_size: format::bytes(entry.model_bytes),
            run: entry.run.to_string(),
            charts: chart::charts(curve),
            card: entry.card.clone(),
        }
    }
}

/// `GET /archive/{id}`.
pub(crate) async fn page(State(app): State<App>, Path(id): Path<String>) -> Result<Response> {
    let entry = read::archive_entry(&app, &id, Access::Public).await?;
    let run = convert::run(read::run(&app, RunId(entry.run), Eyes::ANYBODY).await?);
    Ok(super::render(&ArchivePage::new(&entry, &run.curve)))
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn the_card_is_shown_as_text() {
        let page = ArchivePage::new(&samples::archive_entry(), &samples::run().curve)
            .render()
            .unwrap();
        assert!(page.contains("gauntlet archive pull digits@champion"));
        assert!(page.contains("0.9812"));
        assert!(!page.contains("<b>bold</b>"), "{page}");
        assert!(page.contains("<polyline"));
    }

    #[test]
    fn an_entry_that_was_taken_back_is_marked_and_not_offered() {
        let mut entry = samples::archive_entry();
        entry.aliases.clear();
        entry.withdrawn = Some("disqualified in digits-cup: <b>a copy</b>".to_owned());
        let page = ArchivePage::new(&entry, &[]).render().unwrap();
        assert!(page.contains("Withdrawn: disqualified in digits-cup"));
        assert!(!page.contains("archive pull"), "{page}");
        assert!(!page.contains("<b>a copy"), "{page}");
    }
}
