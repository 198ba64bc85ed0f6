//! `gauntlet method run`.

use std::path::PathBuf;

use gauntlet_runner::attempt::Method;
use gauntlet_wire::settings::{Declared, Settings};
use gauntlet_workbench::check::{image, module};
use gauntlet_workbench::local::Local;
use gauntlet_workbench::run::{LocalTask, NativeCrate, Program, Seed};

use super::perform::{self, NativeSpec, SandboxSpec};
use super::place::Place;
use crate::failure::{Failure, Fault};
use crate::output::Output;
use crate::show::method_run::{self, Report};
use crate::show::text::counted;
use crate::show::{image_check, module_check};

/// Train and score a method on this machine, in the sandbox of a tournament.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The worker, its limits, the budget and the scorer are those of a tournament, so a \
                  method that passes here passes there. No server is asked. Exit codes: 0 completed, \
                  1 a verdict against the method, 2 unusable arguments or files, 4 the platform failed."
)]
pub(crate) struct Run {
    /// A .wasm file, an image's archive, or the folder of a crate, which is built first.
    #[arg(default_value = ".")]
    path: PathBuf,
    /// The task: a built-in one such as digits, or a folder with a task.toml.
    #[arg(long, value_name = "NAME|DIR")]
    task: String,
    /// Where seeds come from: a number, or 16 hex digits, the seed of a tournament's block.
    #[arg(long, default_value = "1")]
    seed: Seed,
    /// Run on this many seeds, derived as a tournament derives them.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    repeat: u32,
    /// Threads of the tensor backend.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: u16,
    /// File with the secret that decides which rows are hidden, for organisers: then the
    /// numbers are those of their tournaments.
    #[arg(long, value_name = "FILE")]
    secret: Option<PathBuf>,
    /// Build the crate for this machine instead and run it as a program: for a debugger, a
    /// profiler, a backtrace. Nothing is metered then; the budget is wall time.
    #[arg(long)]
    native: bool,
    /// Do not run, but say how to train under a debugger, with everything laid out.
    #[arg(long, requires = "native")]
    debug: bool,
    /// A program that was built already, instead of building the crate.
    #[arg(long, value_name = "FILE", requires = "native")]
    program: Option<PathBuf>,
    /// Cut training off after this many batches, which is the same on every machine.
    #[arg(long, value_name = "N", requires = "native")]
    batches: Option<u64>,
    /// Give a hyper-parameter that the method declares another value than its default.
    #[arg(long = "set", value_name = "NAME=VALUE")]
    settings: Vec<String>,
    /// The container engine's socket, for an image [default: DOCKER_HOST, or /var/run/docker.sock].
    #[arg(long, value_name = "SOCKET")]
    engine: Option<PathBuf>,
    #[command(flatten)]
    place: Place,
}

impl Run {
    pub(crate) fn run(self, output: Output) -> Result<(), Failure> {
        if matches!(self.seed, Seed::Block(_)) && self.repeat > 1 {
            return Err(Failure::input(
                "16 hex digits are the seed of one block, so there is nothing to repeat",
            )
            .field("--repeat")
            .help("give a number to --seed, from which the seeds of several blocks derive"));
        }
        // What was typed is checked before anything is compiled.
        let task = LocalTask::open(&self.task, self.secret.as_deref())?;
        if self.native {
            return self.natively(&task, output);
        }
        let local = self.place.sandbox(false)?;
        let path = super::module(&self.path, output.json)?;
        if image::is_archive(&path) {
            return self.image(path, local, task, output);
        }
        let (check, wasm) = module::check(&path)?;
        if !check.enters {
            output.answer(&check, module_check::show)?;
            return Err(Failure::new(Fault::Refused, "the gate refuses the module").field("PATH"));
        }
        let settings = self.settings(&check.parameters)?;
        let spec = SandboxSpec {
            settings,
            path,
            method: Method::Module(wasm),
            task: &task,
            seed: self.seed,
            repeat: self.repeat,
            threads: self.threads.into(),
            quiet: output.json,
        };
        let report = super::runtime()?.block_on(perform::in_sandbox(&local, spec))?;
        answer(&report, output)
    }

    fn settings(&self, declared: &[Declared]) -> Result<Settings, Failure> {
        gauntlet_wire::settings::parse(declared, self.settings.iter().map(String::as_str))
            .map_err(|error| Failure::input(error.to_string()).field("--set"))
    }

    /// An image goes the way of a module, in containers in place of workers.
    fn image(
        &self,
        path: PathBuf,
        local: Local,
        task: LocalTask,
        output: Output,
    ) -> Result<(), Failure> {
        if !self.settings.is_empty() {
            return Err(Failure::input("an image does not declare hyper-parameters").field("--set"));
        }
        let check = image::check(&path)?;
        if !check.enters {
            output.answer(&check, image_check::show)?;
            return Err(Failure::new(Fault::Refused, "the image is refused").field("PATH"));
        }
        let spec = SandboxSpec {
            method: Method::Image {
                archive: path.clone(),
                digest: check.digest,
            },
            settings: Settings::new(),
            path,
            task: &task,
            seed: self.seed,
            repeat: self.repeat,
            threads: self.threads.into(),
            quiet: output.json,
        };
        let engine = self.engine.clone();
        let report = super::runtime()?.block_on(async {
            let local = local.with_containers(engine).await?;
            perform::in_sandbox(&local, spec).await
        })?;
        answer(&report, output)
    }

    fn natively(&self, task: &LocalTask, output: Output) -> Result<(), Failure> {
        let program = match &self.program {
            Some(program) => Program::built(program)?,
            None => {
                let source = NativeCrate::find(&self.path)?;
                if !output.json {
                    eprintln!(
                        "building natively; the first time compiles the tensor library and takes \
                         minutes"
                    );
                }
                source.build(output.json)?
            }
        };
        let settings = if self.settings.is_empty() {
            Settings::new()
        } else {
            self.settings(&program.parameters()?)?
        };
        let spec = NativeSpec {
            program,
            settings,
            task,
            seed: self.seed,
            repeat: self.repeat,
            batches: self.batches,
            quiet: output.json,
        };
        if self.debug {
            let prepared = perform::prepare_debugger(&spec)?;
            return output.answer(&prepared, |prepared| prepared.commands.clone());
        }
        answer(&perform::natively(spec)?, output)
    }
}

/// Shows the report; a verdict against the method is the command's failure.
fn answer(report: &Report, output: Output) -> Result<(), Failure> {
    output.answer(report, method_run::show)?;
    if report.completed() {
        return Ok(());
    }
    let faults = report.runs.iter().filter(|run| run.score.is_none()).count();
    let what = format!("{} did not complete", counted(faults, "run"));
    Err(Failure::new(Fault::Refused, what))
}
