//! `gauntlet-bench`: what the sandbox costs, and whether it changes a bit.

mod comparison;
mod device;
mod figures;
mod lane_figures;
mod memory;
mod options;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use comparison::{Comparison, Row, compare};
use gauntlet_bench::BenchError;
use options::Options;
use serde_json::json;

/// Compares native and sandboxed training: median step time, ratio, equality of the models.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Gather what the demo and this benchmark measured into one flat file.
    Figures(figures::FiguresArgs),
    /// Compare, and write the figures of the lane.
    Lane(lane_figures::LaneArgs),
    /// Compare on a device, such as a GPU, with a native program on the same device.
    Device(device::DeviceArgs),
    /// Measure what an idle runner and a run take in memory beside the tensors.
    Memory(memory::MemoryArgs),
}

#[tokio::main]
async fn main() -> ExitCode {
    let Arguments { command, options } = Arguments::parse();
    let done = match &command {
        Some(Command::Figures(args)) => figures::run(args).map_err(BenchError::failed),
        Some(Command::Lane(args)) => compared(&options, Some(args)).await,
        Some(Command::Device(args)) => device::run(&options, args).await,
        Some(Command::Memory(args)) => memory(&options, args).await,
        None => compared(&options, None).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("gauntlet-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn memory(options: &Options, args: &memory::MemoryArgs) -> Result<(), BenchError> {
    let worker = comparison::worker(options)?;
    let lane = gauntlet_bench::Lane::new(&worker, &options.methods, options.threads)?;
    let mut cases = Vec::new();
    for (_, method, task, batches) in comparison::CASES {
        cases.push((method, comparison::dataset(options, task)?, batches));
    }
    memory::run(args, &lane, &cases).await
}

async fn compared(
    options: &Options,
    lane: Option<&lane_figures::LaneArgs>,
) -> Result<(), BenchError> {
    let comparison = compare(options).await?;
    if options.json {
        print_json(&comparison);
    } else {
        print_table(&comparison, options.threads);
    }
    if !comparison.rows.iter().all(|row| row.equal) {
        return Err(BenchError::Failed(
            "a sandboxed model differs from the native one".to_owned(),
        ));
    }
    lane.map_or(Ok(()), |args| lane_figures::write(args, &comparison))
}

fn print_table(comparison: &Comparison, threads: usize) {
    println!("training step, {threads} thread(s), CPU backend, validation on; medians");
    println!(
        "{:<16} {:>10} {:>8} {:>11} {:>13} {:>17} {:>9} {:>6}",
        "method",
        "parameters",
        "ops/step",
        "native ms",
        "sandboxed ms",
        "native/sandboxed",
        "of means",
        "equal"
    );
    for Row {
        method,
        parameters,
        operations,
        native_ms,
        sandboxed_ms,
        native_over_sandboxed,
        ratio_of_means,
        equal,
        ..
    } in &comparison.rows
    {
        println!(
            "{method:<16} {parameters:>10} {operations:>8.0} {native_ms:>11.3} {sandboxed_ms:>13.3} {native_over_sandboxed:>17.3} {ratio_of_means:>9.3} {equal:>6}"
        );
    }
    println!(
        "cached module to first tensor operation: {:.1} ms (process start included)",
        comparison.cold_start_ms
    );
    println!(
        "compiling {} bytes anew: {:.0} ms",
        comparison.compile_bytes, comparison.compile_ms
    );
}

fn print_json(comparison: &Comparison) {
    let mut figures = serde_json::Map::new();
    for row in &comparison.rows {
        let figure = row.figure;
        figures.insert(format!("{figure}_native_ms"), json!(row.native_ms));
        figures.insert(format!("{figure}_sandboxed_ms"), json!(row.sandboxed_ms));
        figures.insert(
            format!("{figure}_native_over_sandboxed"),
            json!(row.native_over_sandboxed),
        );
        figures.insert(format!("{figure}_equal"), json!(u8::from(row.equal)));
        figures.insert(format!("{figure}_parameters"), json!(row.parameters));
    }
    figures.insert("cold_start_ms".to_owned(), json!(comparison.cold_start_ms));
    println!("{}", serde_json::Value::Object(figures));
}
