//! `gauntlet-runner`: parse, wire up signals, run.

use std::io::{IsTerminal, Read};
use std::process::ExitCode;

use clap::Parser;
use gauntlet_runner::{agent, config::Config};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    // It holds a token and hidden labels: no process of the same user may look into it.
    // (Where that fails, workers are still of another user or behind Landlock.)
    let _best_effort = nix::sys::prctl::set_dumpable(false);
    let config = Config::parse();
    let filter = EnvFilter::try_from_env("GAUNTLET_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    match run(&config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

// Its threads live until the end, which matters: a worker is killed by the kernel when
// the thread that started it ends.
#[tokio::main(worker_threads = 2)]
async fn run(config: &Config) -> Result<(), Box<dyn std::error::Error>> {
    let stop = CancellationToken::new();
    for kind in [SignalKind::terminate(), SignalKind::interrupt()] {
        let mut signals = signal(kind)?;
        let stop = stop.clone();
        tokio::spawn(async move {
            signals.recv().await;
            stop.cancel();
        });
    }
    if config.exit_on_stdin_eof {
        let stop = stop.clone();
        // A thread of its own: a read of standard input cannot be called off.
        std::thread::spawn(move || {
            let mut ignored = [0; 256];
            while matches!(std::io::stdin().read(&mut ignored), Ok(1..)) {}
            stop.cancel();
        });
    }
    agent::run(config, stop).await?;
    Ok(())
}
