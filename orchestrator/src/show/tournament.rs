//! A tournament on one screen.

use std::collections::BTreeMap;

use gauntlet_api::{RoundState, RunState, Tournament, TournamentState};

use super::lists::instant;
use super::text::{counted, printable};
use super::{cuts, standings, verdicts};

/// State, rounds, standing, cuts and verdicts.
pub(crate) fn page(tournament: &Tournament, details: &BTreeMap<String, String>) -> String {
    let mut parts = vec![format!(
        "{} · task {} · {} · {}",
        printable(&tournament.name),
        printable(&tournament.task),
        tournament.state.as_str(),
        counted(tournament.methods.len(), "method"),
    )];
    if let Some(reason) = &tournament.paused {
        parts.push(format!("paused: {}", printable(reason)));
    }
    if let Some(series) = &tournament.series {
        parts.push(format!("of the series {}", printable(series)));
    }
    if let (TournamentState::Open, Some(at)) = (tournament.state, tournament.closes_at) {
        parts.push(format!("submissions end by themselves at {}", instant(at)));
    }
    for method in &tournament.methods {
        if method.defender {
            parts.push(format!("{} defends the title", printable(&method.name)));
        }
        if let Some(reason) = &method.disqualified {
            let name = printable(&method.name);
            parts.push(format!("{name} is disqualified: {}", printable(reason)));
        }
    }
    for round in &tournament.rounds {
        let done = round
            .runs
            .iter()
            .filter(|cell| cell.state == RunState::Done)
            .count();
        let state = match round.state {
            RoundState::Running => "running",
            RoundState::Completed => "completed",
            RoundState::Stuck => "stuck",
        };
        let mut line = format!(
            "round {}: {state}, {}, {done} of {}",
            round.number,
            counted(round.blocks.len(), "block"),
            counted(round.runs.len(), "run"),
        );
        if let Some(note) = &round.note {
            line.push_str(&format!(" ({})", printable(note)));
        }
        parts.push(line);
    }
    if tournament.rounds.is_empty() {
        if !tournament.methods.is_empty() {
            let names = tournament
                .methods
                .iter()
                .map(|method| printable(&method.name))
                .collect::<Vec<_>>();
            parts.push(format!("field: {}", names.join(", ")));
        }
        parts.push(next_step(tournament));
        return parts.join("\n");
    }
    parts.push(format!(
        "\nStandings\n{}",
        standings::table(&tournament.metric, &tournament.standings)
    ));
    parts.push(format!("\nCuts\n{}", cuts::paragraphs(&tournament.rounds)));
    parts.push(format!(
        "\nVerdicts\n{}",
        verdicts::table(tournament, details)
    ));
    if let Some(champion) = &tournament.champion {
        parts.push(format!(
            "\nchampion: {} ({} {:.4}){}",
            printable(&champion.method),
            tournament.metric.name,
            champion.score,
            champion.archive.map_or_else(
                || ", which left no model to keep".to_owned(),
                |entry| format!("; `gauntlet archive show {entry}`"),
            ),
        ));
    }
    if let Some(note) = &tournament.note {
        parts.push(printable(note));
    }
    parts.join("\n")
}

fn next_step(tournament: &Tournament) -> String {
    let name = printable(&tournament.name);
    match tournament.state {
        TournamentState::Draft => format!("next: `gauntlet tournament open {name}`"),
        TournamentState::Open => format!(
            "next: `gauntlet submit FILE --tournament {name}`, then `gauntlet tournament close {name}`"
        ),
        TournamentState::Closed => "the first round is being drawn".to_owned(),
        TournamentState::Completed | TournamentState::Cancelled => "no round was run".to_owned(),
    }
}
