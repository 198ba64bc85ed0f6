//! A tournament's rounds and standings as they are shown: from what the rules know, the names
//! of the field and what each run shows beyond that.

use std::collections::BTreeMap;

use gauntlet_domain::record::Line;
use gauntlet_domain::run::RunState;
use gauntlet_domain::tournament::{Round, Tournament};
use gauntlet_domain::{Digest, RunId, SubmissionId};

use super::{
    BlockView, ComparisonView, CutView, HeatView, RoundState, RoundView, RunCell, StandingView,
    TitleView,
};

/// Names of the field, and when each was cut.
pub(super) struct Names {
    names: BTreeMap<SubmissionId, String>,
    cut_after: BTreeMap<SubmissionId, u32>,
}

impl Names {
    pub(super) fn of(tournament: &Tournament) -> Self {
        Self {
            names: tournament
                .entrants()
                .map(|entrant| (entrant.submission, entrant.name.to_string()))
                .collect(),
            cut_after: tournament
                .rounds()
                .iter()
                .filter_map(|round| round.decision.as_ref())
                .flat_map(|decision| decision.cut.iter().map(|who| (*who, decision.round)))
                .collect(),
        }
    }

    pub(super) fn name(&self, who: SubmissionId) -> String {
        self.names.get(&who).cloned().unwrap_or_default()
    }

    pub(super) fn cut_after(&self, who: SubmissionId) -> Option<u32> {
        self.cut_after.get(&who).copied()
    }
}

/// What a run shows beyond what the rules know of it.
pub(super) struct RunDetail {
    pub(super) progress: f64,
    pub(super) model: Option<Digest>,
    /// Where that is shown.
    pub(super) stuck_because: Option<String>,
}

/// Its rounds, first to last.
pub(super) fn rounds(
    tournament: &Tournament,
    names: &Names,
    details: &BTreeMap<RunId, RunDetail>,
    tasks: &[String],
) -> Vec<RoundView> {
    let mut before = 0;
    tournament
        .rounds()
        .iter()
        .map(|round| {
            let view = round_view(tournament, round, before, names, details, tasks);
            before += round.blocks.len() as u32;
            view
        })
        .collect()
}

fn round_view(
    tournament: &Tournament,
    round: &Round,
    blocks_before: u32,
    names: &Names,
    details: &BTreeMap<RunId, RunDetail>,
    tasks: &[String],
) -> RoundView {
    let mut runs: Vec<RunCell> = round
        .runs
        .iter()
        .map(|(id, run)| {
            let detail = details.get(id);
            RunCell {
                run: *id,
                method: names.name(run.submission),
                block: blocks_before + run.block.1,
                state: run.state,
                attempt: run.attempt,
                progress: detail.map_or(0.0, |detail| detail.progress),
                verdict: run.outcome.map(|outcome| outcome.verdict()),
                score: run.outcome.and_then(|outcome| outcome.score()),
                model: detail.and_then(|detail| detail.model),
            }
        })
        .collect();
    runs.sort_by(|a, b| (&a.method, a.block).cmp(&(&b.method, b.block)));

    let stuck: Vec<&RunCell> = runs
        .iter()
        .filter(|cell| cell.state == RunState::Stuck)
        .collect();
    let note = stuck.first().map(|cell| {
        let reason = details
            .get(&cell.run)
            .and_then(|detail| detail.stuck_because.as_deref())
            .map_or_else(String::new, |reason| {
                format!(", attempt {}: {reason}", cell.attempt)
            });
        format!(
            "{} of its runs {} stuck after faults of the platform; {} on block {} (run {}){reason}",
            stuck.len(),
            if stuck.len() == 1 { "is" } else { "are" },
            cell.method,
            cell.block,
            cell.run,
        )
    });
    RoundView {
        number: round.number,
        state: match (&round.decision, &note) {
            (Some(_), _) => RoundState::Decided,
            (None, Some(_)) => RoundState::Stuck,
            (None, None) => RoundState::Running,
        },
        note,
        blocks: round
            .blocks
            .iter()
            .map(|block| BlockView {
                number: blocks_before + block.index,
                index: block.index,
                seed: block.seed,
                task: tasks.get(block.task as usize).cloned().unwrap_or_default(),
                voided: round.is_void(block.index),
                half: block.half,
                again: block.again.map(|(round, index)| {
                    let earlier = tournament.rounds().iter();
                    let before: usize = earlier
                        .take_while(|other| other.number < round)
                        .map(|other| other.blocks.len())
                        .sum();
                    before as u32 + index
                }),
            })
            .collect(),
        heats: round
            .heats
            .iter()
            .map(|heat| HeatView {
                methods: heat.entrants.iter().map(|who| names.name(*who)).collect(),
                blocks: heat
                    .blocks
                    .iter()
                    .map(|index| blocks_before + index)
                    .collect(),
            })
            .collect(),
        runs,
        standings: tournament
            .round_lines(round)
            .iter()
            .map(|one| line(one, names))
            .collect(),
        cut: round.decision.as_ref().map(|decision| CutView {
            kept: decision.kept.iter().map(|who| names.name(*who)).collect(),
            dropped: decision.cut.iter().map(|who| names.name(*who)).collect(),
            at_line: decision
                .evidence
                .as_ref()
                .map(|evidence| (names.name(evidence.kept), names.name(evidence.cut))),
            evidence: decision.evidence.clone(),
            comparisons: decision
                .comparisons
                .iter()
                .map(|evidence| ComparisonView {
                    kept: names.name(evidence.kept),
                    dropped: names.name(evidence.cut),
                    evidence: evidence.clone(),
                })
                .collect(),
            friedman: decision.friedman,
            title: decision.title.as_ref().map(|title| TitleView {
                defender: names.name(title.defender),
                challenger: names.name(title.challenger),
                dethroned: title.dethroned,
                evidence: title.evidence.clone(),
            }),
        }),
    }
}

/// A line of the standings, with its name.
pub(super) fn line(of: &Line, names: &Names) -> StandingView {
    let line = &of.standing;
    StandingView {
        place: line.place,
        method: names.name(line.submission),
        mean: line.mean,
        standard_error: of.standard_error,
        blocks: line.blocks,
        faults: line.faults,
        cut_after: names.cut_after(line.submission),
        points: line.points,
        estimate: line.estimate,
        p_best: line.p_best,
    }
}
