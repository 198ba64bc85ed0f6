//! `gauntlet-bench-engine`: how fast the engine is, and whether it stays so.
//!
//! Everything is measured from outside, over HTTP, against the real `gauntlet up` over a
//! PostgreSQL that waits for the disk at each commit.

mod connection;
mod error;
mod figures;
mod gap;
mod growth;
mod pgbench;
mod platform;
mod plot;
mod progress;
mod rate;
mod runner;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use error::Result;
use figures::Figures;
use platform::Platform;
use progress::Progress;

/// Measures the engine: rounds, leases and results, growth.
#[derive(Debug, Parser)]
struct Options {
    /// Less of everything: to see that it works, not to report.
    #[arg(long)]
    quick: bool,
    /// Only these parts: p3 (rounds), p4 (rates), p6 (growth).
    #[arg(long, value_name = "PART", value_parser = ["p3", "p4", "p6"])]
    only: Vec<String>,
    /// Flat JSON, name to number; what others wrote there stays.
    #[arg(
        long,
        value_name = "FILE",
        default_value = "target/figures/engine.json"
    )]
    out: PathBuf,
    /// Write the table into this document too, between its two marks.
    #[arg(long, value_name = "FILE")]
    publish: Option<PathBuf>,
}

impl Options {
    fn wants(&self, part: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == part)
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("gauntlet-bench-engine: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: &Options) -> Result<()> {
    let mut figures = Figures::default();
    let progress = Progress::new();
    if options.wants("p3") {
        let platform = Platform::start().await?;
        let tournaments = if options.quick { 5 } else { 60 };
        gap::measure(&platform, tournaments, &progress, &mut figures).await?;
    }
    if options.wants("p4") {
        let platform = Platform::start().await?;
        let plan = if options.quick {
            rate::Plan::quick()
        } else {
            rate::Plan::full()
        };
        rate::measure(&platform, &plan, &progress, &mut figures).await?;
    }
    if options.wants("p6") {
        // A database of its own: nothing is in it but these submissions and runs.
        let platform = Platform::start().await?;
        let plan = if options.quick {
            growth::Plan::quick()
        } else {
            growth::Plan::full()
        };
        let points = growth::measure(&platform, &plan, &progress, &mut figures).await?;
        progress.done();
        let picture = options.out.with_file_name("engine-growth.svg");
        plot::write(&picture, &points)?;
        plot::show(&points);
    }
    progress.done();
    figures.print();
    figures.merge_into(&options.out)?;
    if let Some(document) = &options.publish {
        figures.publish(document)?;
    }
    Ok(())
}
