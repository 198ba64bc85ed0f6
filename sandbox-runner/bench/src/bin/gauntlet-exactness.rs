//! `gauntlet-exactness`: does the same run give the same model, wherever it runs?

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::{Parser, Subcommand};
use gauntlet_bench::exactness::{self, CASES, Case};
use gauntlet_bench::{BenchError, Lane};
use gauntlet_tasks::Dataset;
use serde_json::json;

/// Compares model digests: repeated, on one and two threads, natively and in the sandbox.
#[derive(Debug, Parser)]
struct Options {
    #[command(subcommand)]
    command: Command,
    /// Only the cases of these names.
    #[arg(long = "case", global = true)]
    cases: Vec<String>,
    /// The task to train on.
    #[arg(long, global = true, default_value = "examples/tasks/digits")]
    task: PathBuf,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print a digest per case of a short native training: to compare machines.
    Digests {
        /// Threads of the tensor backend.
        #[arg(long, default_value_t = 1)]
        threads: usize,
    },
    /// Repeat long trainings natively and in the sandbox, and compare.
    Compare {
        /// Repetitions of each.
        #[arg(long, default_value_t = 10)]
        repeats: usize,
        /// Thread counts to compare.
        #[arg(long, value_delimiter = ',', default_value = "1,2")]
        threads: Vec<usize>,
        /// Folder of the example methods' modules.
        #[arg(long, default_value = "examples/methods/target/gauntlet")]
        methods: PathBuf,
        /// The worker; found beside this program if not given.
        #[arg(long)]
        worker: Option<PathBuf>,
        /// Where to write the figures, flat, name to number.
        #[arg(long)]
        out: Option<PathBuf>,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Options::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("gauntlet-exactness: models that should be equal differ");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("gauntlet-exactness: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> Result<bool, BenchError> {
    let data = exactness::dataset(&options.task)?;
    let cases: Vec<Case> = CASES
        .into_iter()
        .filter(|case| options.cases.is_empty() || options.cases.iter().any(|c| c == case.name))
        .collect();
    if cases.is_empty() {
        return Err(BenchError::Failed(format!(
            "no such case; there are {}",
            CASES.map(|case| case.name).join(", ")
        )));
    }
    match options.command {
        Command::Digests { threads } => {
            for case in cases {
                let digest = exactness::native(&case, &data, case.short, threads)?;
                println!("{:<12} {digest}", case.name);
            }
            Ok(true)
        }
        Command::Compare {
            repeats,
            threads,
            methods,
            worker,
            out,
        } => {
            let worker = match worker {
                Some(worker) => worker,
                None => std::env::current_exe()
                    .map_err(BenchError::failed)?
                    .with_file_name("gauntlet-worker"),
            };
            let lanes = threads
                .iter()
                .map(|&threads| Ok((threads, Lane::new(&worker, &methods, threads)?)))
                .collect::<Result<Vec<_>, BenchError>>()?;
            compare(&cases, &data, &lanes, repeats, out).await
        }
    }
}

async fn compare(
    cases: &[Case],
    data: &Dataset,
    lanes: &[(usize, Lane)],
    repeats: usize,
    out: Option<PathBuf>,
) -> Result<bool, BenchError> {
    let mut figures = BTreeMap::new();
    let (mut all_equal, mut runs) = (true, 0_usize);
    println!("{:<12} {:>5} {:>6}  digest", "case", "runs", "equal");
    for case in cases {
        let mut digests = BTreeSet::new();
        let mut of_case = 0_usize;
        for (threads, lane) in lanes {
            let begun = Instant::now();
            for _ in 0..repeats {
                digests.insert(exactness::native(case, data, case.long, *threads)?);
                digests.insert(exactness::sandboxed(lane, case, data, case.long).await?);
                of_case += 2;
            }
            let name = format!("{}_seconds_{threads}_threads", case.name);
            figures.insert(name, json!(begun.elapsed().as_secs_f64()));
        }
        let equal = digests.len() == 1;
        all_equal &= equal;
        runs += of_case;
        figures.insert(format!("{}_equal", case.name), json!(u8::from(equal)));
        figures.insert(format!("{}_digests", case.name), json!(digests.len()));
        for digest in &digests {
            println!("{:<12} {of_case:>5} {equal:>6}  {digest}", case.name);
        }
    }
    figures.insert("repeats_equal".into(), json!(u8::from(all_equal)));
    figures.insert("repeats".into(), json!(repeats));
    figures.insert("runs".into(), json!(runs));
    if let Some(out) = out {
        if let Some(folder) = out.parent() {
            std::fs::create_dir_all(folder).map_err(BenchError::failed)?;
        }
        let text = serde_json::to_string_pretty(&figures).map_err(BenchError::failed)?;
        std::fs::write(&out, text + "\n").map_err(BenchError::failed)?;
        eprintln!("written to {}", out.display());
    }
    Ok(all_equal)
}
