//! Native and sandboxed training in turn.

use std::path::PathBuf;

use gauntlet_bench::{BenchError, Lane, by_name, mean_step, median, step_times, train};
use gauntlet_tasks::Dataset;

use crate::options::Options;

/// What is compared: a name for the figure, the method, the task, batches of each round.
pub(crate) const CASES: [(&str, &str, &str, u64); 3] = [
    ("p1_mlp", "adamw-cosine", "digits", 3000),
    ("p1_transformer", "transformer-lm", "king-james-text", 12),
    ("p1_conv", "residual-net", "digits", 60),
];
const SEED: u64 = 7;

/// What a comparison found.
pub(crate) struct Comparison {
    pub(crate) rows: Vec<Row>,
    pub(crate) cold_start_ms: f64,
    /// Milliseconds to compile the largest of the modules, by one core, and its size.
    pub(crate) compile_ms: f64,
    pub(crate) compile_bytes: u64,
}

/// One method, natively and in the sandbox. Medians are of the rounds'.
pub(crate) struct Row {
    pub(crate) figure: &'static str,
    pub(crate) method: &'static str,
    pub(crate) parameters: usize,
    /// Operations of a step in the sandbox, everything else of the phase spread over its steps.
    pub(crate) operations: f64,
    pub(crate) native_ms: f64,
    pub(crate) sandboxed_ms: f64,
    pub(crate) sandboxed_mean_ms: f64,
    pub(crate) native_over_sandboxed: f64,
    pub(crate) ratio_of_means: f64,
    pub(crate) equal: bool,
}

/// Compares every case, or the one that is asked for.
///
/// # Errors
/// If something is missing or the platform fails.
pub(crate) async fn compare(options: &Options) -> Result<Comparison, BenchError> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(options.threads)
        .use_current_thread()
        .build_global()
        .map_err(BenchError::failed)?;
    let lane = Lane::new(&worker(options)?, &options.methods, options.threads)?;
    let mut comparison = Comparison {
        rows: Vec::new(),
        cold_start_ms: 0.0,
        compile_ms: 0.0,
        compile_bytes: 0,
    };
    let mut cold = Vec::new();
    for (figure, method, task, batches) in CASES {
        if options.only.as_deref().is_some_and(|only| only != method) {
            continue;
        }
        // The cache is this lane's own, and empty: the first of each is a real compilation.
        let (millis, bytes) = lane.compile(method).await?;
        if bytes > comparison.compile_bytes {
            (comparison.compile_ms, comparison.compile_bytes) = (millis, bytes);
        }
        let data = dataset(options, task)?;
        let row = case(&lane, options, figure, method, &data, batches, &mut cold).await?;
        comparison.rows.push(row);
    }
    comparison.cold_start_ms = median(&cold);
    Ok(comparison)
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
    let (mut means, mut mean_ratios) = (Vec::new(), Vec::new());
    let (mut equal, mut parameters, mut operations) = (true, 0, 0.0);
    // The first round of each warms caches up; it does not count.
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
        parameters = native.numbers();
        operations = sandboxed.meters.operations as f64 / sandboxed.meters.batches.max(1) as f64;
        if round > 0 {
            let (a, b) = (
                median(&step_times(&native.losses)),
                median(&step_times(&sandboxed.losses)),
            );
            native_ms.push(a);
            sandboxed_ms.push(b);
            ratios.push(a / b);
            let (a, b) = (mean_step(&native.losses), mean_step(&sandboxed.losses));
            means.push(b);
            mean_ratios.push(a / b);
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
        operations,
        native_ms: median(&native_ms),
        sandboxed_ms: median(&sandboxed_ms),
        sandboxed_mean_ms: median(&means),
        native_over_sandboxed: median(&ratios),
        ratio_of_means: median(&mean_ratios),
        equal,
    })
}

/// The worker to use.
pub(crate) fn worker(options: &Options) -> Result<PathBuf, BenchError> {
    match &options.worker {
        Some(worker) => Ok(worker.clone()),
        None => Ok(std::env::current_exe()
            .map_err(BenchError::failed)?
            .with_file_name("gauntlet-worker")),
    }
}

/// A task's data, always with the same part hidden.
pub(crate) fn dataset(options: &Options, task: &str) -> Result<Dataset, BenchError> {
    Ok(gauntlet_native::dataset(&options.tasks.join(task))?)
}
