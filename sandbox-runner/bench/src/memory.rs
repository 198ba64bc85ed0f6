//! `gauntlet-bench memory`: what a runner and a run take beside the tensors.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use gauntlet_bench::{BenchError, Lane};
use gauntlet_tasks::Dataset;
use serde_json::json;

/// How long a runner is left alone before it is looked at.
const SETTLE: Duration = Duration::from_secs(5);

/// Where the numbers go.
#[derive(Debug, clap::Args)]
pub(crate) struct MemoryArgs {
    /// Write them to this file, flat, name to number.
    #[arg(long)]
    out: Option<PathBuf>,
}

/// Measures an idle runner, and each case's run.
pub(crate) async fn run(
    args: &MemoryArgs,
    lane: &Lane,
    cases: &[(&'static str, Dataset, u64)],
) -> Result<(), BenchError> {
    let idle = idle_runner()?;
    println!("an idle runner: {idle:.1} MiB");
    let mut most = 0.0_f64;
    for (method, data, batches) in cases {
        let watch = Watch::new();
        let limits = Lane::limits(*batches);
        let run = lane.train(method, data, 7, limits).await?;
        let peak = mebibytes(watch.peak() * 1024);
        let tensors = mebibytes(run.meters.peak_tensor_bytes);
        println!(
            "{method}: {peak:.1} MiB at most, of which tensors {tensors:.1} MiB: \
             {:.1} MiB beside them",
            peak - tensors
        );
        if peak == 0.0 {
            return Err(BenchError::Failed(format!(
                "no worker of {method} was seen"
            )));
        }
        most = most.max(peak - tensors);
    }
    if let Some(out) = &args.out {
        let numbers = json!({ "idle_runner_mib": idle, "run_overhead_mib": most });
        fs::write(out, format!("{numbers:#}\n")).map_err(BenchError::failed)?;
    }
    Ok(())
}

fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

/// Resident memory of a runner that has nothing to do: its orchestrator does not answer.
fn idle_runner() -> Result<f64, BenchError> {
    let program = std::env::current_exe()
        .map_err(BenchError::failed)?
        .with_file_name("gauntlet-runner");
    if !program.exists() {
        return Err(BenchError::Missing(program));
    }
    let data = tempfile::tempdir().map_err(BenchError::failed)?;
    let mut runner = Command::new(program)
        .args(["--url", "http://127.0.0.1:9", "--same-user", "--data"])
        .arg(data.path())
        .env("GAUNTLET_TOKEN", "gnt_runner_of_a_measurement")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(BenchError::failed)?;
    std::thread::sleep(SETTLE);
    let resident = status_kib(Path::new(&format!("/proc/{}", runner.id())), "VmRSS");
    let alive = runner.try_wait().map_err(BenchError::failed)?.is_none();
    runner.kill().map_err(BenchError::failed)?;
    runner.wait().map_err(BenchError::failed)?;
    match resident {
        Some(kib) if alive => Ok(mebibytes(kib * 1024)),
        _ => Err(BenchError::Failed("the runner did not stay".to_owned())),
    }
}

/// A field of `/proc/PID/status`, in KiB.
fn status_kib(process: &Path, name: &str) -> Option<u64> {
    let status = fs::read_to_string(process.join("status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim_start_matches(':')
        .split_whitespace()
        .next()?
        .parse()
        .ok()
}

/// Looks at our own children until it is asked, and keeps the largest high-water mark
/// of a worker that runs.
struct Watch {
    peak: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
}

impl Watch {
    fn new() -> Self {
        let watch = Self {
            peak: Arc::default(),
            stop: Arc::default(),
        };
        let (peak, stop) = (Arc::clone(&watch.peak), Arc::clone(&watch.stop));
        std::thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                for process in workers() {
                    if let Some(kib) = status_kib(&process, "VmHWM") {
                        peak.fetch_max(kib, Ordering::Relaxed);
                    }
                }
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        watch
    }

    /// Most resident memory seen, in KiB.
    fn peak(&self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        self.peak.load(Ordering::Relaxed)
    }
}

/// Children of ours that execute `gauntlet-worker run`.
fn workers() -> Vec<PathBuf> {
    let us = format!("PPid:\t{}", std::process::id());
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .map(|entry| entry.path())
        .filter(|process| {
            let status = fs::read_to_string(process.join("status")).unwrap_or_default();
            let command = fs::read(process.join("cmdline")).unwrap_or_default();
            let arguments: Vec<&[u8]> = command.split(|byte| *byte == 0).collect();
            status.lines().any(|line| line == us)
                && arguments
                    .first()
                    .is_some_and(|program| program.ends_with(b"gauntlet-worker"))
                && arguments.get(1) == Some(&b"run".as_slice())
        })
        .collect()
}
