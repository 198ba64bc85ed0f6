//! `gauntlet-fuzz`: random operation streams, in child processes so that an abort is caught.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use burn_flex::Flex;
use clap::Parser;
use gauntlet_fuzz::memory::Guarded;
use gauntlet_fuzz::oracle::{Finding, Tally};
use gauntlet_fuzz::step::Program;
use gauntlet_fuzz::stream::{minimised, replay, stream, traced};
use gauntlet_worker::executor_harness::ExecutorHarness;
use serde::{Deserialize, Serialize};

#[global_allocator]
static ALLOCATOR: Guarded = Guarded;

/// A child is given so many streams at a time.
const CHUNK: u64 = 500;
/// A stream that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs random streams of tensor operations against the validator and the CPU backend.
#[derive(Parser)]
struct Arguments {
    /// How many streams.
    #[arg(long, default_value_t = 1000)]
    streams: u64,
    /// Seed of the first; the others count up from it.
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// Child processes at a time.
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// Write the numbers to this file, flat, name to number.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Write the shortest program that shows each finding into this folder.
    #[arg(long)]
    keep: Option<PathBuf>,
    /// Replay programs that were kept.
    #[arg(long, num_args = 1..)]
    replay: Vec<PathBuf>,
    /// Keep what the stream of this seed does up to each step, until it aborts.
    #[arg(long, requires = "keep")]
    trace: Option<u64>,
    /// For children: a file to note the seed in hand in.
    #[arg(long, hide = true)]
    child: Option<PathBuf>,
}

/// What a child says about a stream.
#[derive(Serialize, Deserialize)]
struct Line {
    seed: u64,
    tally: Tally,
    findings: Vec<Finding>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = if let Some(seed) = arguments.trace {
        trace(&arguments, seed)
    } else if let Some(progress) = &arguments.child {
        child(&arguments, progress)
    } else if arguments.replay.is_empty() {
        parent(&arguments)
    } else {
        replay_all(&arguments.replay)
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("gauntlet-fuzz: {message}");
            ExitCode::from(2)
        }
    }
}

fn settle() -> Result<(), String> {
    ExecutorHarness::<Flex>::keep_panics();
    rayon::ThreadPoolBuilder::new()
        .num_threads(2)
        .build_global()
        .map_err(|error| error.to_string())?;
    warm_up();
    Ok(())
}

/// Lets the buffers come to be that each thread keeps for matrix products: on all of them,
/// however busy the machine is.
fn warm_up() {
    multiply();
    rayon::broadcast(|_| multiply());
}

/// A product so small that the thread itself computes it, and one that is divided.
fn multiply() {
    use burn_backend::ops::FloatTensorOps;
    use burn_backend::{FloatDType, Shape};
    for dtype in [FloatDType::F32, FloatDType::F64, FloatDType::F16] {
        for size in [40_usize, 400] {
            let ones =
                || Flex::float_ones(Shape::from([size, size]), &burn_flex::FlexDevice, dtype);
            drop(Flex::float_matmul(ones(), ones()));
        }
    }
}

fn child(arguments: &Arguments, progress: &Path) -> Result<bool, String> {
    settle()?;
    let progress = File::create(progress).map_err(|error| error.to_string())?;
    let mut out = std::io::stdout().lock();
    for seed in arguments.first..arguments.first + arguments.streams {
        progress
            .write_all_at(&seed.to_le_bytes(), 0)
            .map_err(|error| error.to_string())?;
        let outcome = stream(seed);
        if let (Some(folder), Some(finding)) = (&arguments.keep, outcome.findings.first()) {
            let program = minimised(&outcome.program, finding);
            write_program(&folder.join(format!("{seed}.cbor")), &program)?;
        }
        let line = Line {
            seed,
            tally: outcome.tally,
            findings: outcome.findings,
        };
        let line = serde_json::to_string(&line).map_err(|error| error.to_string())?;
        writeln!(out, "{line}").map_err(|error| error.to_string())?;
    }
    Ok(true)
}

/// Leaves in a file the program that aborts, for `--replay`.
fn trace(arguments: &Arguments, seed: u64) -> Result<bool, String> {
    settle()?;
    let folder = arguments.keep.as_deref().unwrap_or(Path::new("."));
    let path = folder.join(format!("{seed}.cbor"));
    let outcome = traced(
        seed,
        Some(&|program| {
            if let Err(message) = write_program(&path, program) {
                eprintln!("{message}");
            }
        }),
    );
    for finding in &outcome.findings {
        println!("{finding:?}");
    }
    Ok(outcome.findings.is_empty())
}

fn write_program(path: &Path, program: &Program) -> Result<(), String> {
    let file = File::create(path).map_err(|error| format!("{}: {error}", path.display()))?;
    ciborium::into_writer(program, file).map_err(|error| error.to_string())
}

fn replay_all(paths: &[PathBuf]) -> Result<bool, String> {
    settle()?;
    let mut clean = true;
    for path in paths {
        let file = File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let program: Program = ciborium::from_reader(BufReader::new(file))
            .map_err(|error| format!("{}: {error}", path.display()))?;
        for step in &program.steps {
            let text = format!("{step:?}");
            eprintln!("    {}", text.chars().take(600).collect::<String>());
        }
        let findings = replay(&program);
        for finding in &findings {
            println!("{}: {finding:?}", path.display());
        }
        clean &= findings.is_empty();
    }
    Ok(clean)
}

#[derive(Default)]
struct Total {
    streams: u64,
    aborts: u64,
    tally: Tally,
    findings: Vec<(u64, Finding)>,
}

