//! Trains and scores a method on this machine, as a tournament would: the runner's own
//! code in the runner's own sandbox, with a task from a folder instead of a server.

mod advice;
mod chart;
mod live;
mod native;
mod report;
mod seeds;
mod task;

use std::path::{Path, PathBuf};

use gauntlet_protocol::{Budget, CurvePoint};
use gauntlet_runner::attempt::{self, Attempt, AttemptResult, Lanes, Method};
use gauntlet_server::tasks;
use gauntlet_wire::settings::Settings;
use sha2::{Digest as _, Sha256};

use crate::failure::Failure;
use crate::local::Local;

pub(crate) use native::Program;
pub(crate) use report::{Report, show};
pub(crate) use seeds::Seed;
pub(crate) use task::LocalTask;

use live::{Live, LogLine};
use report::Run;

/// What is to be run.
#[derive(Debug)]
pub(crate) struct Order {
    /// Where the module came from.
    pub(crate) path: PathBuf,
    /// The method: a module, or an image.
    pub(crate) method: Method,
    /// What it is run on.
    pub(crate) task: LocalTask,
    /// Where block seeds come from.
    pub(crate) seed: Seed,
    /// How many blocks.
    pub(crate) repeat: u32,
    /// Threads of the tensor backend.
    pub(crate) threads: usize,
    /// Values for the method's hyper-parameters.
    pub(crate) settings: Settings,
    /// Nothing is shown while it runs.
    pub(crate) quiet: bool,
}

/// Runs a method in the sandbox, once for each seed.
///
/// # Errors
/// If the platform fails; what the method does wrong is in the report.
pub(crate) async fn in_sandbox(local: &Local, order: Order) -> Result<Report, Failure> {
    let put = |name: &str, bytes: &[u8]| -> Result<PathBuf, Failure> {
        let path = local.scratch().join(name);
        std::fs::write(&path, bytes).map_err(|error| Failure::file("write", &path, error))?;
        Ok(path)
    };
    let dataset = &order.task.dataset;
    let mut attempt = Attempt {
        method: order.method,
        run: "local".to_owned(),
        task: dataset.info.clone(),
        seed: 0,
        budget: order.task.budget(),
        batches: None,
        threads: order.threads,
        settings: order.settings.clone(),
        train: put("train.safetensors", &dataset.train)?,
        hidden_inputs: put("inputs.safetensors", &dataset.hidden_inputs)?,
        base: match &dataset.base {
            Some(base) => Some(put("base.safetensors", base)?),
            None => None,
        },
        hidden_labels: dataset.hidden_labels.clone(),
    };
    let seeds = order.seed.blocks(order.repeat);
    let mut runs = Vec::new();
    for (number, seed) in seeds.iter().enumerate() {
        attempt.seed = seed.0;
        let title = if seeds.len() == 1 {
            order.task.definition.name.clone()
        } else {
            let of = seeds.len();
            format!("{} {}/{of}", order.task.definition.name, number + 1)
        };
        let mut live = Live::new(title, attempt.budget, order.quiet);
        let lanes = Lanes {
            sandbox: &local.sandbox,
            containers: local.containers.as_ref(),
        };
        let performed = attempt::perform(lanes, local.scratch(), &attempt, |stage, event| {
            live.hear(stage, event);
        });
        let findings = performed.await;
        let (curve, log) = live.finish();
        let findings = findings.map_err(|error| Failure::ours("run the method", error))?;
        runs.push(run(seed.to_string(), findings, &attempt.budget, curve, log));
    }
    Ok(Report {
        path: order.path,
        settings: order.settings,
        executed: match attempt.method {
            Method::Module(_) => "sandbox",
            Method::Image { .. } => "container",
        },
        digest: Some(match &attempt.method {
            Method::Module(wasm) => hex::encode(Sha256::digest(wasm)),
            Method::Image { digest, .. } => digest.clone(),
        }),
        task: order.task.definition.name.clone(),
        split: order.task.split.explanation(),
        metric: tasks::metric(&order.task.dataset.metric),
        train_rows: dataset.info.train_rows,
        budget: attempt.budget,
        runs,
        mean: 0.0,
        deviation: None,
    }
    .summed())
}

