//! A method as a program of its own, run as the OCI lane would run it: through the file
//! contract's folder, `train` and `predict` as two processes. The model is the sandbox's
//! to the bit. `scripts/static-method` runs the same tests on a statically linked program.

#![expect(
    clippy::unwrap_used,
    reason = "a test may die of a surprise, its helpers too"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use gauntlet_bench::Lane;
use gauntlet_tasks::{Dataset, TaskDefinition, score};
use gauntlet_wire::contract::{CONTRACT, Event, FileBudget, Outcome, TaskFile, exit, files};
use gauntlet_worker_protocol::Outcome as JobOutcome;

const SEED: u64 = 7;
const BATCHES: u64 = 200;

fn program() -> PathBuf {
    std::env::var_os("GAUNTLET_STATIC_METHOD")
        .map_or_else(|| env!("CARGO_BIN_EXE_adamw-cosine").into(), PathBuf::from)
}

/// The program that starts from base weights.
fn fine_tune() -> PathBuf {
    env!("CARGO_BIN_EXE_fine-tune").into()
}

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn digits() -> Dataset {
    task("digits")
}

fn task(name: &str) -> Dataset {
    TaskDefinition::load(&repository().join("examples/tasks").join(name))
        .unwrap()
        .materialise(&[5; 32])
        .unwrap()
}

/// The contract's folder.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new(data: &Dataset, budget: FileBudget) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        for name in ["data", "out"] {
            std::fs::create_dir(folder.0.path().join(name)).unwrap();
        }
        let task = TaskFile {
            contract: CONTRACT,
            task: data.info.clone(),
            seed: format!("{SEED:016x}"),
            budget,
            settings: gauntlet_wire::settings::Settings::new(),
        };
        folder.write(files::TASK, &serde_json::to_vec(&task).unwrap());
        folder
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, phase: &str) -> (Output, Vec<Event>) {
        self.run_program(&program(), phase)
    }

    fn run_program(&self, program: &Path, phase: &str) -> (Output, Vec<Event>) {
        let output = Command::new(program)
            .args([phase, "--root"])
            .arg(self.0.path())
            .output()
            .unwrap();
        let lines = String::from_utf8(output.stdout.clone()).unwrap();
        let events = lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}")))
            .collect();
        (output, events)
    }
}

fn batches(batches: u64) -> FileBudget {
    FileBudget {
        batches: Some(batches),
        wall_seconds: None,
    }
}

/// How a program ended, after its last line and its exit code have been found to agree.
fn ending(output: &Output, events: &[Event]) -> Outcome {
    let Some(Event::Finished {
        contract, outcome, ..
    }) = events.last()
    else {
        panic!("the last line is {:?}", events.last());
    };
    assert_eq!(*contract, CONTRACT);
    assert_eq!(output.status.code(), Some(outcome.exit_code()));
    outcome.clone()
}

async fn sandboxed(method: &str, data: &Dataset) -> Vec<u8> {
    let worker = Path::new(env!("CARGO_BIN_EXE_gauntlet-bench")).with_file_name("gauntlet-worker");
    let methods = repository().join("examples/methods/target/gauntlet");
    let lane = Lane::new(&worker, &methods, 1).unwrap();
    let run = lane
        .train(method, data, SEED, Lane::limits(BATCHES))
        .await
        .unwrap();
    assert_eq!(run.outcome, JobOutcome::Completed);
    run.model.unwrap()
}

#[tokio::test]
async fn the_model_is_the_sandboxes_and_predicts_in_another_process() {
    let data = digits();
    let training = Folder::new(&data, batches(BATCHES));
    training.write(files::TRAIN, &data.train);
    let (output, events) = training.run("train");
    assert_eq!(ending(&output, &events), Outcome::Completed);
    let model = training.read(files::MODEL);
    assert!(
        model == sandboxed("adamw-cosine", &data).await,
        "the models differ"
    );
    let reports = events.iter().filter(
        |event| matches!(event, Event::Metric { name, value: Some(_), .. } if name == "loss"),
    );
    assert!(reports.count() > 0);
    assert!(
        events
            .iter()
            .any(|event| matches!(event, Event::Progress { used } if *used > 0.0))
    );
    assert!(
        events
            .iter()
            .any(|event| matches!(event, Event::Checkpoint { .. }))
    );

    let prediction = Folder::new(&data, batches(BATCHES));
    prediction.write(files::TRAINED, &model);
    prediction.write(files::INPUTS, &data.hidden_inputs);
    let (output, events) = prediction.run("predict");
    assert_eq!(ending(&output, &events), Outcome::Completed);
    let predictions = prediction.read(files::PREDICTIONS);
    let accuracy = score(&data.info.kind, &data.hidden_labels, &predictions)
        .unwrap()
        .value;
    assert!(accuracy > 0.85, "{accuracy}");
}

