//! `gauntlet-bench device`: the sandbox on any device beside a native program on the same
//! device, each training in a process of its own, so that both begin with a cold backend.
//! `scripts/gpu-check` makes rows of its table of what this prints.
//!
//! Unlike the comparison on the CPU it does not ask for equality with the native model:
//! a GPU's backend chooses kernels by timing. It asks for equality among the sandboxed ones.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use gauntlet_bench::{BenchError, Lane, late_step, median};
use gauntlet_native::program::Summary;
use gauntlet_sandbox::Device;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::comparison;
use crate::options::Options;

const SEED: u64 = 7;

/// What is compared on which device.
#[derive(Debug, clap::Args)]
pub(crate) struct DeviceArgs {
    /// What tensor operations run on: cpu, or cuda:N. The worker must be one for it.
    #[arg(long, default_value = "cuda:0")]
    device: Device,
    /// The native side, a program like gauntlet-native [default: gauntlet-native or
    /// gauntlet-native-cuda beside this program].
    #[arg(long, value_name = "FILE")]
    native: Option<PathBuf>,
    /// Batches of each training; the first half warms up, the second is timed.
    #[arg(long, default_value_t = 400, value_parser = clap::value_parser!(u64).range(8..))]
    batches: u64,
    /// Write the numbers to this file.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// What was found of one method.
#[derive(Debug)]
struct Found {
    parameters: usize,
    native_ms: f64,
    sandboxed_ms: f64,
    native_over_sandboxed: f64,
    /// Trainings of each kind.
    trainings: usize,
    models: BTreeSet<String>,
    native_models: BTreeSet<String>,
}

/// Compares every case, or the one that is asked for; prints a line per check: its name,
/// `pass` or `fail`, and what was seen, with tabs in between.
///
/// # Errors
/// If a check failed, or nothing could be compared.
pub(crate) async fn run(options: &Options, args: &DeviceArgs) -> Result<(), BenchError> {
    let beside = |name: &str| -> Result<PathBuf, BenchError> {
        let own = std::env::current_exe().map_err(BenchError::failed)?;
        Ok(own.with_file_name(name))
    };
    let worker = match &options.worker {
        Some(worker) => worker.clone(),
        None => beside(args.device.worker())?,
    };
    let native = match (&args.native, args.device) {
        (Some(native), _) => native.clone(),
        (None, Device::Cpu) => beside("gauntlet-native")?,
        (None, Device::Cuda(_)) => beside("gauntlet-native-cuda")?,
    };
    if !native.exists() {
        return Err(BenchError::Missing(native));
    }
    let lane = Lane::on(args.device, &worker, &options.methods, options.threads)?;
    let mut numbers = serde_json::Map::new();
    let mut failures = 0_usize;
    for (figure, method, task, _) in comparison::CASES {
        if options.only.as_deref().is_some_and(|only| only != method) {
            continue;
        }
        let case = Case {
            lane: &lane,
            native: &native,
            options,
            batches: args.batches,
            method,
            task,
        };
        let found = case.compare().await;
        for (check, passed, seen) in checks(method, &found) {
            failures += usize::from(!passed);
            let result = if passed { "pass" } else { "fail" };
            println!("{check}\t{result}\t{seen}");
        }
        numbers.insert(figure.to_owned(), as_json(method, &found));
    }
    let text = format!("{:#}\n", serde_json::Value::Object(numbers));
    std::fs::write(&args.out, text).map_err(BenchError::failed)?;
    match failures {
        0 => Ok(()),
        _ => Err(BenchError::Failed(format!("{failures} checks failed"))),
    }
}

struct Case<'a> {
    lane: &'a Lane,
    native: &'a Path,
    options: &'a Options,
    batches: u64,
    method: &'a str,
    task: &'a str,
}