fn parent(arguments: &Arguments) -> Result<bool, String> {
    if let Some(folder) = &arguments.keep {
        std::fs::create_dir_all(folder).map_err(|error| error.to_string())?;
    }
    let total = Mutex::new(Total::default());
    let next = AtomicU64::new(arguments.first);
    let end = arguments.first + arguments.streams;
    let trouble = Mutex::new(None);
    std::thread::scope(|scope| {
        for job in 0..arguments.jobs.max(1) {
            let (total, next, trouble) = (&total, &next, &trouble);
            scope.spawn(move || {
                loop {
                    let from = next.fetch_add(CHUNK, Ordering::Relaxed);
                    if from >= end {
                        return;
                    }
                    let to = (from + CHUNK).min(end);
                    if let Err(message) = chunk(arguments, job, from, to, total)
                        && let Ok(mut trouble) = trouble.lock()
                    {
                        *trouble = Some(message);
                        return;
                    }
                }
            });
        }
    });
    if let Ok(Some(message)) = trouble.into_inner() {
        return Err(message);
    }
    let total = total.into_inner().map_err(|error| error.to_string())?;
    report(arguments, &total)
}

/// Runs `from..to` in a child, and what an abort has left in further ones.
fn chunk(
    arguments: &Arguments,
    job: usize,
    from: u64,
    to: u64,
    total: &Mutex<Total>,
) -> Result<(), String> {
    let progress = std::env::temp_dir().join(format!(
        "gauntlet-fuzz-{}-{job}.progress",
        std::process::id()
    ));
    let mut from = from;
    while from < to {
        let mut command = Command::new(std::env::current_exe().map_err(|error| error.to_string())?);
        command
            .arg("--child")
            .arg(&progress)
            .args(["--first", &from.to_string()])
            .args(["--streams", &(to - from).to_string()]);
        if let Some(folder) = &arguments.keep {
            command.arg("--keep").arg(folder);
        }
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| error.to_string())?;
        let ended = follow(&mut child, total)?;
        let Some(reason) = ended else {
            break;
        };
        let bytes = std::fs::read(&progress).map_err(|error| error.to_string())?;
        let seed = (bytes.try_into().map(u64::from_le_bytes))
            .map_err(|_| "a child ended before its first stream".to_owned())?;
        let mut total = total.lock().map_err(|error| error.to_string())?;
        total.streams += 1;
        total.aborts += 1;
        eprintln!("seed {seed}: {reason}");
        total.findings.push((
            seed,
            Finding {
                rule: "the process does not abort".to_owned(),
                operation: "stream".to_owned(),
                detail: reason,
            },
        ));
        from = seed + 1;
    }
    // It may not be there; it is in the folder for temporary files anyway.
    let _ = std::fs::remove_file(progress);
    Ok(())
}

/// Reads what a child says until it ends; tells how if that was not the end of its work.
fn follow(child: &mut Child, total: &Mutex<Total>) -> Result<Option<String>, String> {
    let out = child.stdout.take().ok_or("a child has no output")?;
    let heard = AtomicU64::new(0);
    let began = Instant::now();
    let mut hung = false;
    std::thread::scope(|scope| {
        let (heard_of, total) = (&heard, total);
        let reader = scope.spawn(move || {
            for line in BufReader::new(out).lines() {
                let line = line.map_err(|error| error.to_string())?;
                heard_of.store(began.elapsed().as_secs(), Ordering::Relaxed);
                let line: Line = serde_json::from_str(&line).map_err(|error| error.to_string())?;
                let mut total = total.lock().map_err(|error| error.to_string())?;
                total.streams += 1;
                total.tally.add(line.tally);
                for finding in line.findings {
                    eprintln!(
                        "seed {}: {}: {}: {}",
                        line.seed, finding.rule, finding.operation, finding.detail
                    );
                    total.findings.push((line.seed, finding));
                }
            }
            Ok::<(), String>(())
        });
        while !reader.is_finished() {
            std::thread::sleep(Duration::from_millis(50));
            let silent = began.elapsed().as_secs() - heard.load(Ordering::Relaxed);
            if silent > PATIENCE.as_secs() {
                hung = true;
                child.kill().map_err(|error| error.to_string())?;
                break;
            }
        }
        reader
            .join()
            .map_err(|_| "a reader panicked".to_owned())?
            .or_else(|error| if hung { Ok(()) } else { Err(error) })
    })?;
    let status = child.wait().map_err(|error| error.to_string())?;
    Ok(match (hung, status.success()) {
        (true, _) => Some(format!("no end within {} s", PATIENCE.as_secs())),
        (false, true) => None,
        (false, false) => Some(format!("the process ended with {status}")),
    })
}

fn report(arguments: &Arguments, total: &Total) -> Result<bool, String> {
    let tally = total.tally;
    println!(
        "{} streams: {} steps done, {} refused, {} over a limit, {} failed by their data; \
         {} results repeated; {} findings, {} aborts",
        total.streams,
        tally.done,
        tally.refused,
        tally.limited,
        tally.failed,
        tally.repeated,
        total.findings.len(),
        total.aborts
    );
    if let Some(path) = &arguments.json {
        let numbers = serde_json::json!({
            "op_streams": total.streams,
            "op_stream_aborts": total.aborts,
            "op_stream_findings": total.findings.len(),
            "op_stream_steps_done": tally.done,
            "op_stream_steps_refused": tally.refused,
            "op_stream_steps_limited": tally.limited,
            "op_stream_steps_failed": tally.failed,
            "op_stream_results_repeated": tally.repeated,
        });
        std::fs::write(path, format!("{numbers:#}\n"))
            .map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(total.findings.is_empty() && total.streams == arguments.streams)
}
