//! `/tournaments/{name}`.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use gauntlet_api::{Cut, Direction, RoundState, RunState, Tournament, TournamentState, Verdict};

use super::format;
use super::layout::Layout;
use super::matrix::Matrix;
use crate::app::App;
use crate::auth::Eyes;
use crate::convert;
use crate::error::Result;
use crate::extract::Path;
use crate::read;

/// The page.
#[derive(Template)]
#[template(path = "tournament.html")]
pub(crate) struct TournamentPage {
    pub(crate) layout: Layout,
    pub(crate) live: TournamentLive,
}

/// The part that changes while it runs.
#[derive(Template)]
#[template(path = "tournament_live.html")]
pub(crate) struct TournamentLive {
    name: String,
    task: String,
    metric: String,
    miss: String,
    state: &'static str,
    state_text: &'static str,
    methods: usize,
    done: usize,
    total: usize,
    champion: Option<ChampionView>,
    notes: Vec<String>,
    matrix: Matrix,
    cuts: Vec<CutView>,
    standings: Vec<StandingView>,
    faults: Vec<FaultView>,
    rules: String,
    nonce_digest: Option<String>,
    nonce: Option<String>,
    seed: Option<String>,
    created: String,
    completed: Option<String>,
    series: Option<String>,
    /// Whether scores are shown rounded.
    rounded: bool,
}

struct ChampionView {
    method: String,
    score: String,
    href: Option<String>,
}

struct CutView {
    round: u32,
    summary: String,
    dropped: Vec<String>,
    evidence: Vec<String>,
}

struct StandingView {
    rank: u32,
    method: String,
    mean: String,
    error: Option<String>,
    blocks: u32,
    faults: u32,
    place: String,
    bar: Option<Bar>,
}

/// A mean with its interval, as x coordinates on a strip of width 100.
struct Bar {
    at: String,
    from: String,
    to: String,
}

struct FaultView {
    method: String,
    verdict: String,
    block: u32,
    href: String,
}

impl TournamentPage {
    pub(crate) fn new(tournament: &Tournament) -> Self {
        let layout = Layout::new(format!("{} · tournament", tournament.name))
            .live(!is_finished(tournament))
            .events(
                format!("/tournaments/{}/live", tournament.name),
                format!("/api/v1/tournaments/{}/events", tournament.name),
            );
        Self {
            layout,
            live: TournamentLive::new(tournament),
        }
    }
}

/// Nothing will change any more.
pub(crate) fn is_finished(tournament: &Tournament) -> bool {
    matches!(
        tournament.state,
        TournamentState::Completed | TournamentState::Cancelled
    )
}

impl TournamentLive {
    pub(crate) fn new(tournament: &Tournament) -> Self {
        let runs = || tournament.rounds.iter().flat_map(|round| &round.runs);
        Self {
            name: tournament.name.clone(),
            task: tournament.task.clone(),
            metric: tournament.metric.heading(),
            miss: tournament.metric.miss.to_string(),
            state: tournament.state.as_str(),
            state_text: state_text(tournament),
            methods: tournament.methods.len(),
            done: runs().filter(|run| run.state == RunState::Done).count(),
            total: runs().count(),
            champion: tournament.champion.as_ref().map(|champion| ChampionView {
                method: champion.method.clone(),
                score: format::score(champion.score),
                href: champion.archive.map(|id| format!("/archive/{id}")),
            }),
            notes: notes(tournament),
            matrix: Matrix::new(tournament),
            cuts: tournament
                .rounds
                .iter()
                .filter_map(|round| round.cut.as_ref().map(|cut| cut_view(round.number, cut)))
                // A race only cuts at its end; its rounds in between say nothing here.
                .filter(|cut| !cut.dropped.is_empty())
                .collect(),
            standings: standings(tournament),
            faults: runs()
                .filter(|run| run.state == RunState::Done)
                .filter_map(|run| Some((run, run.verdict.filter(|_| run.score.is_none())?)))
                .filter(|(_, verdict)| *verdict != Verdict::Stopped)
                .map(|(run, verdict)| FaultView {
                    method: run.method.clone(),
                    verdict: format::words(verdict.as_str()),
                    block: run.block,
                    href: format!("/runs/{}", run.run),
                })
                .collect(),
            rules: serde_json::to_string_pretty(&tournament.rules).unwrap_or_default(),
            nonce_digest: tournament.nonce_digest.clone(),
            nonce: tournament.nonce.clone(),
            seed: tournament.seed.clone(),
            created: format::time(tournament.created_at),
            completed: tournament.completed_at.map(format::time),
            series: tournament.series.clone(),
            rounded: tournament.rounded,
        }
    }
}

