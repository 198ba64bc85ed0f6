//! The same source as an ordinary program: built natively, fed through the SDK's file
//! contract, scored by the same scorer. For a debugger, a profiler, and a backtrace.
//!
//! No tensor operation is metered here, so the budget is wall time, or a number of
//! batches; the sandbox's is metered work. All else is the same: data, seed, batches.

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use gauntlet_domain::tournament::BlockSeed;
use gauntlet_protocol::{Budget, Verdict};
use gauntlet_runner::attempt::{AttemptResult, Cause, Stage, remark};
use gauntlet_tasks::{Dataset, ScoreError};
use gauntlet_wire::contract::{self, CONTRACT, FileBudget, ROOT_VARIABLE, TaskFile, files};
use gauntlet_wire::manifest::Manifest;
use gauntlet_wire::settings::{Declared, Settings};
use gauntlet_worker_protocol::{Event, Meters, Outcome};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::failure::{Failure, Fault};

/// A method as a program.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    path: PathBuf,
}

/// What `cargo build` says about its work; only the program matters here.
#[derive(Deserialize)]
struct Artifact {
    executable: Option<PathBuf>,
}

/// What a program says of itself.
#[derive(Deserialize)]
struct Description {
    manifest: Manifest,
}

impl Program {
    /// A program that was built already.
    ///
    /// # Errors
    /// If there is none.
    pub(crate) fn built(path: &Path) -> Result<Self, Failure> {
        if path.is_file() {
            let path =
                fs::canonicalize(path).map_err(|error| Failure::file("find", path, error))?;
            return Ok(Self { path });
        }
        Err(Failure::input(format!("{} is not there", path.display()))
            .field("--program")
            .help("name the program of a method that was built with the feature `native`"))
    }

