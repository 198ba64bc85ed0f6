//! Files that no guest can write, since it hands in tensors and the host writes the files,
//! but a worker taken over can: what reads them must neither fail nor believe them.

use std::fs;

use gauntlet_sandbox::Fault;
use gauntlet_tasks::{PredictionsFault, ScoreError};
use gauntlet_wire::TaskKind;
use gauntlet_worker_protocol::Phase;

use crate::figures;
use crate::guest::Guest;
use crate::harness::{Harness, INPUTS, LIMITS, floats, job, resident_kib};

/// A file with this header and this many bytes of numbers.
fn file(header: &str, data: usize) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend(floats(&INPUTS).iter().cycle().take(data));
    bytes
}

/// What is wrong with each file, and the file. A file of predictions is a model as well.
fn table() -> Vec<(&'static str, Vec<u8>)> {
    let tensor = |name: &str, shape: &str, from: u64, to: u64| {
        format!(r#""{name}":{{"dtype":"F32","shape":{shape},"data_offsets":[{from},{to}]}}"#)
    };
    let one = |shape: &str, from, to| format!("{{{}}}", tensor("predictions", shape, from, to));
    let two = |first: String, second: String| format!("{{{first},{second}}}");
    let right = one("[4,2]", 0, 32);
    let length = |length: u64| {
        let mut bytes = file(&right, 32);
        bytes[..8].copy_from_slice(&length.to_le_bytes());
        bytes
    };
    let deep = format!(
        r#"{{"__metadata__":{}1{},{}"#,
        r#"{"a":"#.repeat(500),
        "}".repeat(500),
        &right[1..]
    );
    vec![
        ("nothing", Vec::new()),
        ("less than a length", vec![1; 7]),
        ("a header that says it is endless", length(u64::MAX)),
        ("a header that says it is 100 MB", length(100 << 20)),
        ("a header that says it is empty", length(0)),
        ("noise", vec![0xa5; 200]),
        ("a header that is no JSON", file("{{{{", 32)),
        ("a header that is no text", {
            let mut bytes = file(&right, 32);
            bytes[10] = 0xff;
            bytes
        }),
        ("deep JSON", file(&deep, 32)),
        (
            "tensors that lie over each other",
            file(
                &two(
                    tensor("predictions", "[4,2]", 0, 32),
                    tensor("x", "[4]", 16, 32),
                ),
                32,
            ),
        ),
        (
            "two tensors of one name",
            file(
                &two(
                    tensor("predictions", "[4,2]", 0, 32),
                    tensor("predictions", "[2,4]", 32, 64),
                ),
                64,
            ),
        ),
        ("numbers behind the end", file(&one("[4,2]", 0, 4096), 32)),
        (
            "numbers from the end to the beginning",
            file(&one("[4,2]", 32, 0), 32),
        ),
        (
            "a shape that is larger than its numbers",
            file(&one("[400,2]", 0, 32), 32),
        ),
        (
            "a shape that overflows to the right size",
            file(&one("[4611686018427387904,4,2]", 0, 32), 32),
        ),
        ("a negative dimension", file(&one("[-4,-2]", 0, 32), 32)),
        ("bytes that belong to nobody", file(&right, 4_000)),
        (
            "a dtype that there is not",
            file(&right.replace("F32", "F99"), 32),
        ),
    ]
}

#[test]
fn hostile_predictions_files_are_refused_and_never_scored() {
    let labels: Vec<u8> = [0_i64, 1, 1, 0]
        .iter()
        .flat_map(|l| l.to_le_bytes())
        .collect();
    let view = safetensors::tensor::TensorView::new(safetensors::Dtype::I64, vec![4], &labels);
    let labels = safetensors::serialize([("labels", view.unwrap())], None).unwrap();
    let kind = TaskKind::Classification { classes: 2 };
    let honest = file(
        r#"{"predictions":{"dtype":"F32","shape":[4,2],"data_offsets":[0,32]}}"#,
        32,
    );
    let score = gauntlet_tasks::score(&kind, &labels, &honest).unwrap();
    assert_eq!(score.value, 1.0, "or the table proves nothing");
    let before = resident_kib();
    let table = table();
    for (what, bytes) in &table {
        let scored = gauntlet_tasks::score(&kind, &labels, bytes);
        assert!(
            matches!(
                scored,
                Err(ScoreError::Predictions(
                    PredictionsFault::Unreadable(_) | PredictionsFault::Tensors { .. }
                ))
            ),
            "{what}: {scored:?}"
        );
    }
    assert!(
        resident_kib() < before + (32 << 10),
        "a header made us allocate"
    );
    let count = table.len();
    figures::part(
        "wasm-predictions-files",
        &[("guests", count), ("contained", count)],
    );
}

#[tokio::test]
async fn hostile_model_files_stop_the_worker_in_good_order() {
    let harness = Harness::new();
    let module = harness
        .sandbox
        .compile(&Guest::honest().module())
        .await
        .unwrap()
        .path;
    let table = table();
    for (what, bytes) in &table {
        fs::write(harness.at("model"), bytes).unwrap();
        let phase = Phase::Predict {
            inputs: harness.at("hidden"),
            model: harness.at("model"),
            predictions: harness.at("predictions"),
        };
        let (result, _) = harness.told(job(&module, phase, LIMITS)).await;
        // The train phase checked the model that it wrote, so a file that cannot be read
        // was changed since: not something to hold against a method.
        assert!(
            matches!(result, Err(Fault::Reported(_))),
            "{what}: {result:?}"
        );
        assert_eq!(harness.left_behind(), [""; 0], "{what}");
    }
    let count = table.len();
    figures::part(
        "wasm-model-files",
        &[("guests", count), ("contained", count)],
    );
}
