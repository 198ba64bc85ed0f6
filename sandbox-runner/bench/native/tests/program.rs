//! `gauntlet-native` as the benchmark starts it.

#![expect(
    clippy::unwrap_used,
    reason = "a test may die of a surprise, its helpers too"
)]

use std::process::{Command, Output};

use gauntlet_native::program::Summary;

fn run(method: &str, seed: &str) -> Output {
    let task = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../examples/tasks/digits"
    );
    Command::new(env!("CARGO_BIN_EXE_gauntlet-native"))
        .args([method, task, seed, "12"])
        .output()
        .unwrap()
}

fn summary(method: &str, seed: &str) -> Summary {
    let output = run(method, seed);
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn the_seed_decides_the_model_and_every_step_is_timed() {
    let first = summary("adamw-cosine", "7");
    assert_eq!(first.model, summary("adamw-cosine", "7").model);
    assert_ne!(first.model, summary("adamw-cosine", "8").model);
    assert_eq!(first.parameters, 64 * 128 + 128 + 128 * 10 + 10);
    assert!(first.losses.len() > 8, "{:?}", first.losses);
    assert!(first.losses.is_sorted(), "{:?}", first.losses);
}

#[test]
fn what_cannot_be_trained_is_refused_by_name() {
    for (method, seed, word) in [
        ("no-such-method", "7", "no-such-method"),
        ("adamw-cosine", "seven", "\"seven\" is not a number"),
    ] {
        let output = run(method, seed);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(word), "{said}");
    }
}
