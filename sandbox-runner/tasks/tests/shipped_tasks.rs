//! The tasks in `examples/tasks`: their data, their split, and that no hidden label gets out.

#![expect(
    clippy::unwrap_used,
    reason = "a test may die of a surprise, its helpers too"
)]

use std::collections::HashMap;
use std::path::PathBuf;

use gauntlet_tasks::{Dataset, TaskDefinition};
use gauntlet_wire::{InputKind, TaskKind};
use safetensors::SafeTensors;
use safetensors::tensor::Dtype;

const TASKS: [&str; 2] = ["digits", "modular-addition"];

fn load(name: &str) -> TaskDefinition {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples/tasks")
        .join(name);
    TaskDefinition::load(&folder).unwrap_or_else(|error| panic!("{error}"))
}

fn dataset(name: &str, secret: u8) -> Dataset {
    load(name).materialise(&[secret; 32]).unwrap()
}

/// Bytes of each row of `tensor`.
fn rows(file: &[u8], tensor: &str) -> Vec<Vec<u8>> {
    let file = SafeTensors::deserialize(file).unwrap();
    let tensor = file.tensor(tensor).unwrap();
    let bytes = tensor.data().len() / tensor.shape()[0];
    tensor
        .data()
        .chunks_exact(bytes)
        .map(<[u8]>::to_vec)
        .collect()
}

fn counts(rows: Vec<(Vec<u8>, Vec<u8>)>) -> HashMap<(Vec<u8>, Vec<u8>), usize> {
    rows.into_iter().fold(HashMap::new(), |mut counts, row| {
        *counts.entry(row).or_default() += 1;
        counts
    })
}

fn pairs(inputs: &[u8], labels: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    rows(inputs, "inputs")
        .into_iter()
        .zip(rows(labels, "labels"))
        .collect()
}