/// What a reader has to know first.
fn notes(tournament: &Tournament) -> Vec<String> {
    let paused = tournament.paused.as_ref();
    let paused = paused.map(|reason| format!("Paused: {reason}"));
    let rejudged = tournament.rejudged.as_ref();
    let rejudged = rejudged.map(|reason| format!("Judged again: {reason}"));
    let withdrawn = tournament.champion.as_ref().and_then(|champion| {
        let reason = champion.withdrawn.as_ref()?;
        Some(format!(
            "The archive entry of {} is withdrawn: {reason}",
            champion.method
        ))
    });
    let methods = || tournament.methods.iter();
    let defends = methods()
        .filter(|method| method.defender)
        .map(|method| format!("{} defends the title", method.name));
    let out = methods().filter_map(|method| match (&method.disqualified, &method.set_aside) {
        (Some(reason), _) => Some(format!("{} is disqualified: {reason}", method.name)),
        (None, Some(reason)) => Some(format!("{} is set aside: {reason}", method.name)),
        (None, None) => None,
    });
    let rounds = tournament.rounds.iter();
    rounds
        .filter_map(|round| round.note.clone())
        .chain(tournament.note.clone())
        .chain(paused)
        .chain(rejudged)
        .chain(tournament.waiting.iter().cloned())
        .chain(withdrawn)
        .chain(defends)
        .chain(out)
        .collect()
}

fn state_text(tournament: &Tournament) -> &'static str {
    let stuck = tournament
        .rounds
        .iter()
        .any(|round| round.state == RoundState::Stuck);
    match tournament.state {
        TournamentState::Draft => "in preparation",
        TournamentState::Open => "open for submissions",
        TournamentState::Closed if tournament.paused.is_some() => "paused",
        TournamentState::Closed if stuck => "stuck",
        TournamentState::Closed => "running",
        TournamentState::Completed => "completed",
        TournamentState::Cancelled => "cancelled",
    }
}

fn standings(tournament: &Tournament) -> Vec<StandingView> {
    let shown = || {
        tournament
            .standings
            .iter()
            .filter(|standing| standing.blocks > 0)
    };
    let ends = |sign: f64| {
        shown().map(move |standing| {
            standing.mean + sign * 2.0 * standing.standard_error.unwrap_or(0.0)
        })
    };
    // Faulted methods have the miss as their mean: the strip ends at the worst one that
    // scored, whichever way is worse.
    let scored = || {
        shown()
            .filter(|standing| standing.faults < standing.blocks)
            .map(|standing| standing.mean)
    };
    let mut low = ends(-1.0).fold(f64::INFINITY, f64::min);
    let mut high = ends(1.0).fold(f64::NEG_INFINITY, f64::max);
    match tournament.metric.better {
        Direction::Higher => low = low.max(scored().fold(f64::INFINITY, f64::min) - 0.02),
        Direction::Lower => high = high.min(scored().fold(f64::NEG_INFINITY, f64::max) + 0.02),
    }
    let place = |value: f64| {
        let share = if high > low {
            (value - low) / (high - low)
        } else {
            0.5
        };
        format!("{:.1}", 4.0 + 92.0 * share.clamp(0.0, 1.0))
    };
    shown()
        .map(|standing| {
            let error = standing.standard_error.filter(|error| error.is_finite());
            let reach = 2.0 * error.unwrap_or(0.0);
            StandingView {
                rank: standing.rank,
                method: standing.method.clone(),
                mean: format::score(standing.mean),
                error: error.map(format::score),
                blocks: standing.blocks,
                faults: standing.faults,
                place: match standing.cut_after {
                    Some(round) => format!("out after round {round}"),
                    None if tournament.state == TournamentState::Completed => String::from("final"),
                    None => match standing.p_best {
                        Some(chance) => format!("in, {} % the best", format::percent(chance)),
                        None => String::from("in"),
                    },
                },
                bar: (standing.faults < standing.blocks).then(|| Bar {
                    at: place(standing.mean),
                    from: place(standing.mean - reach),
                    to: place(standing.mean + reach),
                }),
            }
        })
        .collect()
}

