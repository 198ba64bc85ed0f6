//! The `gauntlet` command: everything a person types.

mod cli;
mod demo;
mod failure;
mod method_file;
mod output;
mod show;
mod telemetry;
mod watch;

use std::process::ExitCode;

use clap::Parser as _;
use gauntlet_workbench::build::wrapper;

fn main() -> ExitCode {
    if let Some(error) = wrapper::if_called() {
        eprintln!("gauntlet: {error}");
        return ExitCode::FAILURE;
    }
    let cli = cli::Cli::parse();
    let json = cli.json;
    match cli::run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.report(json);
            ExitCode::from(failure.exit_code())
        }
    }
}