    /// Builds the crate in `dir` in its dev profile, in whatever target folder it has: a
    /// crate that `gauntlet method new` wrote shares one with all the others.
    ///
    /// # Errors
    /// If it has no program, or does not compile.
    pub(crate) fn build(dir: &Path, quiet: bool) -> Result<Self, Failure> {
        let refused = |what: String| Failure::input(what).field("PATH");
        if !dir.join("Cargo.toml").is_file() {
            return Err(refused(format!("there is no crate in {}", dir.display()))
                .help("--native builds from source: name the folder of a method's crate"));
        }
        if !quiet {
            eprintln!(
                "building natively; the first time compiles the tensor library and takes minutes"
            );
        }
        let output = Command::new("cargo")
            .current_dir(dir)
            .args(["build", "--features", "native", "--bins"])
            .arg("--message-format=json-render-diagnostics")
            .stdin(Stdio::null())
            .stderr(if quiet {
                Stdio::piped()
            } else {
                Stdio::inherit()
            })
            .output()
            .map_err(|error| {
                Failure::input(format!("cannot start cargo: {error}"))
                    .field("--native")
                    .help("install Rust from https://rustup.rs")
            })?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            let what = format!("the native build of {} failed {said}", dir.display());
            return Err(refused(what.trim().to_owned()).help(
                "the crate needs the feature `native`, a src/main.rs with gauntlet_method::main!, \
                 and code that compiles for this machine too; see what `gauntlet method new` writes",
            ));
        }
        let said = String::from_utf8_lossy(&output.stdout);
        let mut programs = said
            .lines()
            .filter_map(|line| serde_json::from_str::<Artifact>(line).ok()?.executable);
        let path = programs.next().ok_or_else(|| {
            refused(format!("the crate in {} builds no program", dir.display())).help(
                "add a src/main.rs with gauntlet_method::main!; see what `gauntlet method new` writes",
            )
        })?;
        Ok(Self { path })
    }

    /// The hyper-parameters that it declares; it is asked, since there is no module to read.
    ///
    /// # Errors
    /// If it does not start, or says something else.
    pub(crate) fn parameters(&self) -> Result<Vec<Declared>, Failure> {
        let output = Command::new(&self.path)
            .arg("describe")
            .stdin(Stdio::null())
            .output()
            .map_err(|error| Failure::file("start", &self.path, error))?;
        let description: Description = serde_json::from_slice(&output.stdout).map_err(|error| {
            Failure::input(format!(
                "{} does not say what it is: {error}",
                self.path.display()
            ))
            .help("a method's program answers `describe`; gauntlet_method::main! makes one")
        })?;
        Ok(description.manifest.parameters)
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Trains and predicts in folders below `scratch`, and scores.
    ///
    /// # Errors
    /// If a file cannot be used, or the program does not keep the contract.
    pub(crate) fn attempt(
        &self,
        scratch: &Path,
        order: &Attempt<'_>,
        mut listen: impl FnMut(Stage, Event),
    ) -> Result<AttemptResult, Failure> {
        let mut findings = AttemptResult {
            verdict: Verdict::Completed,
            detail: None,
            cause: None,
            score: None,
            secondary: Vec::new(),
            model: None,
            predictions: None,
            train: Meters::default(),
            predict: Meters::default(),
        };
        let training = scratch.join("train");
        lay_out_training(&training, order)?;
        let (outcome, meters) = self.phase(Stage::Train, &training, &mut listen)?;
        findings.train = meters;
        if let contract::Outcome::CutOff { limit, step } = &outcome {
            let (limit, step) = (limit.clone(), *step);
            let outcome = Outcome::CutOff { limit, step };
            findings.detail = remark(&outcome);
            findings.cause = Some(Cause::Phase(Stage::Train, outcome));
        }
        if let Some(against) = against(outcome, Stage::Train) {
            return Ok(against.found(findings));
        }
        let model = read(&training.join(files::MODEL))?;

        let prediction = scratch.join("predict");
        lay_out(
            &prediction,
            order,
            files::INPUTS,
            &order.dataset.hidden_inputs,
        )?;
        put(&prediction.join(files::TRAINED), &model)?;
        let (outcome, meters) = self.phase(Stage::Predict, &prediction, &mut listen)?;
        findings.predict = meters;
        if let Some(against) = against(outcome, Stage::Predict) {
            return Ok(against.found(findings));
        }
        let predictions = read(&prediction.join(files::PREDICTIONS))?;
        let kind = &order.dataset.info.kind;
        match gauntlet_tasks::score(kind, &order.dataset.hidden_labels, &predictions) {
            Ok(score) => findings.score = Some(score.value),
            Err(ScoreError::Predictions(fault)) => {
                findings.verdict = Verdict::InvalidPredictions;
                findings.detail = Some(fault.to_string());
                findings.cause = Some(Cause::Predictions(fault.to_string()));
                return Ok(findings);
            }
            Err(error @ ScoreError::Labels(_)) => return Err(Failure::ours("score", error)),
        }
        findings.model = Some(model);
        findings.predictions = Some(hex::encode(Sha256::digest(&predictions)));
        Ok(findings)
    }

    fn phase(
        &self,
        stage: Stage,
        folder: &Path,
        listen: &mut impl FnMut(Stage, Event),
    ) -> Result<(contract::Outcome, Meters), Failure> {
        let began = Instant::now();
        let mut child = Command::new(&self.path)
            .arg(command(stage))
            .env(ROOT_VARIABLE, folder)
            // Where a panic came from is what one runs a method natively for.
            .env("RUST_BACKTRACE", backtrace())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| Failure::file("start", &self.path, error))?;
        let mut finished = None;
        if let Some(pipe) = child.stdout.take() {
            for line in BufReader::new(pipe).lines() {
                let line = line.map_err(|error| Failure::file("listen to", &self.path, error))?;
                match serde_json::from_str(&line) {
                    Ok(contract::Event::Finished {
                        outcome, batches, ..
                    }) => finished = Some((outcome, batches)),
                    Ok(event) => {
                        if let Some(event) = event_of(event) {
                            listen(stage, event);
                        }
                    }
                    // What a program prints otherwise is its log.
                    Err(_) => listen(stage, Event::Log { line }),
                }
            }
        }
        let status = child
            .wait()
            .map_err(|error| Failure::file("wait for", &self.path, error))?;
        let (outcome, batches) = finished.unwrap_or_else(|| {
            let message = format!("the program ended without its last line: {status}");
            (contract::Outcome::MethodFailed { message }, 0)
        });
        if let contract::Outcome::Refused { message } = outcome {
            return Err(Failure::new(Fault::Ours, message).help(
                "the program and this `gauntlet` are of different releases; build it again",
            ));
        }
        let meters = Meters {
            batches,
            wall_micros: u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX),
            ..Meters::default()
        };
        Ok((outcome, meters))
    }

    /// What to type to train under a debugger, with everything laid out in `folder`.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub(crate) fn for_debugger(
        &self,
        folder: &Path,
        order: &Attempt<'_>,
    ) -> Result<String, Failure> {
        lay_out_training(folder, order)?;
        let (program, folder) = (self.path.display(), folder.display());
        Ok(format!(
            "The program and its data are ready: training, with the task and seed you gave.\n\n\
             a debugger:   rust-gdb --args {program} train --root {folder}\n\
             \x20             (or rust-lldb -- {program} train --root {folder})\n\
             a backtrace:  RUST_BACKTRACE=full {program} train --root {folder}\n\
             a profiler:   perf record -g {program} train --root {folder}\n\n\
             Break at your own code with `break lib.rs:LINE`; it is compiled without optimisation, \
             what it is built on with.\n\
             The folder is yours: remove {folder} when you are done."
        ))
    }
}

