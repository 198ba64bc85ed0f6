//! The `gauntlet` command: everything a person types.

mod cli;
mod client;
mod config;
mod data_dir;
mod demo;
mod failure;
mod method_build;
mod output;
mod serve;
mod show;
mod telemetry;
mod watch;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
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
