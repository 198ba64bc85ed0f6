//! One honest method for each kind of task, and one that cheats, through the real sandbox:
//! what an attempt does in a tournament, from the module to the score.

#![expect(
    clippy::unwrap_used,
    reason = "a test may die of a surprise, its helpers too"
)]

use std::fs;
use std::path::{Path, PathBuf};

use gauntlet_protocol::{Budget, Verdict};
use gauntlet_runner::attempt::{self, Attempt, AttemptResult, Cause, Method};
use gauntlet_sandbox::{Sandbox, SandboxConfig};
use gauntlet_tasks::{Dataset, TaskDefinition};

/// A program or module that the build has made.
fn built(path: PathBuf) -> PathBuf {
    assert!(
        path.exists(),
        "{} is not there; `make everything` builds the programs and the example methods",
        path.display()
    );
    path
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

fn task(name: &str) -> (TaskDefinition, Dataset) {
    let definition = TaskDefinition::load(&root().join("examples/tasks").join(name)).unwrap();
    let dataset = definition.materialise(&[7; 32]).unwrap();
    (definition, dataset)
}

/// Trains, predicts and scores `method` as a tournament would.
async fn run(method: &str, (definition, dataset): &(TaskDefinition, Dataset)) -> AttemptResult {
    let folder = tempfile::tempdir().unwrap();
    let worker = Path::new(env!("CARGO_BIN_EXE_gauntlet-runner")).with_file_name("gauntlet-worker");
    let methods = std::env::var_os("GAUNTLET_METHODS").map_or_else(
        || root().join("examples/methods/target/gauntlet"),
        PathBuf::from,
    );
    let wasm = fs::read(built(methods.join(format!("{method}.wasm")))).unwrap();
    let (cache, runs) = (folder.path().join("cache"), folder.path().join("runs"));
    let sandbox = Sandbox::new(SandboxConfig::new(built(worker), cache, runs)).unwrap();
    let put = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let spec = definition.budget;
    let attempt = Attempt {
        method: Method::Module(wasm),
        run: "kinds".to_owned(),
        task: dataset.info.clone(),
        seed: 5,
        budget: Budget {
            work: spec.work,
            predict_share_percent: spec.predict_share_percent,
            // A backstop, and machines are busy: the work is what is metered.
            wall_seconds: 10 * spec.wall_seconds,
            tensor_bytes: spec.tensor_bytes,
            guest_bytes: spec.guest_bytes,
            output_bytes: spec.output_bytes,
        },
        batches: None,
        threads: 1,
        train: put("train", &dataset.train),
        base: dataset.base.as_ref().map(|base| put("base", base)),
        settings: Default::default(),
        hidden_inputs: put("inputs", &dataset.hidden_inputs),
        hidden_labels: dataset.hidden_labels.clone(),
    };
    attempt::perform(&sandbox, folder.path(), &attempt, |_, _| {})
        .await
        .unwrap()
}

/// The score of a run that must complete.
fn score(result: &AttemptResult) -> f64 {
    assert_eq!(result.verdict, Verdict::Completed, "{:?}", result.cause);
    result.score.unwrap()
}

#[tokio::test]
async fn a_network_predicts_prices_far_better_than_their_mean() {
    let task = task("diamonds");
    let result = run("mlp-regressor", &task).await;
    // The mean of the train part scores 1 by definition; ordinary least squares about 0.28.
    let rmse = score(&result);
    assert!(rmse < 0.25, "{rmse}");
    let (name, r2) = result.secondary[0];
    assert_eq!(name, "r2");
    assert!((r2 - (1.0 - rmse * rmse)).abs() < 0.05, "{rmse} {r2}");
}

#[tokio::test]
async fn knowing_which_byte_follows_which_is_worth_four_bits() {
    let task = task("king-james-text");
    let bits = score(&run("bigram-lm", &task).await);
    // Knowing nothing costs 8 bits, knowing how often each byte occurs more than 4.
    assert!((3.0..3.8).contains(&bits), "{bits}");
}

#[tokio::test]
async fn a_method_that_looks_ahead_is_turned_away_and_told_why() {
    let task = task("king-james-text");
    let result = run("looks-ahead", &task).await;
    assert_eq!(result.verdict, Verdict::InvalidPredictions);
    assert_eq!((result.score, result.model.is_some()), (None, false));
    let told = result.detail.unwrap();
    assert!(told.starts_with("the method looks ahead"), "{told}");
    let Some(Cause::Predictions(cause)) = &result.cause else {
        panic!("{:?}", result.cause);
    };
    assert!(cause.contains("position"), "{cause}");
}

#[tokio::test]
async fn base_weights_help_where_data_are_few() {
    let task = task("digits-fine-tune");
    let tuned = score(&run("fine-tune", &task).await);
    let mut alone = task.clone();
    (alone.1.info.base, alone.1.base) = (None, None);
    let fresh = score(&run("fine-tune", &alone).await);
    assert!(
        tuned > 0.85 && tuned > fresh,
        "{tuned} with the base weights, {fresh} without"
    );
}
