//! The command line: one file per command group, each its arguments and what they do.

mod archive;
mod blobs;
mod connection;
mod data;
mod demo;
mod fit;
mod garbage;
mod method;
mod methods_for_tables;
mod migrate;
mod predict;
mod rules;
mod runner;
mod series;
mod submit;
mod table_arguments;
mod task;
mod task_create;
mod token;
mod tournament;
mod up;

use clap::{Parser, Subcommand};

use crate::failure::Failure;
use crate::output::Output;
use crate::telemetry;

/// Tournaments of training methods: submit, run, and find the champion.
#[derive(Debug, Parser)]
#[command(
    name = "gauntlet",
    version,
    propagate_version = true,
    after_help = "Exit codes: 0 done, 1 refused, 2 unusable arguments or files, \
                  3 no orchestrator answers, 4 a failure of Gauntlet's own."
)]
pub(crate) struct Cli {
    /// Answer with one JSON document instead of text (errors too, on standard error).
    #[arg(long, global = true)]
    pub(crate) json: bool,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start everything on this machine: database, orchestrator, a local runner.
    Up(up::Up),
    /// Bring a database's schema up to date, and let a role serve from it.
    Migrate(migrate::Migrate),
    /// Run two real tournaments of the example methods to their champions.
    Demo(demo::Demo),
    /// See what is in a table, and what would be made of it.
    Data(data::DataCommand),
    /// Get the best model for a table of your own.
    Fit(fit::Fit),
    /// Predict the rows of a table with such a model.
    Predict(predict::Predict),
    /// Submit a method to a tournament.
    Submit(submit::Submit),
    /// See what methods can be trained on.
    Task(task::TaskCommand),
    /// Make, open, close and follow tournaments.
    Tournament(tournament::TournamentCommand),
    /// Tournaments that recur on a calendar.
    Series(series::SeriesCommand),
    /// Champions: their code, weights and cards.
    Archive(archive::ArchiveCommand),
    /// See who executes runs.
    Runner(runner::RunnerCommand),
    /// Make tokens for others, see them, revoke and replace them.
    Token(token::TokenCommand),
    /// Remove stored bytes that nothing names any more.
    Gc(garbage::GarbageCommand),
    /// Seal stored bytes anew.
    Blobs(blobs::BlobsCommand),
    /// Write methods.
    Method(method::MethodCommand),
}

/// Does what was typed.
pub(crate) fn run(cli: Cli) -> Result<(), Failure> {
    let output = Output { json: cli.json };
    telemetry::start(match cli.command {
        Command::Up(_) => "info",
        _ => "warn",
    });
    // Methods are built and tried here: no server is asked, and what waits, waits in itself.
    let command = match cli.command {
        Command::Method(command) => return command.run(output),
        command => command,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::ours("start", error))?;
    runtime.block_on(async {
        match command {
            Command::Up(command) => command.run(output).await,
            Command::Migrate(command) => command.run(output).await,
            Command::Demo(command) => command.run(output).await,
            Command::Data(command) => command.run(output),
            Command::Fit(command) => command.run(output).await,
            Command::Predict(command) => command.run(output).await,
            Command::Submit(command) => command.run(output).await,
            Command::Task(command) => command.run(output).await,
            Command::Tournament(command) => command.run(output).await,
            Command::Series(command) => command.run(output).await,
            Command::Archive(command) => command.run(output).await,
            Command::Runner(command) => command.run(output).await,
            Command::Token(command) => command.run(output).await,
            Command::Gc(command) => command.run(output).await,
            Command::Blobs(command) => command.run(output).await,
            Command::Method(command) => command.run(output),
        }
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_arguments_are_consistent() {
        super::Cli::command().debug_assert();
    }
}