/// What a program is run on.
#[derive(Debug)]
pub(crate) struct Attempt<'a> {
    pub(crate) dataset: &'a Dataset,
    pub(crate) seed: BlockSeed,
    pub(crate) budget: Budget,
    /// Batches after which training is cut off.
    pub(crate) batches: Option<u64>,
    /// Values for the method's hyper-parameters.
    pub(crate) settings: &'a Settings,
}

/// A verdict against the method.
struct Against {
    verdict: Verdict,
    detail: String,
    cause: Cause,
}

impl Against {
    fn found(self, findings: AttemptResult) -> AttemptResult {
        AttemptResult {
            verdict: self.verdict,
            detail: Some(self.detail),
            cause: Some(self.cause),
            ..findings
        }
    }
}

fn against(outcome: contract::Outcome, stage: Stage) -> Option<Against> {
    let (verdict, detail, outcome) = match outcome {
        contract::Outcome::Completed
        | contract::Outcome::CutOff { .. }
        | contract::Outcome::Refused { .. } => return None,
        contract::Outcome::BudgetExceeded { limit } => (
            Verdict::BudgetExceeded,
            format!("{} ran out of its budget ({limit})", command(stage)),
            Outcome::BudgetExceeded { limit },
        ),
        contract::Outcome::MethodFailed { message } => (
            Verdict::MethodFailed,
            message.clone(),
            Outcome::MethodFailed { message },
        ),
    };
    Some(Against {
        verdict,
        detail,
        cause: Cause::Phase(stage, outcome),
    })
}

fn event_of(event: contract::Event) -> Option<Event> {
    Some(match event {
        contract::Event::Metric {
            step,
            name,
            value,
            micros,
        } => Event::Metric {
            step,
            name,
            value,
            micros,
        },
        contract::Event::Progress { used } => Event::Progress { used },
        contract::Event::Log { line } => Event::Log { line },
        contract::Event::Checkpoint { .. } | contract::Event::Finished { .. } => return None,
    })
}

fn command(stage: Stage) -> &'static str {
    match stage {
        Stage::Train => "train",
        Stage::Predict => "predict",
    }
}

/// What the user set, else a short one.
fn backtrace() -> OsString {
    std::env::var_os("RUST_BACKTRACE").unwrap_or_else(|| "1".into())
}

fn lay_out_training(folder: &Path, order: &Attempt<'_>) -> Result<(), Failure> {
    if let Some(base) = &order.dataset.base {
        put(&folder.join(files::BASE), base)?;
    }
    lay_out(folder, order, files::TRAIN, &order.dataset.train)
}

