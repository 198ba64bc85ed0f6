//! Runs a method's program: feeds it through the SDK's file contract, hears what it says,
//! and scores by the same scorer.
//!
//! No tensor operation is metered here, so the budget is wall time, or a number of
//! batches; the sandbox's is metered work. All else is the same: data, seed, batches.

use std::ffi::OsString;
use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use gauntlet_domain::tournament::BlockSeed;
use gauntlet_file_contract::{Inputs, Refused, StdoutReader, SubCommand, outcome, task_file};
use gauntlet_protocol::{Budget, Verdict};
use gauntlet_runner::attempt::{AttemptResult, Cause, Stage, remark};
use gauntlet_tasks::{Dataset, ScoreError};
use gauntlet_wire::contract::{FileBudget, ROOT_VARIABLE, files};
use gauntlet_wire::settings::Settings;
use gauntlet_worker_protocol::{Event, Meters, Outcome};
use sha2::{Digest as _, Sha256};

use super::error::RunError;
use super::program::Program;

/// What a program is run on.
#[derive(Clone, Copy, Debug)]
pub struct NativeBlock<'a> {
    /// The task's data.
    pub dataset: &'a Dataset,
    /// Seed of the block.
    pub seed: BlockSeed,
    /// What a tournament would enforce; here the wall time is.
    pub budget: Budget,
    /// Batches after which training is cut off.
    pub batches: Option<u64>,
    /// Values for the method's hyper-parameters.
    pub settings: &'a Settings,
}

/// Trains and predicts in folders below `scratch`, and scores.
///
/// # Errors
/// If a file cannot be used, or the program does not keep the contract.
pub fn execute(
    program: &Program,
    scratch: &Path,
    block: &NativeBlock<'_>,
    mut listen: impl FnMut(Stage, Event),
) -> Result<AttemptResult, RunError> {
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
    lay_out_training(&training, block)?;
    let (outcome, meters) = phase(program, Stage::Train, &training, &mut listen)?;
    findings.train = meters;
    if let Outcome::CutOff { .. } = &outcome {
        findings.detail = remark(&outcome);
        findings.cause = Some(Cause::Phase(Stage::Train, outcome.clone()));
    }
    if let Some(failure) = method_failure(outcome, Stage::Train) {
        return Ok(failure.found(findings));
    }
    let model = read(&training.join(files::MODEL))?;

    let prediction = scratch.join("predict");
    let inputs = Inputs::Predict {
        inputs: &block.dataset.hidden_inputs[..],
        model: &model[..],
    };
    lay_out(&prediction, block, inputs)?;
    let (outcome, meters) = phase(program, Stage::Predict, &prediction, &mut listen)?;
    findings.predict = meters;
    if let Some(failure) = method_failure(outcome, Stage::Predict) {
        return Ok(failure.found(findings));
    }
    let predictions = read(&prediction.join(files::PREDICTIONS))?;
    let kind = &block.dataset.info.kind;
    match gauntlet_tasks::score(kind, &block.dataset.hidden_labels, &predictions) {
        Ok(score) => findings.score = Some(score.value),
        Err(ScoreError::Predictions(fault)) => {
            findings.verdict = Verdict::InvalidPredictions;
            findings.detail = Some(fault.to_string());
            findings.cause = Some(Cause::Predictions(fault.to_string()));
            return Ok(findings);
        }
        Err(error @ ScoreError::Labels(_)) => return Err(RunError::Labels(error)),
    }
    findings.model = Some(model);
    findings.predictions = Some(hex::encode(Sha256::digest(&predictions)));
    Ok(findings)
}

fn phase(
    program: &Program,
    stage: Stage,
    folder: &Path,
    listen: &mut impl FnMut(Stage, Event),
) -> Result<(Outcome, Meters), RunError> {
    let began = Instant::now();
    let mut child = Command::new(program.path())
        .arg(sub_command(stage).name())
        .env(ROOT_VARIABLE, folder)
        // Where a panic came from is what one runs a method natively for.
        .env("RUST_BACKTRACE", backtrace())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(RunError::file("start", program.path()))?;
    // A person runs their own program: it may say as much as it likes.
    let mut reader = StdoutReader::new(usize::MAX, u64::MAX);
    let mut events = Vec::new();
    if let Some(mut pipe) = child.stdout.take() {
        let mut piece = [0; 1 << 13];
        loop {
            let count = pipe
                .read(&mut piece)
                .map_err(RunError::file("listen to", program.path()))?;
            if count == 0 {
                break;
            }
            if reader.on_stdout(&piece[..count], &mut events).is_err() {
                break;
            }
            for event in events.drain(..) {
                listen(stage, event);
            }
        }
        reader.end(&mut events);
        for event in events.drain(..) {
            listen(stage, event);
        }
    }
    let status = child
        .wait()
        .map_err(RunError::file("wait for", program.path()))?;
    let (outcome, batches) = match reader.finished {
        Some(finished) => (outcome(&finished.outcome), finished.batches),
        None => {
            let message = format!("the program ended without its last line: {status}");
            (Ok(Outcome::MethodFailed { message }), 0)
        }
    };
    let outcome = outcome.map_err(|Refused { message }| RunError::Refused { message })?;
    let meters = Meters {
        batches,
        wall_micros: u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX),
        ..Meters::default()
    };
    Ok((outcome, meters))
}

