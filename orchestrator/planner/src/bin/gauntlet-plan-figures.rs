//! Measures again what `docs/FORMATS.md` says of formats: how often each finds the best method,
//! and how often a champion loses its title to an equal.
//!
//!     gauntlet-plan-figures FILE [TOURNAMENTS]
//!
//! Adds its numbers to those in FILE, a flat JSON object; 20,000 tournaments of each by default.

use std::fs;
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};

use gauntlet_planner::{Dethroning, Model, Price, Racing, Schedule, false_dethroning, simulate};
use serde_json::{Map, Value};

/// Where everything random of the published figures derives from.
const SEED: [u8; 32] = [7; 32];
/// Title rounds played by a champion and its equal.
const TITLES: u32 = 200_000;
/// Blocks of a title round, unless rules say otherwise.
const TITLE_BLOCKS: usize = 8;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(file) = arguments.next().map(PathBuf::from) else {
        eprintln!("usage: gauntlet-plan-figures FILE [TOURNAMENTS]");
        return ExitCode::from(2);
    };
    let tournaments = arguments
        .next()
        .map_or(Some(20_000), |number| number.parse().ok());
    let Some(tournaments) = tournaments.filter(|number| *number > 0) else {
        eprintln!("TOURNAMENTS must be a number above 0");
        return ExitCode::from(2);
    };
    match measure(&file, tournaments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("gauntlet-plan-figures: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(file: &PathBuf, tournaments: u64) -> Result<(), Box<dyn std::error::Error>> {
    let mut figures: Map<String, Value> = match fs::read(file) {
        Ok(text) => serde_json::from_slice(&text)?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Map::new(),
        Err(error) => return Err(error.into()),
    };
    println!(
        "{:<44} {:>6} {:>8} {:>8} {:>8}",
        "format", "runs", "P", "± 2 se", "regret"
    );
    for budget in [56, 80, 160] {
        // The default; the same for four runners, and without its half block;
        // with runs held half-way, which no runner can; halving.
        let default = Racing::new(budget);
        let four = Racing {
            batch: 4,
            ..default
        };
        for (key, schedule) in [
            (format!("p5_{budget}"), Schedule::Racing(default)),
            (
                format!("p5_{budget}_four_at_a_time"),
                Schedule::Racing(four),
            ),
            (
                format!("p5_{budget}_whole"),
                Schedule::Racing(default.whole()),
            ),
            (
                format!("p5_{budget}_with_stops"),
                Schedule::Racing(default.with_stops()),
            ),
            (
                format!("p5_{budget}_halving"),
                Schedule::Halving {
                    budget,
                    shared: true,
                },
            ),
        ] {
            let p_best = play(&schedule, tournaments)?;
            figures.insert(key, rounded(p_best));
        }
    }
    let rule = Dethroning {
        blocks: TITLE_BLOCKS,
        ..Dethroning::default()
    };
    let noise = Model::default().noise_sd();
    let (share, error) = false_dethroning(&rule, noise, 0.0, SEED, TITLES);
    println!(
        "a champion loses its title to an equal on {TITLE_BLOCKS} blocks: {share:.4} ± {:.4}",
        2.0 * error
    );
    figures.insert("false_dethroning".to_owned(), rounded(share));
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(file, serde_json::to_vec_pretty(&figures)?)?;
    Ok(())
}

fn play(schedule: &Schedule, tournaments: u64) -> Result<f64, Box<dyn std::error::Error>> {
    let shown = AtomicU64::new(0);
    let watched = std::io::stderr().is_terminal();
    let one = simulate(
        schedule,
        &Model::default(),
        &Price {
            hours_per_run: 1.0,
            per_gpu_hour: 0.0,
        },
        SEED,
        tournaments,
        &|done| {
            let percent = 100 * done / tournaments;
            if watched && shown.swap(percent, Ordering::Relaxed) != percent {
                eprint!("\r{percent} % ");
            }
        },
    )
    .map_err(|error| error.to_string())?;
    if watched {
        eprint!("\r");
    }
    println!(
        "{:<44} {:>6.1} {:>8.3} {:>8.3} {:>8.3}",
        one.name,
        one.runs,
        one.p_best,
        2.0 * one.p_best_se,
        one.regret
    );
    Ok(one.p_best)
}

/// To four digits: the standard error leaves no more.
fn rounded(number: f64) -> Value {
    Value::from((number * 1e4).round() / 1e4)
}