/// Writes `task.json` and one data file.
fn lay_out(folder: &Path, order: &Attempt<'_>, name: &str, data: &[u8]) -> Result<(), Failure> {
    let task = TaskFile {
        contract: CONTRACT,
        task: order.dataset.info.clone(),
        seed: order.seed.to_string(),
        budget: FileBudget {
            batches: order.batches,
            wall_seconds: Some(f64::from(order.budget.wall_seconds)),
        },
        settings: order.settings.clone(),
    };
    let text = serde_json::to_vec_pretty(&task)
        .map_err(|error| Failure::ours("describe the task", error))?;
    put(&folder.join(files::TASK), &text)?;
    put(&folder.join(name), data)
}

fn put(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let write = || {
        fs::create_dir_all(path.parent().unwrap_or(path))?;
        fs::write(path, bytes)
    };
    write().map_err(|error: std::io::Error| Failure::file("write", path, error))
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| Failure::file("read", path, error))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::super::LocalTask;
    use super::*;

    /// A script in a method's place, and what came of it.
    fn attempted(script: &str) -> (Result<AttemptResult, Failure>, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("method");
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        let task = LocalTask::open("digits", None).unwrap();
        let order = Attempt {
            dataset: &task.dataset,
            seed: BlockSeed(255),
            budget: task.budget(),
            batches: Some(7),
            settings: &Settings::new(),
        };
        let mut heard = Vec::new();
        let program = Program::built(&path).unwrap();
        let found = program.attempt(folder.path(), &order, |_, event| {
            if let Event::Log { line } = event {
                heard.push(line);
            }
        });
        (found, heard)
    }

    #[test]
    fn a_program_is_asked_what_can_be_set() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("method");
        let write = |script: &str| {
            fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
            Program::built(&path).unwrap()
        };
        let says = r#"test "$1" = describe && echo '{"contract":1,"manifest":{"interface":2,
            "burn":"0.22.1","sdk":"0.1.0","parameters":[{"name":"hidden","type":"integer",
            "default":64,"min":8,"max":512}]}}'"#;
        let declared = write(says).parameters().unwrap();
        assert_eq!(declared.len(), 1);
        assert_eq!(declared[0].name, "hidden");
        let silent = write("exit 0").parameters().unwrap_err().to_string();
        assert!(silent.contains("does not say what it is"), "{silent}");
    }

    const FINISHED: &str = r#"echo '{"event":"finished","contract":1,"outcome":"#;

    #[test]
    fn a_program_gets_its_task_and_its_words_are_heard() {
        let script = format!(
            "grep -q 00000000000000ff \"$GAUNTLET_ROOT/task.json\" && echo the seed\n\
             grep -q '\"batches\": 7' \"$GAUNTLET_ROOT/task.json\" && echo the batches\n\
             [ -s \"$GAUNTLET_ROOT/data/train.safetensors\" ] && echo the data\n\
             [ \"$1\" = train ] && echo the phase\n\
             {FINISHED}\"method_failed\",\"message\":\"boom\",\"batches\":3,\"micros\":1}}'"
        );
        let (found, heard) = attempted(&script);
        let found = found.unwrap();
        assert_eq!(heard, ["the seed", "the batches", "the data", "the phase"]);
        assert_eq!(found.verdict, Verdict::MethodFailed);
        assert_eq!(found.detail.as_deref(), Some("boom"));
        assert_eq!(found.train.batches, 3);
    }

    #[test]
    fn a_program_that_is_killed_has_failed_and_one_that_refuses_has_not() {
        let (found, _) = attempted("kill -9 $$");
        let found = found.unwrap();
        assert_eq!(found.verdict, Verdict::MethodFailed);
        assert!(found.detail.unwrap().contains("signal"));

        let refusal = format!(
            "{FINISHED}\"refused\",\"message\":\"another version\",\"batches\":0,\"micros\":1}}'"
        );
        let failure = attempted(&refusal).0.unwrap_err();
        assert!(failure.what.contains("another version"), "{failure}");
    }

    #[test]
    fn a_folder_without_a_crate_is_refused_before_anything_is_built() {
        let folder = tempfile::tempdir().unwrap();
        let failure = Program::build(folder.path(), true).unwrap_err();
        assert_eq!(failure.field.as_deref(), Some("PATH"));
        let failure = Program::built(&folder.path().join("absent")).unwrap_err();
        assert_eq!(failure.field.as_deref(), Some("--program"));
    }
}
