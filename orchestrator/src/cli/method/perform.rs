//! Runs a method block after block, shows how each goes, and sums up.

use std::path::PathBuf;

use gauntlet_runner::attempt::Method;
use gauntlet_server::tasks;
use gauntlet_wire::settings::Settings;
use gauntlet_workbench::local::Local;
use gauntlet_workbench::run::{
    LocalTask, NativeBlock, Program, SandboxRun, Seed, execute, lay_out_training,
};
use sha2::{Digest as _, Sha256};

use crate::failure::Failure;
use crate::show::method_run::{Live, Report, Run, commands};

/// What is to be run in the sandbox.
#[derive(Debug)]
pub(super) struct SandboxSpec<'a> {
    /// Where the module came from.
    pub(super) path: PathBuf,
    /// The method: a module, or an image.
    pub(super) method: Method,
    /// What it is run on.
    pub(super) task: &'a LocalTask,
    /// Where block seeds come from.
    pub(super) seed: Seed,
    /// How many blocks.
    pub(super) repeat: u32,
    /// Threads of the tensor backend.
    pub(super) threads: usize,
    /// Values for the method's hyper-parameters.
    pub(super) settings: Settings,
    /// Nothing is shown while it runs.
    pub(super) quiet: bool,
}

/// What is to be run as a program of this machine.
#[derive(Debug)]
pub(super) struct NativeSpec<'a> {
    /// The method.
    pub(super) program: Program,
    /// What it is run on.
    pub(super) task: &'a LocalTask,
    /// Where block seeds come from.
    pub(super) seed: Seed,
    /// How many blocks.
    pub(super) repeat: u32,
    /// Batches after which training is cut off.
    pub(super) batches: Option<u64>,
    /// Values for the method's hyper-parameters.
    pub(super) settings: Settings,
    /// Nothing is shown while it runs.
    pub(super) quiet: bool,
}

/// A training laid out for a debugger.
#[derive(Debug, serde::Serialize)]
pub(super) struct Prepared {
    /// The program.
    pub(super) program: PathBuf,
    /// The folder of the file contract, with the task and the train part.
    pub(super) root: PathBuf,
    /// What to type.
    pub(super) commands: String,
}

/// Runs a method in the sandbox, once for each seed.
///
/// # Errors
/// If the platform fails; what the method does wrong is in the report.
pub(super) async fn in_sandbox(local: &Local, spec: SandboxSpec<'_>) -> Result<Report, Failure> {
    let (executed, digest) = match &spec.method {
        Method::Module(wasm) => ("sandbox", hex::encode(Sha256::digest(wasm))),
        Method::Image { digest, .. } => ("container", digest.clone()),
    };
    let budget = spec.task.budget();
    let name = &spec.task.definition.name;
    let settings = spec.settings.clone();
    let mut prepared = SandboxRun::prepare(local, spec.method, spec.task, spec.threads, settings)?;
    let seeds = spec.seed.blocks(spec.repeat);
    let mut runs = Vec::new();
    for (number, seed) in seeds.iter().enumerate() {
        let title = match seeds.len() {
            1 => name.clone(),
            of => format!("{name} {}/{of}", number + 1),
        };
        let mut live = Live::new(title, budget, spec.quiet);
        let findings = prepared.block(*seed, |stage, event| live.on_event(stage, event));
        let findings = findings.await;
        let (curve, log) = live.finish();
        runs.push(Run::new(seed.to_string(), findings?, &budget, curve, log));
    }
    let report = report(spec.path, executed, spec.task, spec.settings, runs);
    Ok(Report {
        digest: Some(digest),
        ..report
    })
}

/// Runs a method as a program of this machine, once for each seed.
///
/// # Errors
/// If the program does not keep the file contract; what the method does wrong is in the report.
pub(super) fn natively(spec: NativeSpec<'_>) -> Result<Report, Failure> {
    let budget = spec.task.budget();
    let mut runs = Vec::new();
    for seed in spec.seed.blocks(spec.repeat) {
        let scratch = tempfile::tempdir()
            .map_err(|error| Failure::ours("make a folder for the run", error))?;
        let title = format!("{} (native)", spec.task.definition.name);
        let mut live = Live::new(title, budget, spec.quiet);
        let block = NativeBlock {
            dataset: &spec.task.dataset,
            seed,
            budget,
            batches: spec.batches,
            settings: &spec.settings,
        };
        let findings = execute(&spec.program, scratch.path(), &block, |stage, event| {
            live.on_event(stage, event);
        });
        let (curve, log) = live.finish();
        runs.push(Run::new(seed.to_string(), findings?, &budget, curve, log));
    }
    let path = spec.program.path().to_path_buf();
    Ok(report(path, "native", spec.task, spec.settings, runs))
}

fn report(
    path: PathBuf,
    executed: &'static str,
    task: &LocalTask,
    settings: Settings,
    runs: Vec<Run>,
) -> Report {
    Report {
        path,
        executed,
        settings,
        digest: None,
        task: task.definition.name.clone(),
        split: task.split.explanation(),
        metric: tasks::metric(&task.dataset.metric),
        train_rows: task.dataset.info.train_rows,
        budget: task.budget(),
        runs,
        mean: 0.0,
        deviation: None,
    }
    .summed()
}

/// Lays a training out in a folder that stays, and says how to debug it.
///
/// # Errors
/// If a file cannot be written.
pub(super) fn prepare_debugger(spec: &NativeSpec<'_>) -> Result<Prepared, Failure> {
    let root = tempfile::Builder::new()
        .prefix("gauntlet-debug-")
        .tempdir()
        .map_err(|error| Failure::ours("make a folder for the run", error))?
        .keep();
    let seeds = spec.seed.blocks(1);
    let seed = seeds
        .first()
        .copied()
        .ok_or_else(|| Failure::input("there is no seed").field("--seed"))?;
    let block = NativeBlock {
        dataset: &spec.task.dataset,
        seed,
        budget: spec.task.budget(),
        batches: spec.batches,
        settings: &spec.settings,
    };
    lay_out_training(&root, &block)?;
    let program = spec.program.path().to_path_buf();
    Ok(Prepared {
        commands: commands(&program, &root),
        program,
        root,
    })
}
