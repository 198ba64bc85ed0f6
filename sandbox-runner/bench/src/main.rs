//! `gauntlet-bench`: what the sandbox costs, and whether it changes a bit.

mod figures;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use gauntlet_bench::{BenchError, Lane, by_name, median, step_times, train};
use gauntlet_tasks::{Dataset, TaskDefinition};
use serde_json::json;

/// Compares native and sandboxed training: median step time, ratio, equality of the models.
#[derive(Debug, Parser)]
struct Options {
    #[command(subcommand)]
    command: Option<Command>,
    /// Print one JSON object instead of a table.
    #[arg(long)]
    json: bool,
    /// Threads of the tensor backend, on both sides.
    #[arg(long, default_value_t = 1)]
    threads: usize,
    /// Rounds of native and sandboxed, in turn; the median round counts.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Compare only this method.
    #[arg(long)]
    only: Option<String>,
    /// Folder of the example methods' modules.
    #[arg(long, default_value = "examples/methods/target/gauntlet")]
    methods: PathBuf,
    /// Folder of the example tasks.
    #[arg(long, default_value = "examples/tasks")]
    tasks: PathBuf,
    /// The worker; found beside this program if not given.
    #[arg(long)]
    worker: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Gather what the demo and this benchmark measured into one flat file.
    Figures(figures::FiguresArgs),
}

/// What is compared: a name for the figure, the method, the task, batches of each round.
const CASES: [(&str, &str, &str, u64); 2] = [
    ("p1_small", "adamw-cosine", "digits", 1500),
    ("p1_mid", "residual-net", "digits", 60),
];
const SEED: u64 = 7;

struct Row {
    figure: &'static str,
    method: &'static str,
    parameters: usize,
    native_ms: f64,
    sandboxed_ms: f64,
    native_over_sandboxed: f64,
    equal: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let done = match &options.command {
        Some(Command::Figures(args)) => figures::run(args).map_err(BenchError::failed),
        None => compare(&options).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("gauntlet-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn compare(options: &Options) -> Result<(), BenchError> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(options.threads)
        .build_global()
        .map_err(BenchError::failed)?;
    let worker = match &options.worker {
        Some(worker) => worker.clone(),
        None => std::env::current_exe()
            .map_err(BenchError::failed)?
            .with_file_name("gauntlet-worker"),
    };
    let lane = Lane::new(&worker, &options.methods, options.threads)?;
    let (mut rows, mut cold) = (Vec::new(), Vec::new());
    for (figure, method, task, batches) in CASES {
        if options.only.as_deref().is_some_and(|only| only != method) {
            continue;
        }
        let data = dataset(options, task)?;
        rows.push(case(&lane, options, figure, method, &data, batches, &mut cold).await?);
    }
    let cold_start_ms = median(&cold);
    if options.json {
        print_json(&rows, cold_start_ms);
    } else {
        print_table(&rows, cold_start_ms, options.threads);
    }
    if rows.iter().all(|row| row.equal) {
        Ok(())
    } else {
        Err(BenchError::Failed(
            "a sandboxed model differs from the native one".to_owned(),
        ))
    }
}

async fn case(
    lane: &Lane,
    options: &Options,
    figure: &'static str,
    method: &'static str,
    data: &Dataset,
    batches: u64,
    cold: &mut Vec<f64>,
) -> Result<Row, BenchError> {
    let native_method =
        by_name(method).ok_or_else(|| BenchError::Failed(format!("no method {method}")))?;
    let (mut native_ms, mut sandboxed_ms, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let (mut equal, mut parameters) = (true, 0);
    // The first round of each warms caches up and compiles; it does not count.
    for round in 0..=options.rounds {
        eprintln!("{method}: round {round} of {}", options.rounds);
        let native = train(native_method, data, SEED, batches)?;
        let sandboxed = lane
            .train(method, data, SEED, Lane::limits(batches))
            .await?;
        let model = sandboxed.model.ok_or_else(|| {
            BenchError::Failed(format!("{method} ended with {:?}", sandboxed.outcome))
        })?;
        equal &= model == native.model;
        parameters = native
            .parameters
            .iter()
            .map(|(_, data)| data.num_elements())
            .sum();
        if round > 0 {
            let (a, b) = (
                median(&step_times(&native.losses)),
                median(&step_times(&sandboxed.losses)),
            );
            native_ms.push(a);
            sandboxed_ms.push(b);
            ratios.push(a / b);
            cold.extend(
                sandboxed
                    .first_operation_micros
                    .map(|micros| micros as f64 / 1e3),
            );
        }
    }
    Ok(Row {
        figure,
        method,
        parameters,
        native_ms: median(&native_ms),
        sandboxed_ms: median(&sandboxed_ms),
        native_over_sandboxed: median(&ratios),
        equal,
    })
}

fn dataset(options: &Options, task: &str) -> Result<Dataset, BenchError> {
    let folder = options.tasks.join(task);
    if !folder.exists() {
        return Err(BenchError::Missing(folder));
    }
    TaskDefinition::load(&folder)
        .and_then(|definition| definition.materialise(&[7; 32]))
        .map_err(BenchError::failed)
}

fn print_table(rows: &[Row], cold_start_ms: f64, threads: usize) {
    println!("median training step, {threads} thread(s), CPU backend, validation on");
    println!(
        "{:<14} {:>10} {:>11} {:>13} {:>17} {:>6}",
        "method", "parameters", "native ms", "sandboxed ms", "native/sandboxed", "equal"
    );
    for row in rows {
        println!(
            "{:<14} {:>10} {:>11.3} {:>13.3} {:>17.3} {:>6}",
            row.method,
            row.parameters,
            row.native_ms,
            row.sandboxed_ms,
            row.native_over_sandboxed,
            row.equal
        );
    }
    println!(
        "cached module to first tensor operation: {cold_start_ms:.1} ms (process start included)"
    );
}

fn print_json(rows: &[Row], cold_start_ms: f64) {
    let mut figures = serde_json::Map::new();
    for row in rows {
        let figure = row.figure;
        figures.insert(format!("{figure}_native_ms"), json!(row.native_ms));
        figures.insert(format!("{figure}_sandboxed_ms"), json!(row.sandboxed_ms));
        figures.insert(
            format!("{figure}_native_over_sandboxed"),
            json!(row.native_over_sandboxed),
        );
        figures.insert(format!("{figure}_equal"), json!(u8::from(row.equal)));
        figures.insert(format!("{figure}_parameters"), json!(row.parameters));
    }
    figures.insert("cold_start_ms".to_owned(), json!(cold_start_ms));
    println!("{}", serde_json::Value::Object(figures));
}
