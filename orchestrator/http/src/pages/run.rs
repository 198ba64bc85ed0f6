//! `/runs/{id}`.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use gauntlet_api::{Meters, Run, RunState};

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

/// The page.
#[derive(Template)]
#[template(path = "run.html")]
pub(crate) struct RunPage {
    pub(crate) layout: Layout,
    pub(crate) live: RunLive,
}

/// The part that changes while it runs.
#[derive(Template)]
#[template(path = "run_live.html")]
pub(crate) struct RunLive {
    method: String,
    tournament: String,
    task: String,
    round: u32,
    block: u32,
    seed: String,
    digest: String,
    model: Option<String>,
    verdict_class: &'static str,
    verdict: String,
    metric: String,
    good: bool,
    score: Option<String>,
    progress: Option<u32>,
    detail: Option<String>,
    charts: Vec<Chart>,
    probes: Vec<ProbeRow>,
    meters: Vec<MeterRow>,
    attempts: Vec<AttemptView>,
    /// Whether the score is shown rounded, and some of the rest not at all.
    rounded: bool,
}

struct ProbeRow {
    used: u32,
    work: String,
    score: String,
}

struct MeterRow {
    name: &'static str,
    train: String,
    predict: String,
}

struct AttemptView {
    number: i32,
    runner: String,
    state: &'static str,
    reason: String,
    took: String,
}

impl RunPage {
    pub(crate) fn new(run: &Run) -> Self {
        let layout = Layout::new(format!(
            "{} on block {} · {}",
            run.method, run.block, run.tournament
        ))
        .live(!is_finished(run))
        .events(
            format!("/runs/{}/live", run.id),
            format!("/api/v1/runs/{}/events", run.id),
        );
        Self {
            layout,
            live: RunLive::new(run),
        }
    }
}

/// Nothing will change any more.
pub(crate) fn is_finished(run: &Run) -> bool {
    matches!(run.state, RunState::Done | RunState::Void)
}

impl RunLive {
    pub(crate) fn new(run: &Run) -> Self {
        let (verdict_class, verdict) = match (run.state, run.verdict) {
            (RunState::Done, Some(gauntlet_api::Verdict::Completed)) => {
                ("good", String::from("completed"))
            }
            (RunState::Done, Some(gauntlet_api::Verdict::Stopped)) => {
                ("", String::from("stopped early"))
            }
            (RunState::Done, Some(verdict)) => ("bad", format::words(verdict.as_str())),
            (RunState::Done, None) => ("bad", String::from("no verdict")),
            (RunState::Queued, _) => ("", String::from("queued")),
            (RunState::Leased, _) => ("busy", String::from("running")),
            (RunState::Stuck, _) => ("bad", String::from("stuck")),
            (RunState::Void, _) => ("", String::from("not needed any more")),
        };
        Self {
            method: run.method.clone(),
            tournament: run.tournament.clone(),
            task: run.task.clone(),
            round: run.round,
            block: run.block,
            seed: run.seed.clone(),
            digest: run.digest.clone(),
            model: run.model.clone(),
            verdict_class,
            verdict,
            metric: run.metric.heading(),
            good: run.score.is_some() || run.verdict == Some(gauntlet_api::Verdict::Stopped),
            score: run.score.map(format::score),
            progress: (run.state == RunState::Leased).then(|| format::percent(run.progress)),
            detail: run.detail.clone().filter(|detail| !detail.is_empty()),
            charts: chart::charts(&run.curve),
            probes: run
                .probes
                .iter()
                .map(|probe| ProbeRow {
                    used: format::percent(probe.fraction),
                    work: format::count(probe.work),
                    score: format::score(probe.score),
                })
                .collect(),
            meters: meters(run.train.as_ref(), run.predict.as_ref()),
            attempts: run
                .attempts
                .iter()
                .map(|attempt| AttemptView {
                    number: attempt.number,
                    runner: attempt.runner.clone(),
                    state: attempt.state.as_str(),
                    reason: attempt.reason.clone().unwrap_or_default(),
                    took: attempt.ended_at.map_or_else(String::new, |ended| {
                        let micros = (ended - attempt.started_at).whole_microseconds();
                        format::micros(u64::try_from(micros).unwrap_or(0))
                    }),
                })
                .collect(),
            rounded: run.rounded,
        }
    }
}

fn meters(train: Option<&Meters>, predict: Option<&Meters>) -> Vec<MeterRow> {
    if train.is_none() && predict.is_none() {
        return Vec::new();
    }
    let row = |name, show: fn(&Meters) -> String| MeterRow {
        name,
        train: train.map(show).unwrap_or_default(),
        predict: predict.map(show).unwrap_or_default(),
    };
    vec![
        row("metered work", |meters| format::count(meters.work)),
        row("floating-point operations", |meters| {
            format::count(meters.flops)
        }),
        row("bytes moved", |meters| format::bytes(meters.bytes_moved)),
        row("tensor operations", |meters| {
            format::count(meters.operations)
        }),
        row("batches", |meters| format::count(meters.batches)),
        row("most tensor bytes alive", |meters| {
            format::bytes(meters.peak_tensor_bytes)
        }),
        row("wall time", |meters| format::micros(meters.wall_micros)),
    ]
}

/// `GET /runs/{id}`.
pub(crate) async fn page(State(app): State<App>, Path(id): Path<RunId>) -> Result<Response> {
    let run = convert::run(read::run(&app, id, Eyes::ANYBODY).await?);
    Ok(super::render(&RunPage::new(&run)))
}

/// `GET /runs/{id}/live`: what of it changes.
pub(crate) async fn live(State(app): State<App>, Path(id): Path<RunId>) -> Result<Response> {
    let run = convert::run(read::run(&app, id, Eyes::ANYBODY).await?);
    Ok(super::render(&RunLive::new(&run)))
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn a_run_shows_its_curve_and_stays_inert() {
        let page = RunPage::new(&samples::run()).render().unwrap();
        assert!(page.contains("<polyline class=\"curve\""));
        assert!(page.contains("method failed"));
        assert!(page.contains("2.35 s"));
        assert!(!page.contains("<script>document"), "{page}");
        assert!(!page.contains("<img"), "{page}");
        assert!(!page.contains("data-events"));
    }

    #[test]
    fn a_queued_run_has_nothing_to_show_yet() {
        let mut run = samples::run();
        run.state = RunState::Queued;
        run.verdict = None;
        run.curve.clear();
        run.train = None;
        run.attempts.clear();
        let page = RunPage::new(&run).render().unwrap();
        assert!(page.contains("data-events=\"/api/v1/runs/"));
        assert!(page.contains("queued"));
    }
}
