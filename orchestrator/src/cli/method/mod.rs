//! `gauntlet method`.

mod build;
mod check;
mod new;
mod pack;
mod perform;
mod place;
mod run;

use std::path::{Path, PathBuf};

pub(super) use place::Place;

use gauntlet_workbench::build::{Options, module as build_module};

use crate::failure::Failure;
use crate::output::Output;

/// Methods.
#[derive(Debug, clap::Args)]
pub(crate) struct MethodCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Write the crate of a new method: it builds at once, has a test, and beats the baseline.
    New(new::New),
    /// Build a method, or a workspace of them, for the sandbox.
    Build(build::Build),
    /// Say whether the gate would let a method in, with every reason.
    Check(check::Check),
    /// Pack a program into a container image, without an engine.
    Pack(pack::Pack),
    /// Train and score a method on this machine, in the sandbox of a tournament.
    Run(run::Run),
}

impl MethodCommand {
    pub(crate) fn run(self, output: Output) -> Result<(), Failure> {
        match self.action {
            Action::New(new) => new.run(output),
            Action::Build(build) => build.run(output),
            Action::Check(check) => check.run(output),
            Action::Pack(pack) => pack.run(output),
            Action::Run(run) => run.run(output),
        }
    }
}

/// The module that `path` stands for: the file itself, or what building the crate gives.
fn module(path: &Path, quiet: bool) -> Result<PathBuf, Failure> {
    let options = Options {
        quiet,
        ..Options::default()
    };
    build_module(path, options).map_err(|error| Failure::build(&error, "PATH"))
}

/// What executes methods is asynchronous.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::ours("start", error))
}
