//! Rounds filling up: bars on a terminal, a line per finished run elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::io::IsTerminal as _;

use gauntlet_api::{Round, RoundState, RunCell, RunState, Tournament};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use uuid::Uuid;

use super::text::printable;

/// Steps of a bar per run, so that a bar moves while a run does.
const STEPS: u64 = 1000;

/// Shows how tournaments proceed, on standard error.
#[derive(Debug)]
pub(crate) struct Progress {
    bars: MultiProgress,
    /// Bars are drawn; otherwise lines are written.
    drawn: bool,
    rounds: BTreeMap<(String, u32), ProgressBar>,
    reported: BTreeSet<Uuid>,
    ended: BTreeSet<(String, u32)>,
}

impl Progress {
    /// Bars if standard error is a terminal, else lines.
    pub(crate) fn new() -> Self {
        let drawn = std::io::stderr().is_terminal();
        let target = if drawn {
            ProgressDrawTarget::stderr_with_hz(10)
        } else {
            ProgressDrawTarget::hidden()
        };
        Self {
            bars: MultiProgress::with_draw_target(target),
            drawn,
            rounds: BTreeMap::new(),
            reported: BTreeSet::new(),
            ended: BTreeSet::new(),
        }
    }

    /// Takes in a tournament as it is now.
    pub(crate) fn update(&mut self, tournament: &Tournament) {
        for round in &tournament.rounds {
            if self.drawn {
                self.draw(&tournament.name, round);
            } else {
                self.write(&tournament.name, round);
            }
        }
    }

    /// Leaves the bars as they are.
    pub(crate) fn finish(&self) {
        for bar in self.rounds.values() {
            bar.abandon();
        }
        if self.drawn && !self.rounds.is_empty() {
            // The cursor is still on the last bar's line.
            eprintln!();
        }
    }

    fn draw(&mut self, tournament: &str, round: &Round) {
        let key = (tournament.to_owned(), round.number);
        if self.ended.contains(&key) {
            return;
        }
        let bars = &self.bars;
        let bar = self.rounds.entry(key.clone()).or_insert_with(|| {
            let bar = bars.add(ProgressBar::new(0));
            bar.set_style(style());
            bar.set_prefix(format!("{} round {}", printable(tournament), round.number));
            bar
        });
        bar.set_length(round.runs.len() as u64 * STEPS);
        bar.set_position(round.runs.iter().map(steps).sum());
        bar.set_message(message(round));
        if round.state == RoundState::Completed {
            bar.finish();
            self.ended.insert(key);
        }
    }

    fn write(&mut self, tournament: &str, round: &Round) {
        let total = round.runs.len();
        for cell in &round.runs {
            if cell.state != RunState::Done || !self.reported.insert(cell.run) {
                continue;
            }
            let done = round
                .runs
                .iter()
                .filter(|other| self.reported.contains(&other.run))
                .count();
            let verdict = cell.verdict.map_or("done", gauntlet_api::Verdict::as_str);
            let score = cell
                .score
                .map_or_else(String::new, |score| format!(" {score:.4}"));
            eprintln!(
                "{} round {}: {done}/{total} {} on block {}: {verdict}{score}",
                printable(tournament),
                round.number,
                printable(&cell.method),
                cell.block,
            );
        }
        let key = (tournament.to_owned(), round.number);
        if round.state == RoundState::Completed && self.ended.insert(key) {
            eprintln!(
                "{} round {}: {}",
                printable(tournament),
                round.number,
                message(round)
            );
        }
    }
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{prefix:>24} {bar:30} {percent:>3} % {wide_msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("━╸─")
}

fn steps(cell: &RunCell) -> u64 {
    match cell.state {
        RunState::Done => STEPS,
        // Full only when there is a verdict.
        RunState::Leased => ((cell.progress.clamp(0.0, 1.0) * STEPS as f64) as u64).min(STEPS - 1),
        RunState::Queued | RunState::Stuck | RunState::Void => 0,
    }
}

fn message(round: &Round) -> String {
    let done = round
        .runs
        .iter()
        .filter(|cell| cell.state == RunState::Done)
        .count();
    let mut text = format!("{done}/{} runs", round.runs.len());
    match round.state {
        RoundState::Completed => {
            if let Some(best) = round.standings.first() {
                text.push_str(&format!(
                    ", first: {} {:.4}",
                    printable(&best.method),
                    best.mean
                ));
            }
            if let Some(cut) = &round.cut {
                text.push_str(&format!(", {} out", cut.dropped.len()));
            }
        }
        RoundState::Stuck => {
            let note = round.note.as_deref().unwrap_or("a run cannot be finished");
            text.push_str(&format!(", stuck: {}", printable(note)));
        }
        RoundState::Running => {
            let running = round
                .runs
                .iter()
                .filter(|cell| cell.state == RunState::Leased)
                .map(|cell| printable(&cell.method))
                .collect::<Vec<_>>();
            if !running.is_empty() {
                text.push_str(&format!(", now {}", running.join(", ")));
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(state: RunState, progress: f64) -> RunCell {
        RunCell {
            run: Uuid::from_u128(1),
            method: "m".into(),
            block: 1,
            state,
            attempt: 1,
            progress,
            verdict: None,
            score: None,
            model: None,
        }
    }

    #[test]
    fn only_a_verdict_fills_a_run() {
        assert_eq!(steps(&cell(RunState::Queued, 0.9)), 0);
        assert_eq!(steps(&cell(RunState::Leased, 0.25)), 250);
        assert_eq!(steps(&cell(RunState::Leased, 7.0)), STEPS - 1);
        assert_eq!(steps(&cell(RunState::Leased, f64::NAN)), 0);
        assert_eq!(steps(&cell(RunState::Done, 0.0)), STEPS);
    }
}
