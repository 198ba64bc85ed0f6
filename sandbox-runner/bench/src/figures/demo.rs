//! A demo's report: what of it are figures, and whether another repeats it.

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::files::{Figures, FiguresError, lossy};

/// The parts of a demo's report that are figures.
#[derive(Debug, Deserialize)]
pub(super) struct Demo {
    seed: u64,
    seconds: f64,
    tournaments: Vec<Tournament>,
}

#[derive(Debug, Deserialize)]
struct Tournament {
    task: String,
    standings: Value,
    runs: Vec<Run>,
    field_median: f64,
    faultless_median: Option<f64>,
    champion: Champion,
}

#[derive(Debug, Deserialize)]
struct Champion {
    method: String,
    module: String,
    model: String,
    score: f64,
}

/// What must be the same in every repetition of a run; its id and times need not.
#[derive(Debug, PartialEq, Deserialize)]
struct Run {
    round: u32,
    block: u32,
    seed: String,
    method: String,
    verdict: Option<String>,
    score: Option<f64>,
    model: Option<String>,
}

/// Adds the figures of a demo.
pub(super) fn of_demo(path: &Path, demo: &Demo, figures: &mut Figures) -> Result<(), FiguresError> {
    let on = |task: &'static str| {
        demo.tournaments
            .iter()
            .find(|tournament| tournament.task == task)
            .ok_or_else(|| FiguresError::NoTournament {
                path: path.to_path_buf(),
                task,
            })
    };
    let (digits, modular) = (on("digits")?, on("modular-addition")?);
    let mut put = |name: &str, value: f64| figures.insert(name.to_owned(), value);
    put("demo_seconds", demo.seconds);
    put("digits_champion_accuracy", digits.champion.score);
    put("modular_champion_accuracy", modular.champion.score);
    // The harder one to beat comes first: methods that broke the rules would pull it down.
    if let Some(median) = modular.faultless_median {
        put("modular_field_median", median);
    }
    put("modular_field_median_with_faults", modular.field_median);
    let runs = demo
        .tournaments
        .iter()
        .flat_map(|tournament| &tournament.runs);
    let faults = runs
        .clone()
        .filter(|run| run.verdict.as_deref() != Some("completed"));
    put("demo_runs", lossy(runs.clone().count() as u64));
    put("demo_runs_with_faults", lossy(faults.count() as u64));
    Ok(())
}

/// Whether `other` came to the same results as `first`, bit for bit.
pub(super) fn repeats(first: &Demo, other: &Demo) -> Result<bool, FiguresError> {
    if first.seed != other.seed {
        return Err(FiguresError::Seeds(first.seed, other.seed));
    }
    let same = first.tournaments.len() == other.tournaments.len()
        && first
            .tournaments
            .iter()
            .zip(&other.tournaments)
            .all(|(a, b)| {
                a.task == b.task
                    && a.standings == b.standings
                    && a.runs == b.runs
                    && a.champion.method == b.champion.method
                    && a.champion.module == b.champion.module
                    && a.champion.model == b.champion.model
            });
    Ok(same)
}