#[test]
fn digits_are_the_published_ones() {
    let task = load("digits");
    let data = task.materialise(&[7; 32]).unwrap();
    let info = &data.info;
    assert_eq!(info.kind, TaskKind::Classification { classes: 10 });
    assert_eq!(
        info.inputs,
        InputKind::Dense {
            shape: vec![1, 8, 8]
        }
    );
    assert_eq!(info.train_rows, 1797 - 539);
    let mut labels = [0; 10];
    let mut range = (f32::MAX, f32::MIN);
    for (inputs, label) in pairs(&data.train, &data.train)
        .into_iter()
        .chain(pairs(&data.hidden_inputs, &data.hidden_labels))
    {
        labels[usize::from(label[0])] += 1;
        for value in inputs.chunks_exact(4) {
            let value = f32::from_le_bytes(value.try_into().unwrap());
            range = (range.0.min(value), range.1.max(value));
        }
    }
    // The class counts that the data set's own description gives.
    assert_eq!(labels, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
    assert_eq!(range, (0.0, 1.0));
}

#[test]
fn files_have_the_promised_names_shapes_and_dtypes() {
    for (name, dtype, row) in [
        ("digits", Dtype::F32, vec![1, 8, 8]),
        ("modular-addition", Dtype::I64, vec![2]),
    ] {
        let data = dataset(name, 1);
        for (file, tensors) in [
            (&data.train, vec!["inputs", "labels"]),
            (&data.hidden_inputs, vec!["inputs"]),
            (&data.hidden_labels, vec!["labels"]),
        ] {
            let (_, header) = SafeTensors::read_metadata(file).unwrap();
            assert!(header.metadata().is_none());
            let file = SafeTensors::deserialize(file).unwrap();
            let mut names = file.names();
            names.sort_unstable();
            assert_eq!(names, tensors);
            if let Ok(inputs) = file.tensor("inputs") {
                assert_eq!(
                    (inputs.dtype(), &inputs.shape()[1..]),
                    (dtype, row.as_slice())
                );
            }
            if let Ok(labels) = file.tensor("labels") {
                assert_eq!((labels.dtype(), labels.shape().len()), (Dtype::I64, 1));
            }
        }
        assert_eq!(rows(&data.train, "inputs").len(), data.info.train_rows);
        assert_eq!(rows(&data.train, "labels").len(), data.info.train_rows);
        assert_eq!(
            rows(&data.hidden_inputs, "inputs").len(),
            rows(&data.hidden_labels, "labels").len()
        );
    }
}

#[test]
fn the_secret_alone_decides() {
    for name in TASKS {
        assert_eq!(dataset(name, 1), dataset(name, 1));
        let (one, two) = (dataset(name, 1), dataset(name, 2));
        assert_ne!(one.train, two.train);
        assert_ne!(one.hidden_inputs, two.hidden_inputs);
        assert_ne!(one.hidden_labels, two.hidden_labels);
        assert_eq!(one.info, two.info);
    }
}

#[test]
fn every_other_shipped_task_is_what_it_says() {
    let prices = dataset("diamonds", 1);
    assert_eq!(prices.info.kind, TaskKind::Regression { targets: 1 });
    assert_eq!(prices.info.train_rows, 53_940 - 53_940 / 5);
    // Six numbers, and the texts of cut, colour and clarity one-hot.
    let shape = vec![6 + 5 + 7 + 8];
    assert_eq!(prices.info.inputs, InputKind::Dense { shape });
    assert!(prices.base.is_none());

    let text = dataset("king-james-text", 1);
    assert_eq!(
        text.info.kind,
        TaskKind::LanguageModelling {
            vocabulary: 256,
            context: 128
        }
    );
    assert_eq!(rows(&text.hidden_labels, "labels").len(), 128);
    let (inputs, labels) = (
        rows(&text.hidden_inputs, "inputs"),
        rows(&text.hidden_labels, "labels"),
    );
    for (inputs, labels) in inputs.iter().zip(&labels) {
        assert_eq!(inputs[1..], labels[..127]);
    }

    let tuned = dataset("digits-fine-tune", 1);
    let base = tuned.info.base.clone().unwrap();
    let shapes: Vec<_> = base
        .parameters
        .iter()
        .map(|p| (p.name.as_str(), p.shape.clone()))
        .collect();
    assert_eq!(
        shapes,
        [
            ("body.first.bias", vec![64]),
            ("body.first.weight", vec![64, 64]),
            ("body.second.bias", vec![32]),
            ("body.second.weight", vec![64, 32]),
        ]
    );
    assert_eq!(
        SafeTensors::deserialize(&tuned.base.unwrap())
            .unwrap()
            .len(),
        4
    );
}

/// Train and hidden part together are all the rows, whatever the secret.
#[test]
fn the_parts_make_up_the_whole() {
    let whole = |secret| {
        let data = dataset("digits", secret);
        let mut all = pairs(&data.train, &data.train);
        all.extend(pairs(&data.hidden_inputs, &data.hidden_labels));
        counts(all)
    };
    assert_eq!(whole(1), whole(2));
    assert_eq!(whole(1).values().sum::<usize>(), 1797);
}

/// What a sandbox gets of the hidden part is its inputs and nothing else: each
/// hidden row appears in neither label nor order in any file that goes there.
#[test]
fn hidden_labels_stay_in_their_own_file() {
    for name in TASKS {
        let data = dataset(name, 3);
        let labels: Vec<u8> = rows(&data.hidden_labels, "labels").concat();
        for file in [&data.train, &data.hidden_inputs] {
            assert!(
                !file.windows(labels.len()).any(|window| window == labels),
                "{name}"
            );
        }
        // The hidden inputs are the header and the inputs, to the byte.
        let (header, _) = SafeTensors::read_metadata(&data.hidden_inputs).unwrap();
        let inputs: usize = rows(&data.hidden_inputs, "inputs")
            .iter()
            .map(Vec::len)
            .sum();
        assert_eq!(data.hidden_inputs.len(), 8 + header + inputs);
        // And no hidden row is a train row.
        let train = rows(&data.train, "inputs");
        assert!(
            rows(&data.hidden_inputs, "inputs")
                .iter()
                .all(|row| !train.contains(row)),
            "{name}"
        );
    }
}
