//! A tournament on one screen.

use std::collections::BTreeMap;

use gauntlet_api::{Round, RoundState, RunState, Tournament, TournamentState};

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
    if tournament.private {
        parts.push("private: there for its members alone".to_owned());
    }
    if let Some(reason) = &tournament.paused {
        parts.push(format!("paused: {}", printable(reason)));
    }
    if !tournament.share.is_default() {
        parts.push(format!(
            "share of the runners' time: priority {}, weight {}",
            tournament.share.priority, tournament.share.weight
        ));
    }
    if let Some(reason) = &tournament.rejudged {
        parts.push(format!("judged again: {}", printable(reason)));
    }
    parts.extend(tournament.waiting.iter().map(|waits| printable(waits)));
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
        if let Some(reason) = &method.set_aside {
            let name = printable(&method.name);
            parts.push(format!("{name} is set aside: {}", printable(reason)));
        }
    }
    parts.extend(rounds(&tournament.rounds));
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
    if let Some(round) = tournament
        .rounds
        .iter()
        .find(|round| round.state == RoundState::Stuck)
    {
        parts.push(format!(
            "\nround {} is stuck. Mend what its runners say, then: `{}`",
            round.number,
            retry(&tournament.name)
        ));
    }
    if let Some(champion) = &tournament.champion {
        parts.push(format!(
            "\nchampion: {} ({} {:.4}){}{}",
            printable(&champion.method),
            tournament.metric.name,
            champion.score,
            if champion.defended {
                ", which keeps its title"
            } else {
                ""
            },
            champion.archive.map_or_else(
                || ", which left no model to keep".to_owned(),
                |entry| format!("; `gauntlet archive show {entry}`"),
            ),
        ));
    }
    if let (None, TournamentState::Completed) = (&tournament.champion, tournament.state) {
        parts.push("\nchampion: none".to_owned());
    }
    let withdrawn = tournament.champion.as_ref();
    if let Some(reason) = withdrawn.and_then(|champion| champion.withdrawn.as_ref()) {
        parts.push(format!(
            "its archive entry is withdrawn: {}",
            printable(reason)
        ));
    }
    if let Some(note) = &tournament.note {
        parts.push(printable(note));
    }
    parts.join("\n")
}

/// The command that goes on after runs were stuck.
pub(crate) fn retry(tournament: &str) -> String {
    format!("gauntlet tournament retry {}", printable(tournament))
}

/// A line for each round; for many small ones after each other, as of a race, one for all.
fn rounds(rounds: &[Round]) -> Vec<String> {
    let plain = |round: &Round| round.state == RoundState::Completed && round.note.is_none();
    let mut lines = Vec::new();
    let mut rest = rounds;
    while let Some((first, others)) = rest.split_first() {
        let alike = |other: &&Round| plain(other) && other.runs.len() <= FEW;
        let many = others.iter().take_while(alike).count();
        lines.push(round(first));
        rest = others;
        if many >= FEW {
            let (these, those) = others.split_at(many);
            let runs: usize = these.iter().map(|round| round.runs.len()).sum();
            lines.push(format!(
                "rounds {} to {}: completed, {} one after the other",
                these[0].number,
                these[many - 1].number,
                counted(runs, "run"),
            ));
            rest = those;
        }
    }
    lines
}

/// So many rounds are shown as one, if they have no more runs each.
const FEW: usize = 4;

