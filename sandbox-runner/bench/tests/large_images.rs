//! A convolution net on images of 48×48, trained and asked in the real sandbox, within the
//! memory of the example tasks.

#![expect(
    clippy::unwrap_used,
    reason = "a test may die of a surprise, its helpers too"
)]

use std::fmt::Write;
use std::path::{Path, PathBuf};

use gauntlet_protocol::{Budget, Verdict};
use gauntlet_runner::attempt::{self, Attempt, Lanes, Method};
use gauntlet_sandbox::{Sandbox, SandboxConfig};
use gauntlet_tasks::{Dataset, TaskDefinition};
use gauntlet_wire::settings::Settings;
use sha2::{Digest, Sha256};

const SIDE: usize = 48;
const ROWS: usize = 200;
const BATCHES: u64 = 6;

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Stripes across or down, as wide as the row's number says, and which of the two.
fn csv() -> String {
    let mut csv = String::new();
    for row in 0..ROWS {
        let (label, width) = (row % 2, 2 + row / 2 % 7);
        for place in 0..SIDE * SIDE {
            let along = [place / SIDE, place % SIDE][label];
            write!(csv, "{},", (along + row) / width % 2).unwrap();
        }
        writeln!(csv, "{label}").unwrap();
    }
    csv
}

/// The digits' task, so with its memory, but for the images.
fn stripes(folder: &Path) -> (TaskDefinition, Budget) {
    let digits = repository().join("examples/tasks/digits/task.toml");
    let csv = csv();
    std::fs::write(folder.join("stripes.csv"), &csv).unwrap();
    let mut text = std::fs::read_to_string(digits).unwrap();
    for (line, instead) in [
        ("name = ", "\"stripes\"".to_owned()),
        ("classes = ", "2".to_owned()),
        ("shape = ", format!("[1, {SIDE}, {SIDE}]")),
        ("file = ", "\"stripes.csv\"".to_owned()),
        (
            "sha256 = ",
            format!("\"{}\"", hex::encode(Sha256::digest(&csv))),
        ),
        ("scale = ", "1.0".to_owned()),
    ] {
        let lines: Vec<String> = text
            .lines()
            .map(|old| match old.starts_with(line) {
                true => format!("{line}{instead}"),
                false => old.to_owned(),
            })
            .collect();
        text = lines.join("\n");
    }
    std::fs::write(folder.join("task.toml"), text).unwrap();
    let task = TaskDefinition::load(folder).unwrap();
    let budget = Budget {
        // The number of batches ends it.
        work: u64::MAX,
        predict_share_percent: 100,
        wall_seconds: 600,
        tensor_bytes: task.budget.tensor_bytes,
        guest_bytes: task.budget.guest_bytes,
        output_bytes: task.budget.output_bytes,
    };
    (task, budget)
}

fn attempt(data: &Dataset, budget: Budget, folder: &Path) -> Attempt {
    let put = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let module = repository().join("examples/methods/target/gauntlet/conv-net.wasm");
    let module = std::fs::read(&module).expect("scripts/build methods has built the examples");
    Attempt {
        method: Method::Module(module),
        run: "large-images".to_owned(),
        task: data.info.clone(),
        seed: 7,
        budget,
        batches: Some(BATCHES),
        threads: 2,
        settings: Settings::new(),
        train: put("train", &data.train),
        base: None,
        hidden_inputs: put("inputs", &data.hidden_inputs),
        hidden_labels: data.hidden_labels.clone(),
    }
}

#[tokio::test]
async fn a_convolution_net_completes_on_images_of_48_by_48() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let (task, budget) = stripes(folder.path());
    let data = task.materialise(&[5; 32]).unwrap();
    let worker = Path::new(env!("CARGO_BIN_EXE_gauntlet-bench")).with_file_name("gauntlet-worker");
    let sandbox = Sandbox::new(SandboxConfig::new(worker, path("cache"), path("runs"))).unwrap();
    let lanes = Lanes {
        sandbox: &sandbox,
        containers: None,
    };
    let attempt = attempt(&data, budget, folder.path());
    let found = attempt::perform(lanes, folder.path(), &attempt, |_, _| {})
        .await
        .unwrap();
    assert_eq!(found.verdict, Verdict::Completed, "{:?}", found.cause);
    assert_eq!(found.train.batches, BATCHES);
    // It needs a good part of what is allowed, all of it held at the same time.
    let (peak, allowed) = (found.train.peak_tensor_bytes, attempt.budget.tensor_bytes);
    assert!((16 << 20..allowed).contains(&peak), "{peak} of {allowed}");
}