/// What is to be run as a program of this machine.
#[derive(Debug)]
pub(crate) struct NativeOrder<'a> {
    /// The method.
    pub(crate) program: Program,
    /// What it is run on.
    pub(crate) task: &'a LocalTask,
    /// Where block seeds come from.
    pub(crate) seed: Seed,
    /// How many blocks.
    pub(crate) repeat: u32,
    /// Batches after which training is cut off.
    pub(crate) batches: Option<u64>,
    /// Values for the method's hyper-parameters.
    pub(crate) settings: Settings,
    /// Nothing is shown while it runs.
    pub(crate) quiet: bool,
}

/// A training laid out for a debugger.
#[derive(Debug, serde::Serialize)]
pub(crate) struct Prepared {
    /// The program.
    pub(crate) program: PathBuf,
    /// The folder of the file contract, with the task and the train part.
    pub(crate) root: PathBuf,
    /// What to type.
    pub(crate) commands: String,
}

/// Runs a method as a program of this machine, once for each seed.
///
/// # Errors
/// If the program does not keep the file contract; what the method does wrong is in the report.
pub(crate) fn natively(order: &NativeOrder<'_>) -> Result<Report, Failure> {
    let budget = order.task.budget();
    let mut runs = Vec::new();
    for seed in order.seed.blocks(order.repeat) {
        let scratch = tempfile::tempdir()
            .map_err(|error| Failure::ours("make a folder for the run", error))?;
        let title = format!("{} (native)", order.task.definition.name);
        let mut live = Live::new(title, budget, order.quiet);
        let attempt = native::Attempt {
            dataset: &order.task.dataset,
            seed,
            budget,
            batches: order.batches,
            settings: &order.settings,
        };
        let performed = order
            .program
            .attempt(scratch.path(), &attempt, |stage, event| {
                live.hear(stage, event)
            });
        let (curve, log) = live.finish();
        runs.push(run(seed.to_string(), performed?, &budget, curve, log));
    }
    Ok(Report {
        path: order.program.path().to_path_buf(),
        executed: "native",
        settings: order.settings.clone(),
        digest: None,
        task: order.task.definition.name.clone(),
        split: order.task.split.explanation(),
        metric: tasks::metric(&order.task.dataset.metric),
        train_rows: order.task.dataset.info.train_rows,
        budget,
        runs,
        mean: 0.0,
        deviation: None,
    }
    .summed())
}

/// Lays a training out in a folder that stays, and says how to debug it.
///
/// # Errors
/// If a file cannot be written.
pub(crate) fn prepare_debugger(order: &NativeOrder<'_>) -> Result<Prepared, Failure> {
    let folder = tempfile::Builder::new()
        .prefix("gauntlet-debug-")
        .tempdir()
        .map_err(|error| Failure::ours("make a folder for the run", error))?
        .keep();
    let seeds = order.seed.blocks(1);
    let seed = seeds
        .first()
        .copied()
        .ok_or_else(|| Failure::input("there is no seed").field("--seed"))?;
    let attempt = native::Attempt {
        dataset: &order.task.dataset,
        seed,
        budget: order.task.budget(),
        batches: order.batches,
        settings: &order.settings,
    };
    Ok(Prepared {
        program: order.program.path().to_path_buf(),
        commands: order.program.for_debugger(&folder, &attempt)?,
        root: folder,
    })
}

fn run(
    seed: String,
    findings: AttemptResult,
    budget: &Budget,
    curve: Vec<CurvePoint>,
    log: Vec<LogLine>,
) -> Run {
    Run {
        seed,
        verdict: findings.verdict,
        score: findings.score,
        model: findings.model_digest(),
        model_bytes: findings.model.as_ref().map(|model| model.len() as u64),
        advice: advice::advice(&findings, budget),
        predictions: findings.predictions,
        detail: findings.detail,
        train: findings.train,
        predict: findings.predict,
        curve,
        log,
    }
}

/// The module that `path` stands for: the file itself, or what building the crate gives.
///
/// # Errors
/// If there is nothing there, or the crate cannot be built.
pub(crate) fn module(path: &Path, quiet: bool) -> Result<PathBuf, Failure> {
    if !path.is_dir() {
        return Ok(path.to_path_buf());
    }
    let built = crate::method_build::build(path, crate::method_build::Options { quiet });
    let mut built = built.map_err(|error| crate::method_build::failure(error, "PATH"))?;
    match (built.pop(), built.is_empty()) {
        (Some(method), true) => Ok(method.path),
        _ => Err(
            Failure::input(format!("{} holds more than one method", path.display()))
                .field("PATH")
                .help("name one of its crates, or a .wasm file"),
        ),
    }
}