#[test]
fn a_folder_that_breaks_the_contract_is_refused_by_name() {
    let data = digits();
    let folder = Folder::new(&data, batches(1));
    let message = |folder: &Folder| {
        let (output, events) = folder.run("train");
        assert_eq!(output.status.code(), Some(exit::REFUSED));
        match ending(&output, &events) {
            Outcome::Refused { message } => message,
            other => panic!("{other:?}"),
        }
    };
    assert!(message(&folder).contains("data/train.safetensors"));
    folder.write(files::TRAIN, b"no tensors at all");
    assert!(message(&folder).contains("data/train.safetensors"));
    folder.write(files::TRAIN, &data.hidden_inputs);
    assert!(message(&folder).contains("labels"));
    let mut task: serde_json::Value = serde_json::from_slice(&folder.read(files::TASK)).unwrap();
    task["settings"]["learning_rate"] = 0.1.into();
    folder.write(files::TRAIN, &data.train);
    folder.write(files::TASK, &serde_json::to_vec(&task).unwrap());
    assert!(message(&folder).contains("`learning_rate` cannot be set"));
    folder.write(files::TASK, br#"{"contract": 2}"#);
    let told = message(&folder);
    assert!(
        told.contains("version 2") && told.contains("the method is the older one"),
        "{told}"
    );
    std::fs::remove_file(folder.path(files::TASK)).unwrap();
    assert!(message(&folder).contains("task.json"));
}

#[test]
fn without_a_budget_nothing_is_trained_and_that_is_said() {
    let data = digits();
    let nothing = FileBudget {
        batches: None,
        wall_seconds: Some(0.0),
    };
    let folder = Folder::new(&data, nothing);
    folder.write(files::TRAIN, &data.train);
    let (output, events) = folder.run("train");
    let limit = "wall".to_owned();
    assert_eq!(ending(&output, &events), Outcome::BudgetExceeded { limit });
    assert!(!folder.path(files::MODEL).exists());
}

#[test]
fn another_model_than_the_methods_is_its_failure_with_a_reason() {
    let data = digits();
    let folder = Folder::new(&data, FileBudget::default());
    folder.write(files::INPUTS, &data.hidden_inputs);
    // A file of tensors, but of none that the method knows.
    folder.write(files::TRAINED, &data.hidden_inputs);
    let (output, events) = folder.run("predict");
    let Outcome::MethodFailed { message } = ending(&output, &events) else {
        panic!("{events:?}");
    };
    assert!(message.contains("has no parameter"), "{message}");
}

#[tokio::test]
async fn base_weights_are_what_training_starts_from() {
    let data = task("digits-fine-tune");
    let base = data.base.as_deref().unwrap();
    let train = |base: Option<&[u8]>| {
        let folder = Folder::new(&data, batches(BATCHES));
        folder.write(files::TRAIN, &data.train);
        if let Some(base) = base {
            folder.write(files::BASE, base);
        }
        let (output, events) = folder.run_program(&fine_tune(), "train");
        (ending(&output, &events), folder)
    };
    let (outcome, folder) = train(Some(base));
    assert_eq!(outcome, Outcome::Completed);
    let model = folder.read(files::MODEL);
    let sandboxed = sandboxed("fine-tune", &data).await;
    assert!(model == sandboxed, "the models differ");

    // One of the weights is another: the model is, so they are what it started from.
    let mut other = base.to_vec();
    *other.last_mut().unwrap() ^= 1;
    let (outcome, folder) = train(Some(&other));
    assert_eq!(outcome, Outcome::Completed);
    assert!(
        folder.read(files::MODEL) != model,
        "nothing depends on them"
    );

    // Prediction is given none, and needs none.
    let prediction = Folder::new(&data, batches(BATCHES));
    prediction.write(files::TRAINED, &model);
    prediction.write(files::INPUTS, &data.hidden_inputs);
    let (output, events) = prediction.run_program(&fine_tune(), "predict");
    assert_eq!(ending(&output, &events), Outcome::Completed);
    let predictions = prediction.read(files::PREDICTIONS);
    let accuracy = score(&data.info.kind, &data.hidden_labels, &predictions)
        .unwrap()
        .value;
    assert!(accuracy > 0.85, "{accuracy}");

    // The task says that there are some: without them, or with what are none, nothing is trained.
    for wrong in [None, Some(b"no tensors at all".as_slice())] {
        match train(wrong) {
            (Outcome::Refused { message }, folder) => {
                assert!(message.contains("data/base.safetensors"), "{message}");
                assert!(!folder.path(files::MODEL).exists());
            }
            (other, _) => panic!("{wrong:?}: {other:?}"),
        }
    }
    // A file of tensors, but not of those that the task names.
    match train(Some(&data.hidden_inputs)) {
        (Outcome::MethodFailed { message }, _) => {
            assert!(message.contains("body.first"), "{message}");
        }
        (other, _) => panic!("{other:?}"),
    }
}
