//! The example methods, natively, on both example tasks: the honest ones learn
//! and are reproducible, and one of the others misbehaves as it says.

#![expect(
    clippy::unwrap_used,
    reason = "a test may die of a surprise, its helpers too"
)]

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use gauntlet_bench::{METHODS, NativeMethod, by_name};
use gauntlet_method::burn::tensor::Device;
use gauntlet_method::native::{Dataset, Trained, train};
use gauntlet_tasks::{Dataset as TaskData, TaskDefinition, score};
use safetensors::tensor::{Dtype, TensorView, serialize};

/// The device's random stream belongs to the process: one training at a time.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn task(name: &str) -> TaskData {
    let tasks = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/tasks");
    TaskDefinition::load(&tasks.join(name))
        .unwrap()
        .materialise(&[5; 32])
        .unwrap()
}

fn trained(method: &NativeMethod, data: &TaskData, seed: u64, batches: u64) -> Trained {
    let rows = Dataset::from_safetensors(&data.train).unwrap();
    (method.train)(&Device::flex(), &data.info, &rows, seed, batches).unwrap()
}

/// Accuracy on the hidden part, by the scorer that marks runs.
fn accuracy(method: &NativeMethod, data: &TaskData, seed: u64, batches: u64) -> f64 {
    let model = trained(method, data, seed, batches).parameters;
    let hidden = Dataset::from_safetensors(&data.hidden_inputs).unwrap();
    let scores = (method.predict)(&data.info, model, &hidden, seed).unwrap();
    let bytes: Vec<u8> = scores
        .iter()
        .flat_map(|score| score.to_le_bytes())
        .collect();
    let shape = vec![hidden.rows(), scores.len() / hidden.rows()];
    let tensor = TensorView::new(Dtype::F32, shape, &bytes).unwrap();
    let file = serialize([("predictions", tensor)], None).unwrap();
    score(&data.info.kind, &data.hidden_labels, &file)
        .unwrap()
        .value
}

#[test]
fn every_honest_method_learns_digits() {
    let _alone = alone();
    let data = task("digits");
    // Batches as far as a test has time, and what they must at least bring.
    let expected = [
        ("adamw-cosine", 700, 0.96),
        ("attention", 150, 0.85),
        ("boosted-trees", 80, 0.93),
        ("conv-net", 250, 0.95),
        ("kernel-ridge", 1, 0.98),
        ("lstm-lm", 250, 0.9),
        ("quadratic-net", 250, 0.94),
        ("residual-net", 150, 0.8),
        ("sgd", 1500, 0.95),
        ("shampoo", 250, 0.94),
        ("smooth-ensemble", 700, 0.96),
        ("transformer-lm", 150, 0.8),
        ("two-stage", 400, 0.85),
    ];
    let names: Vec<&str> = METHODS.iter().map(|method| method.name).collect();
    assert_eq!(expected.map(|(name, ..)| name), *names);
    for (name, batches, least) in expected {
        let value = accuracy(by_name(name).unwrap(), &data, 1, batches);
        println!("{name}: {value:.4}");
        assert!(value >= least, "{name}: {value} < {least}");
    }
}

#[test]
fn every_honest_method_can_answer_modular_addition() {
    let _alone = alone();
    let data = task("modular-addition");
    for method in METHODS {
        let value = accuracy(method, &data, 1, 20);
        assert!(
            (0.0..0.5).contains(&value),
            "{}: {value} after 20 batches",
            method.name
        );
    }
}

#[test]
fn quadratic_net_completes_the_table_of_modular_addition() {
    let _alone = alone();
    let data = task("modular-addition");
    for seed in [1, 2] {
        let value = accuracy(by_name("quadratic-net").unwrap(), &data, seed, 300);
        assert!(value > 0.9, "seed {seed}: {value}");
    }
}

#[test]
fn the_seed_decides_the_model() {
    let _alone = alone();
    let data = task("digits");
    for method in METHODS {
        let model = |seed| trained(method, &data, seed, 12).parameters;
        let first = model(1);
        let bytes = |model: &[(String, _)]| {
            let one = |(name, data): &(String, gauntlet_method::burn::tensor::TensorData)| {
                (name.clone(), data.as_bytes().to_vec())
            };
            model.iter().map(one).collect::<Vec<_>>()
        };
        assert!(!first.is_empty());
        assert_eq!(bytes(&first), bytes(&model(1)), "{}", method.name);
        // Kernel ridge makes no random choice at all.
        let differs = bytes(&first) != bytes(&model(2));
        assert_eq!(differs, method.name != "kernel-ridge", "{}", method.name);
    }
}

#[test]
#[should_panic(expected = "step 20 was one too many")]
fn panics_midway_panics() {
    let _alone = alone();
    let data = task("digits");
    let rows = Dataset::from_safetensors(&data.train).unwrap();
    let _ = train::<panics_midway::PanicsMidway>(&data.info, &rows, 1, 100);
}