impl Case<'_> {
    async fn compare(&self) -> Result<Found, BenchError> {
        let data = comparison::dataset(self.options, self.task)?;
        let (mut native_ms, mut sandboxed_ms, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        let (mut models, mut native_models) = (BTreeSet::new(), BTreeSet::new());
        let mut parameters = 0;
        // The first round fills the disk's cache and the driver's; its times do not count.
        for round in 0..=self.options.rounds {
            eprintln!("{}: round {round} of {}", self.method, self.options.rounds);
            let native = self.natively()?;
            let limits = Lane::limits(self.batches);
            let sandboxed = self.lane.train(self.method, &data, SEED, limits).await?;
            let model = sandboxed.model.ok_or_else(|| {
                BenchError::Failed(format!("it ended with {:?}", sandboxed.outcome))
            })?;
            models.insert(hex::encode(Sha256::digest(&model)));
            native_models.insert(native.model);
            parameters = native.parameters;
            if round > 0 {
                let (a, b) = (late_step(&native.losses), late_step(&sandboxed.losses));
                if a <= 0.0 || b <= 0.0 {
                    return Err(BenchError::Failed("too few losses to time".to_owned()));
                }
                native_ms.push(a);
                sandboxed_ms.push(b);
                ratios.push(a / b);
            }
        }
        Ok(Found {
            parameters,
            native_ms: median(&native_ms),
            sandboxed_ms: median(&sandboxed_ms),
            native_over_sandboxed: median(&ratios),
            trainings: self.options.rounds + 1,
            models,
            native_models,
        })
    }

    fn natively(&self) -> Result<Summary, BenchError> {
        let output = Command::new(self.native)
            .arg(self.method)
            .arg(self.options.tasks.join(self.task))
            .args([SEED.to_string(), self.batches.to_string()])
            .env("RAYON_NUM_THREADS", self.options.threads.to_string())
            .output()
            .map_err(BenchError::failed)?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            let last = said.lines().last().unwrap_or("nothing said").to_owned();
            return Err(BenchError::Failed(format!("natively: {last}")));
        }
        serde_json::from_slice(&output.stdout).map_err(BenchError::failed)
    }
}

/// A method's lines: name, whether it passed, what was seen.
fn checks(method: &str, found: &Result<Found, BenchError>) -> Vec<(String, bool, String)> {
    let times = format!("step time, {method}");
    let bits = format!("the same bits when repeated, {method}");
    match found {
        Ok(found) => {
            let native = if found.native_models == found.models {
                "as is the native one"
            } else {
                "the native one is another"
            };
            vec![
                (
                    times,
                    true,
                    format!(
                        "native {:.3} ms, sandboxed {:.3} ms, native/sandboxed {:.3}; {} parameters",
                        found.native_ms,
                        found.sandboxed_ms,
                        found.native_over_sandboxed,
                        found.parameters,
                    ),
                ),
                (
                    bits,
                    found.models.len() == 1,
                    match found.models.len() {
                        1 => format!("one model in {} trainings, {native}", found.trainings),
                        n => format!("{n} models in {} trainings", found.trainings),
                    },
                ),
            ]
        }
        Err(error) => {
            let line = error.to_string().replace(['\t', '\n'], " ");
            vec![
                (times, false, line.clone()),
                (bits, false, "it did not train".to_owned()),
            ]
        }
    }
}

fn as_json(method: &str, found: &Result<Found, BenchError>) -> serde_json::Value {
    match found {
        Ok(found) => json!({
            "method": method,
            "parameters": found.parameters,
            "native_ms": found.native_ms,
            "sandboxed_ms": found.sandboxed_ms,
            "native_over_sandboxed": found.native_over_sandboxed,
            "trainings": found.trainings,
            "models": found.models,
            "native_models": found.native_models,
        }),
        Err(error) => json!({ "method": method, "error": error.to_string() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(models: &[&str], native: &[&str]) -> Result<Found, BenchError> {
        let set = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        Ok(Found {
            parameters: 5,
            native_ms: 1.0,
            sandboxed_ms: 2.0,
            native_over_sandboxed: 0.5,
            trainings: 3,
            models: set(models),
            native_models: set(native),
        })
    }

    #[test]
    fn only_different_sandboxed_models_fail() {
        let lines = |models: &[&str], native: &[&str]| checks("net", &found(models, native));
        let same = lines(&["a"], &["a"]);
        assert!(same.iter().all(|(_, passed, _)| *passed), "{same:?}");
        assert!(same[1].2.contains("as is the native one"), "{same:?}");
        let other = lines(&["a"], &["b"]);
        assert!(other[1].1 && other[1].2.contains("another"), "{other:?}");
        let unsteady = lines(&["a", "b"], &["a"]);
        assert!(unsteady[0].1 && !unsteady[1].1, "{unsteady:?}");
        assert!(unsteady[1].2.contains("2 models in 3"), "{unsteady:?}");
    }

    #[test]
    fn what_did_not_train_fails_in_one_line() {
        let failed = Err(BenchError::Failed("two\nlines\tand a tab".to_owned()));
        let lines = checks("net", &failed);
        assert!(lines.iter().all(|(_, passed, _)| !passed), "{lines:?}");
        assert_eq!(lines[0].2, "two lines and a tab");
        assert_eq!(
            as_json("net", &failed)["error"],
            "two\nlines\tand a tab".to_owned()
        );
    }
}
