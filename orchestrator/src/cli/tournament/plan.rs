//! `gauntlet tournament plan`: what each format would find and cost, before the start.

use std::io::IsTerminal as _;

use gauntlet_api::Tournament;
use gauntlet_client::Client;
use gauntlet_domain::Digest;
use gauntlet_domain::statistics::{Reading, Spread};
use gauntlet_planner::{Estimate, Model, Plan, Price};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::failure::Failure;
use crate::output::Output;
use crate::show::table::{self, Column};

/// Width of the bars.
const BAR: usize = 20;

/// What to plan for.
#[derive(Debug, clap::Args)]
pub(super) struct PlanCommand {
    /// Methods that take part.
    #[arg(long, value_name = "N", default_value_t = 32)]
    field: usize,
    /// GPU-hours to spend.
    #[arg(long, value_name = "HOURS", default_value_t = 40.0)]
    gpu_hours: f64,
    /// GPU-hours of one run.
    #[arg(long, value_name = "HOURS", default_value_t = 0.5)]
    hours_per_run: f64,
    /// Price of a GPU-hour, such as 2.5/h.
    #[arg(long, value_name = "PRICE", default_value = "0", value_parser = price)]
    price: f64,
    /// Measure spreads from this tournament's results instead of giving them.
    #[arg(long, value_name = "TOURNAMENT")]
    from: Option<String>,
    /// Standard deviation of the methods' true qualities.
    #[arg(long, value_name = "SD", default_value_t = 1.0)]
    quality_sd: f64,
    /// … of how a method fits a variant of the task.
    #[arg(long, value_name = "SD", default_value_t = 0.7)]
    task_sd: f64,
    /// … of the luck of the seed.
    #[arg(long, value_name = "SD", default_value_t = 0.7)]
    seed_sd: f64,
    /// … of the blocks' difficulties.
    #[arg(long, value_name = "SD", default_value_t = 2.0)]
    difficulty_sd: f64,
    /// … of what a run scores half-way, around its final score.
    #[arg(long, value_name = "SD", default_value_t = 0.7)]
    halfway_sd: f64,
    /// Tournaments to play of each.
    #[arg(long, value_name = "N", default_value_t = 2000)]
    replications: u64,
    /// Where everything random derives from.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

impl PlanCommand {
    /// Whether a server is asked.
    pub(super) const fn is_offline(&self) -> bool {
        self.from.is_none()
    }
}

fn price(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix("/h").unwrap_or(text);
    match number.parse::<f64>() {
        Ok(price) if price >= 0.0 && price.is_finite() => Ok(price),
        _ => Err("must be an amount an hour, such as 2.5/h".to_owned()),
    }
}

/// The answer.
#[derive(Serialize)]
struct Planned {
    /// Runs that the budget pays for.
    runs: usize,
    model: Model,
    price: Price,
    estimates: Vec<Estimate>,
}

pub(super) async fn run(
    it: PlanCommand,
    client: Option<&Client>,
    output: Output,
) -> Result<(), Failure> {
    let mut model = Model {
        field: it.field,
        quality_sd: it.quality_sd,
        task_sd: it.task_sd,
        seed_sd: it.seed_sd,
        difficulty_sd: it.difficulty_sd,
        halfway_sd: it.halfway_sd,
    };
    if let (Some(name), Some(client)) = (&it.from, client) {
        let played: Tournament = client.get(&["tournaments", name]).await?;
        measure(&mut model, &played)?;
    }
    if !(it.hours_per_run > 0.0 && it.hours_per_run.is_finite()) {
        return Err(Failure::input("a run takes more than 0 hours").field("--hours-per-run"));
    }
    let price = Price {
        hours_per_run: it.hours_per_run,
        per_gpu_hour: it.price,
    };
    let runs = price.runs(it.gpu_hours);
    if runs < it.field {
        return Err(Failure::input(format!(
            "{} GPU-hours pay for {runs} runs, fewer than one for each of {} methods",
            it.gpu_hours, it.field
        ))
        .field("--gpu-hours"));
    }
    // Half as much and twice as much show what more money would buy.
    let mut budgets = vec![(runs / 2).max(it.field), runs, 2 * runs];
    budgets.dedup();
    let plan = Plan {
        model,
        budgets,
        price,
        replications: it.replications,
        seed: *Digest::of_parts(&[b"gauntlet/plan/v1", &it.seed.to_be_bytes()]).as_bytes(),
    };
    let estimates = simulated(&plan)?;
    let planned = Planned {
        runs,
        model,
        price,
        estimates,
    };
    output.answer(&planned, |planned| page(planned, it.price > 0.0))
}

fn simulated(plan: &Plan) -> Result<Vec<Estimate>, Failure> {
    let bar = if std::io::stderr().is_terminal() {
        ProgressBar::new(1)
    } else {
        ProgressBar::hidden()
    };
    if let Ok(style) =
        ProgressStyle::with_template("simulating {wide_bar} {pos}/{len} tournaments, {eta} left")
    {
        bar.set_style(style);
    }
    let estimates = plan.estimates(&|done, all| {
        bar.set_length(all);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    estimates.map_err(|error| Failure::input(error.to_string()))
}

/// Puts spreads measured from a tournament's results into the model. What a method's fit to a
/// variant and the luck of the seed add is not told apart by results: each variant was run
/// with one seed.
fn measure(model: &mut Model, played: &Tournament) -> Result<(), Failure> {
    let mut methods = std::collections::BTreeMap::new();
    let mut blocks: std::collections::BTreeMap<u32, Vec<f64>> = std::collections::BTreeMap::new();
    let mut readings = Vec::new();
    for run in played.rounds.iter().flat_map(|round| &round.runs) {
        let Some(score) = run.score else { continue };
        let next = methods.len();
        let method = *methods.entry(run.method.as_str()).or_insert(next);
        blocks.entry(run.block).or_default().push(score);
        readings.push(Reading {
            method,
            block: run.block as usize,
            score,
            halfway: false,
        });
    }
    if methods.len() < 3 || readings.len() < methods.len() + 2 {
        return Err(Failure::input(format!(
            "`{}` has too few results to measure spreads from: {} of {} methods",
            played.name,
            readings.len(),
            methods.len()
        ))
        .field("--from"));
    }
    let spread = Spread::estimate(methods.len(), &readings, 1.0);
    let means: Vec<f64> = blocks
        .values()
        .map(|scores| scores.iter().sum::<f64>() / scores.len() as f64)
        .collect();
    let middle = means.iter().sum::<f64>() / means.len() as f64;
    let squares: f64 = means.iter().map(|mean| (mean - middle).powi(2)).sum();
    model.quality_sd = spread.quality_sd();
    model.task_sd = 0.0;
    model.seed_sd = spread.noise_sd();
    model.halfway_sd = spread.noise_sd() / std::f64::consts::SQRT_2;
    model.difficulty_sd = (squares / (means.len().max(2) - 1) as f64).sqrt();
    Ok(())
}

fn page(planned: &Planned, priced: bool) -> String {
    let mut estimates: Vec<&Estimate> = planned.estimates.iter().collect();
    estimates.sort_by(|a, b| b.p_best.total_cmp(&a.p_best));
    let mut columns = vec![
        Column::Text("format"),
        Column::Number("runs"),
        Column::Number("GPU-hours"),
    ];
    if priced {
        columns.push(Column::Number("cost"));
    }
    columns.extend([
        Column::Number("P(best wins)"),
        Column::Text(""),
        Column::Number("regret"),
    ]);
    let rows = estimates.iter().map(|one| {
        let mut row = vec![
            one.name.clone(),
            format!("{:.0}", one.runs),
            format!("{:.1}", one.gpu_hours),
        ];
        if priced {
            row.push(format!("{:.2}", one.cost));
        }
        let filled = (one.p_best * BAR as f64).round() as usize;
        row.extend([
            format!("{:.3} ± {:.3}", one.p_best, 2.0 * one.p_best_se),
            "█".repeat(filled) + &"·".repeat(BAR - filled.min(BAR)),
            format!("{:.3}", one.regret),
        ]);
        row
    });
    let mut text = table::render(&columns, rows, "no format fits");
    let within = estimates
        .iter()
        .filter(|one| one.runs <= planned.runs as f64 * 1.01 && !one.stops_runs);
    if let Some(best) = within.max_by(|a, b| a.p_best.total_cmp(&b.p_best)) {
        text.push_str(&format!(
            "\n{} runs: {} finds the best with probability {:.2}",
            planned.runs, best.name, best.p_best
        ));
    }
    text
}