fn round(round: &Round) -> String {
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
    let half = round.blocks.iter().any(|block| block.half);
    let mut line = format!(
        "round {}: {state}, {}{}, {done} of {}",
        round.number,
        counted(round.blocks.len(), "block"),
        if half { " at half the budget" } else { "" },
        counted(round.runs.len(), "run"),
    );
    if let Some(note) = &round.note {
        line.push_str(&format!(" ({})", printable(note)));
    }
    line
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;
    use std::path::Path;

    use gauntlet_api::{Round, Tournament};
    use serde_json::json;

    use super::{page, rounds};

    /// So many runs on one block; with a note it stands on its own.
    fn round(number: u32, runs: usize, half: bool, note: Option<&str>) -> Round {
        let run = json!({
            "run": uuid::Uuid::nil(), "method": "m", "block": number, "state": "queued",
            "attempt": 1, "progress": 0.0
        });
        let round = json!({
            "number": number, "state": "completed", "note": note,
            "blocks": [{"number": number, "seed": "0", "half": half}],
            "runs": vec![run; runs], "standings": []
        });
        serde_json::from_value(round).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn a_stuck_round_says_why_and_what_goes_on() {
        let mut stuck = round(
            1,
            2,
            false,
            Some("1 of its runs is stuck: the disk is full"),
        );
        stuck.state = gauntlet_api::RoundState::Stuck;
        let shown = |rounds: &[Round]| {
            let tournament = json!({
                "name": "cup", "task": "digits", "state": "closed", "rules": {},
                "created_at": "2026-11-30T12:00:00Z", "completed_at": null, "methods": [],
                "rounds": rounds, "standings": [], "share": { "priority": 2, "weight": 1 }
            });
            let tournament = serde_json::from_value(tournament);
            page(
                &tournament.unwrap_or_else(|error| panic!("{error}")),
                &Default::default(),
            )
        };
        let page = shown(&[stuck]);
        assert!(page.contains("the disk is full"), "{page}");
        assert!(page.contains("`gauntlet tournament retry cup`"), "{page}");
        assert!(page.contains("priority 2, weight 1"), "{page}");
        assert!(!shown(&[round(1, 2, false, None)]).contains("retry"));
    }

    #[test]
    fn many_small_rounds_are_one_line_and_none_is_lost() {
        let mut race = vec![round(1, 9, true, None)];
        race.extend((2..=7).map(|number| round(number, 2, false, None)));
        assert_eq!(
            rounds(&race),
            [
                "round 1: completed, 1 block at half the budget, 0 of 9 runs",
                "rounds 2 to 7: completed, 12 runs one after the other",
            ]
        );
        // Something to say about one of them, and too few for a line of their own.
        race[4] = round(5, 2, false, Some("waits"));
        assert_eq!(rounds(&race).len(), 7);
        assert!(rounds(&race)[4].ends_with("(waits)"));
    }

    /// The command line shows the figures of the JSON that pages and cards are held to, for every
    /// format: the snapshots of `orchestrator/http/tests/routes/shown.rs`.
    #[test]
    fn every_format_is_shown_as_its_json_says() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("http/tests/routes/snapshots");
        for format in ["halving", "racing", "classic", "round_robin", "swiss"] {
            let file = folder.join(format!("routes__shown__{format}_json.snap"));
            let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{error}"));
            let json = text.split_once("\n---\n").map_or("", |(_, json)| json);
            let tournament: Tournament =
                serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}"));
            let shown = page(&tournament, &BTreeMap::new());
            assert_eq!(tournament.standings.len(), 6, "{format}");
            for line in &tournament.standings {
                let place = [line.rank.to_string(), line.method.clone()];
                let row = shown
                    .lines()
                    .find(|row| {
                        let cells = row.split(['│', '┆']).map(str::trim);
                        cells.skip(1).take(2).eq(place.iter().map(String::as_str))
                    })
                    .unwrap_or_else(|| panic!("{format}: no row of {place:?}\n{shown}"));
                let error = line
                    .standard_error
                    .map_or_else(String::new, |error| format!("{error:.4}"));
                for figure in [format!("{:.4}", line.mean), error, line.blocks.to_string()] {
                    assert!(row.contains(&figure), "{format}: {figure} in {row}");
                }
            }
            for line in tournament
                .rounds
                .iter()
                .filter_map(|round| round.cut.as_ref()?.line.as_ref())
            {
                let said = format!("the line: {} over {} on", line.kept, line.dropped);
                assert!(shown.contains(&said), "{format}: {said}\n{shown}");
            }
            let champion = tournament.champion.unwrap_or_else(|| panic!("{format}"));
            let said = format!(
                "champion: {} (accuracy {:.4})",
                champion.method, champion.score
            );
            assert!(shown.contains(&said), "{format}: {said}\n{shown}");
        }
    }
}
