//! The `gauntlet` command: everything a person types.

mod cli;
mod demo;
mod failure;
mod image_check;
mod local;
mod method_build;
mod method_check;
mod method_new;
mod method_run;
mod output;
mod show;
mod source_tree;
mod telemetry;
mod watch;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    if let Some(code) = method_build::wrapper::if_called() {
        return code;
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