fn cut_view(round: u32, cut: &Cut) -> CutView {
    let mut evidence = Vec::new();
    let line = cut.line.as_ref();
    let (kept, dropped) = (line.map(|line| &line.kept), line.map(|line| &line.dropped));
    if let (Some(kept), Some(dropped), Some(effect)) = (kept, dropped, cut.effect) {
        let blocks = if cut.common_blocks == 1 {
            "block"
        } else {
            "blocks"
        };
        evidence.push(format!(
            "At the line: {kept} against {dropped}, {} on {} common {blocks}",
            format::signed(effect),
            cut.common_blocks
        ));
    }
    if let Some([low, high]) = cut.interval {
        evidence.push(format!(
            "95 % interval {} to {}",
            format::signed(low),
            format::signed(high)
        ));
    }
    if let Some(p) = cut.p_value {
        evidence.push(format!("one-sided sign-flip p = {p:.3}"));
    }
    if let Some(blocks) = cut.flip_blocks {
        let noun = if blocks == 1 { "block" } else { "blocks" };
        evidence.push(format!("about {blocks} more {noun} could turn it"));
    }
    if let Some(title) = &cut.title {
        let blocks = title.numbers.common_blocks;
        let advantage = format::signed(title.numbers.effect);
        evidence.push(if title.dethroned {
            format!(
                "{} takes the title from {}: {advantage} on {blocks} new blocks",
                title.challenger, title.defender
            )
        } else {
            format!(
                "{} keeps the title: {} was {advantage} on {blocks} new blocks",
                title.defender, title.challenger
            )
        });
    }
    let summary = match cut.kept.as_slice() {
        [one] if cut.title.is_some() => format!("{one} has the title"),
        [one] => format!("{one} is left"),
        kept => format!("{} go on, {} end", kept.len(), cut.dropped.len()),
    };
    CutView {
        round,
        summary,
        dropped: cut.dropped.clone(),
        evidence,
    }
}

/// `GET /tournaments/{name}`.
pub(crate) async fn page(State(app): State<App>, Path(name): Path<String>) -> Result<Response> {
    let tournament = look(&app, &name).await?;
    Ok(super::render(&TournamentPage::new(&tournament)))
}

/// `GET /tournaments/{name}/live`: what of it changes.
pub(crate) async fn live(State(app): State<App>, Path(name): Path<String>) -> Result<Response> {
    let tournament = look(&app, &name).await?;
    Ok(super::render(&TournamentLive::new(&tournament)))
}

/// It as everybody sees it.
async fn look(app: &App, name: &str) -> Result<Tournament> {
    let view = read::tournament(app, name, Eyes::ANYBODY).await?;
    let mut tournament = convert::tournament(view);
    tournament.waiting = read::waiting(app, name).await?;
    Ok(tournament)
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn a_running_tournament_is_live_and_shows_its_cut() {
        let page = TournamentPage::new(&samples::tournament())
            .render()
            .unwrap();
        assert!(
            page.contains("data-events=\"/api/v1/tournaments/digits-cup/events\""),
            "{page}"
        );
        assert!(page.contains(
            "At the line: adamw-cosine against label-smoothing, +0.0110 on 1 common block"
        ));
        assert!(page.contains("memory exceeded"));
        assert!(page.contains("42%"));
    }

    #[test]
    fn a_completed_one_is_not_live() {
        let mut tournament = samples::tournament();
        tournament.state = TournamentState::Completed;
        let page = TournamentPage::new(&tournament).render().unwrap();
        assert!(!page.contains("data-events"));
        assert!(!page.contains("http-equiv=\"refresh\""));
    }

    #[test]
    fn an_empty_draft_renders() {
        let mut tournament = samples::tournament();
        tournament.state = TournamentState::Draft;
        tournament.rounds.clear();
        tournament.standings.clear();
        tournament.methods.clear();
        let page = TournamentPage::new(&tournament).render().unwrap();
        assert!(page.contains("in preparation"));
    }
}
