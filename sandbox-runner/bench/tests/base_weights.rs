//! Where the base weights of the task `digits-fine-tune` come from: the method `fine-tune`,
//! from fresh parameters, on the digits 0 to 4 of the task `digits`, whose images are not
//! among those of the other task. `GAUNTLET_WRITE_BASE=1` writes the file anew.

#![expect(
    clippy::unwrap_used,
    reason = "a test may die of a surprise, its helpers too"
)]

use std::fs;
use std::path::{Path, PathBuf};

use gauntlet_method::native::{Dataset, train};
use gauntlet_tasks::TaskDefinition;
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView, serialize};
use sha2::{Digest as _, Sha256};

/// Batches of the training.
const BATCHES: u64 = 200;

fn tasks() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/tasks")
}

/// The digits 0 to 4 as a task, nearly all of it to train on.
fn zero_to_four() -> (TaskDefinition, tempfile::TempDir) {
    let csv = fs::read_to_string(tasks().join("digits/digits.csv")).unwrap();
    let low = |line: &&str| line.rsplit(',').next().is_some_and(|digit| digit < "5");
    let csv: String = csv.lines().filter(low).flat_map(|line| [line, "\n"]).collect();
    let manifest = fs::read_to_string(tasks().join("digits/task.toml")).unwrap();
    let digest = hex::encode(Sha256::digest(&csv));
    let manifest: String = manifest
        .lines()
        .map(|line| match line.split_once(" = ") {
            Some(("sha256", _)) => format!("sha256 = \"{digest}\"\n"),
            Some(("classes", _)) => "classes = 5\n".to_owned(),
            Some(("hidden_percent", _)) => "hidden_percent = 1\n".to_owned(),
            _ => format!("{line}\n"),
        })
        .collect();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("task.toml"), manifest).unwrap();
    fs::write(folder.path().join("digits.csv"), csv).unwrap();
    (TaskDefinition::load(folder.path()).unwrap(), folder)
}

#[test]
fn the_base_weights_can_be_trained_again() {
    let (task, _folder) = zero_to_four();
    let data = task.materialise(&[0; 32]).unwrap();
    let rows = Dataset::from_safetensors(&data.train).unwrap();
    let trained = train::<fine_tune::FineTune>(&data.info, &rows, 1, BATCHES).unwrap();
    let body: Vec<(String, Vec<usize>, Vec<f32>)> = trained
        .parameters
        .iter()
        .filter(|(name, _)| name.starts_with("body."))
        .map(|(name, data)| (name.clone(), data.shape().to_vec(), data.iter::<f32>().collect()))
        .collect();
    assert_eq!(body.len(), 4);
    let path = tasks().join("digits-fine-tune/base.safetensors");
    if std::env::var_os("GAUNTLET_WRITE_BASE").is_some() {
        let bytes: Vec<Vec<u8>> = body
            .iter()
            .map(|(_, _, values)| values.iter().flat_map(|value| value.to_le_bytes()).collect())
            .collect();
        let views = body.iter().zip(&bytes).map(|((name, shape, _), bytes)| {
            (name.as_str(), TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap())
        });
        fs::write(&path, serialize(views, None).unwrap()).unwrap();
    }
    let bytes = fs::read(&path).unwrap();
    let kept = SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(kept.len(), body.len());
    for (name, shape, values) in &body {
        let view = kept.tensor(name).unwrap();
        assert_eq!(view.shape(), shape.as_slice(), "{name}");
        let (kept, _) = view.data().as_chunks::<4>();
        for (kept, value) in kept.iter().zip(values) {
            // Processors with other vector instructions add up in another order.
            let kept = f32::from_le_bytes(*kept);
            assert!((kept - value).abs() < 1e-2, "{name}: {kept} and {value}");
        }
    }
}