/// A verdict against the method.
struct MethodFailure {
    verdict: Verdict,
    detail: String,
    cause: Cause,
}

impl MethodFailure {
    fn found(self, findings: AttemptResult) -> AttemptResult {
        AttemptResult {
            verdict: self.verdict,
            detail: Some(self.detail),
            cause: Some(self.cause),
            ..findings
        }
    }
}

fn method_failure(outcome: Outcome, stage: Stage) -> Option<MethodFailure> {
    let (verdict, detail) = match &outcome {
        Outcome::BudgetExceeded { limit } => (
            Verdict::BudgetExceeded,
            format!(
                "{} ran out of its budget ({limit})",
                sub_command(stage).name()
            ),
        ),
        Outcome::MethodFailed { message } => (Verdict::MethodFailed, message.clone()),
        // The file contract knows no other end that is the method's fault.
        _ => return None,
    };
    Some(MethodFailure {
        verdict,
        detail,
        cause: Cause::Phase(stage, outcome),
    })
}

fn sub_command(stage: Stage) -> SubCommand {
    match stage {
        Stage::Train => SubCommand::Train,
        Stage::Predict => SubCommand::Predict,
    }
}

/// What the user set, else a short one.
fn backtrace() -> OsString {
    std::env::var_os("RUST_BACKTRACE").unwrap_or_else(|| "1".into())
}

/// Writes what training finds in its folder, all but the program's own output.
///
/// # Errors
/// If a file cannot be written.
pub fn lay_out_training(folder: &Path, block: &NativeBlock<'_>) -> Result<(), RunError> {
    let dataset = block.dataset;
    lay_out(
        folder,
        block,
        Inputs::Train {
            train: &dataset.train[..],
            base: dataset.base.as_deref(),
        },
    )
}

/// Writes `task.json` and the phase's data.
fn lay_out(folder: &Path, block: &NativeBlock<'_>, data: Inputs<&[u8]>) -> Result<(), RunError> {
    let budget = FileBudget {
        batches: block.batches,
        wall_seconds: Some(f64::from(block.budget.wall_seconds)),
    };
    let task = block.dataset.info.clone();
    let task = task_file(task, block.seed.0, budget, block.settings.clone());
    let text = serde_json::to_vec_pretty(&task).map_err(RunError::TaskFile)?;
    put(&folder.join(files::TASK), &text)?;
    for (bytes, name) in data.files() {
        put(&folder.join(name), bytes)?;
    }
    Ok(())
}

fn put(path: &Path, bytes: &[u8]) -> Result<(), RunError> {
    let write = || {
        fs::create_dir_all(path.parent().unwrap_or(path))?;
        fs::write(path, bytes)
    };
    write().map_err(RunError::file("write", path))
}

fn read(path: &Path) -> Result<Vec<u8>, RunError> {
    fs::read(path).map_err(RunError::file("read", path))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::super::LocalTask;
    use super::*;

    /// A script in a method's place, and what came of it.
    fn attempted(script: &str) -> (Result<AttemptResult, RunError>, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("method");
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        let task = LocalTask::open("digits", None).unwrap();
        let block = NativeBlock {
            dataset: &task.dataset,
            seed: BlockSeed(255),
            budget: task.budget(),
            batches: Some(7),
            settings: &Settings::new(),
        };
        let mut heard = Vec::new();
        let program = Program::built(&path).unwrap();
        let found = execute(&program, folder.path(), &block, |_, event| {
            if let Event::Log { line } = event {
                heard.push(line);
            }
        });
        (found, heard)
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
        let error = attempted(&refusal).0.unwrap_err();
        assert!(
            matches!(&error, RunError::Refused { message } if message == "another version"),
            "{error}"
        );
    }
}
