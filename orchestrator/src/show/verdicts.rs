//! How the runs of each method ended.

use std::collections::BTreeMap;

use gauntlet_api::{Metric, RunCell, RunState, Tournament, Verdict};

use super::table::{Column, render};
use super::text::short;

/// A row per method: how often it ran, how its runs ended, its best model.
/// `details` holds a sentence about a method's fault, by method.
pub(crate) fn table(tournament: &Tournament, details: &BTreeMap<String, String>) -> String {
    let mut runs: BTreeMap<&str, Vec<&RunCell>> = BTreeMap::new();
    for cell in tournament.rounds.iter().flat_map(|round| &round.runs) {
        runs.entry(&cell.method).or_default().push(cell);
    }
    let order = if tournament.standings.is_empty() {
        runs.keys().copied().collect::<Vec<_>>()
    } else {
        tournament
            .standings
            .iter()
            .map(|standing| standing.method.as_str())
            .collect()
    };
    let heading = format!("best {}", tournament.metric.name);
    render(
        &[
            Column::Text("method"),
            Column::Number("runs"),
            Column::Text("verdicts"),
            Column::Number(&heading),
            Column::Text("its model"),
            Column::Text("why it failed"),
        ],
        order.into_iter().map(|method| {
            let cells = runs.remove(method).unwrap_or_default();
            let best = best(&tournament.metric, &cells);
            [
                method.to_owned(),
                cells.len().to_string(),
                summary(&cells),
                best.and_then(|cell| cell.score)
                    .map_or_else(String::new, |score| format!("{score:.4}")),
                best.and_then(|cell| cell.model.as_deref())
                    .map_or_else(String::new, |model| short(model).to_owned()),
                details.get(method).cloned().unwrap_or_default(),
            ]
        }),
        "no runs yet",
    )
}

fn best<'a>(metric: &Metric, cells: &[&'a RunCell]) -> Option<&'a RunCell> {
    cells
        .iter()
        .filter_map(|cell| Some((cell.score?, *cell)))
        .min_by(|(a_score, a), (b_score, b)| {
            // Of equal scores the earlier block: a table must not depend on order of arrival.
            metric.order(*a_score, *b_score).then(a.block.cmp(&b.block))
        })
        .map(|(_, cell)| cell)
}

fn summary(cells: &[&RunCell]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for cell in cells {
        let name = match (cell.verdict, cell.state) {
            (Some(verdict), _) => verdict.as_str(),
            (None, RunState::Stuck) => "stuck",
            (None, RunState::Leased) => "running",
            (None, _) => "waiting",
        };
        *counts.entry(name).or_default() += 1;
    }
    counts
        .into_iter()
        .map(|(name, count)| match count {
            1 => name.to_owned(),
            count => format!("{name} ×{count}"),
        })
        .collect::<Vec<_>>()
        .join(", ")
}

/// The runs that ended in a fault of the entrant, the first of each method.
pub(crate) fn first_faults(tournament: &Tournament) -> Vec<&RunCell> {
    let mut seen = std::collections::BTreeSet::new();
    tournament
        .rounds
        .iter()
        .flat_map(|round| &round.runs)
        .filter(|cell| {
            let fine = [Verdict::Completed, Verdict::Stopped];
            cell.verdict.is_some_and(|verdict| !fine.contains(&verdict))
        })
        .filter(|cell| seen.insert(cell.method.as_str()))
        .collect()
}
