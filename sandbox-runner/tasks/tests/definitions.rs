//! What a broken task folder gets: an error that names the key to mend.

#![expect(
    clippy::unwrap_used,
    reason = "a test may die of a surprise, its helpers too"
)]

use std::fs;
use std::path::Path;

use gauntlet_tasks::{TaskDefinition, TaskError};
use sha2::{Digest, Sha256};

const MANIFEST: &str = r#"
name = "tiny"
title = "Tiny"
description = "Two pixels, two classes."
licence = "CC0-1.0"
[kind]
kind = "classification"
classes = 2
[inputs]
kind = "dense"
shape = [2]
[data]
source = "labelled-csv"
file = "tiny.csv"
sha256 = "DIGEST"
scale = 0.5
origin = "made up"
[split]
hidden_percent = 50
[budget]
work = 1
predict_share_percent = 10
wall_seconds = 1
tensor_bytes = 1
guest_bytes = 1
output_bytes = 1
"#;

const CSV: &str = "0,1,0\n2,3,1\n4,5,0\n6,7,1\n";

fn load(manifest: &str, csv: &str) -> Result<TaskDefinition, TaskError> {
    let folder = tempfile::tempdir().unwrap();
    let digest = hex::encode(Sha256::digest(csv));
    fs::write(
        folder.path().join("task.toml"),
        manifest.replace("DIGEST", &digest),
    )
    .unwrap();
    fs::write(folder.path().join("tiny.csv"), csv).unwrap();
    TaskDefinition::load(folder.path())
}

/// Rows of the train part.
fn rows_of(task: &TaskDefinition) -> usize {
    task.materialise(&[1; 32]).unwrap().info.train_rows
}

fn edited(from: &str, to: &str) -> TaskError {
    assert_eq!(
        MANIFEST.matches(from).count(),
        1,
        "`{from}` is in the manifest once"
    );
    load(&MANIFEST.replace(from, to), CSV).expect_err(to)
}

#[test]
fn a_sound_task_loads() {
    let task = load(MANIFEST, CSV).unwrap();
    assert_eq!(rows_of(&task), 2);
    assert_eq!(task.origin.as_deref(), Some("made up"));
}

#[test]
fn an_ill_chosen_value_is_refused_by_the_name_of_its_key() {
    let cases = [
        (r#"name = "tiny""#, r#"name = "Tiny!""#, "name"),
        (r#"name = "tiny""#, r#"name = """#, "name"),
        (r#"title = "Tiny""#, r#"title = " ""#, "title"),
        (r#"licence = "CC0-1.0""#, r#"licence = """#, "licence"),
        (
            r#"kind = "classification""#,
            r#"kind = "ranking""#,
            "kind.kind",
        ),
        ("classes = 2", "classes = 1", "kind.classes"),
        (r#"kind = "dense""#, r#"kind = "sparse""#, "inputs.kind"),
        ("shape = [2]", "shape = [2, 0]", "inputs.shape"),
        ("shape = [2]", "shape = []", "inputs.shape"),
        (
            "shape = [2]",
            "shape = [4294967296, 4294967296]",
            "inputs.shape",
        ),
        ("shape = [2]", "", "inputs.shape"),
        ("shape = [2]", "shape = [2]\nlength = 3", "inputs.length"),
        (
            r#"source = "labelled-csv""#,
            r#"source = "ftp""#,
            "data.source",
        ),
        (
            r#"file = "tiny.csv""#,
            r#"file = "../tiny.csv""#,
            "data.file",
        ),
        (r#"file = "tiny.csv""#, r#"file = "..""#, "data.file"),
        (r#"file = "tiny.csv""#, "", "data.file"),
        (r#"sha256 = "DIGEST""#, "", "data.sha256"),
        ("scale = 0.5", "scale = nan", "data.scale"),
        (r#"origin = "made up""#, "", "data.origin"),
        (
            r#"origin = "made up""#,
            "origin = \"o\"\nmodulus = 7",
            "data.modulus",
        ),
        (
            "hidden_percent = 50",
            "hidden_percent = 0",
            "split.hidden_percent",
        ),
        (
            "hidden_percent = 50",
            "hidden_percent = 100",
            "split.hidden_percent",
        ),
        (
            "hidden_percent = 50",
            "hidden_percent = 1",
            "split.hidden_percent",
        ),
        ("work = 1", "work = 0", "budget.work"),
        (
            "predict_share_percent = 10",
            "predict_share_percent = 101",
            "budget.predict_share_percent",
        ),
        (
            "tensor_bytes = 1",
            "tensor_bytes = 0",
            "budget.tensor_bytes",
        ),
    ];
    for (from, to, wanted) in cases {
        match edited(from, to) {
            TaskError::Field { field, .. } => assert_eq!(field, wanted, "{to}"),
            other => panic!("{to}: {other}"),
        }
    }
}

#[test]
fn unknown_missing_and_ill_typed_keys_are_shown() {
    let cases = [
        ("work = 1", "work = 1\nwrok = 2", "wrok"),
        ("work = 1", "work = -1", "work = -1"),
        ("work = 1", "", "`work`"),
        ("[split]", "[split]\nseed = 3", "seed"),
        (
            r#"title = "Tiny""#,
            "title = \"Tiny\"\nauthor = \"me\"",
            "author",
        ),
        ("shape = [2]", r#"shape = "two""#, "shape = \"two\""),
    ];
    for (from, to, key) in cases {
        let error = edited(from, to);
        assert!(matches!(error, TaskError::Manifest { .. }), "{to}: {error}");
        assert!(error.to_string().contains(key), "{to}: {error}");
    }
}

#[test]
fn other_data_than_promised_are_refused() {
    let zeros = "0".repeat(64);
    match load(&MANIFEST.replace("DIGEST", &zeros), CSV).unwrap_err() {
        TaskError::Digest {
            expected, found, ..
        } => {
            assert_eq!(expected, zeros);
            assert_eq!(found, hex::encode(Sha256::digest(CSV)));
        }
        other => panic!("{other}"),
    }
}

#[test]
fn data_that_do_not_fit_are_refused_by_line() {
    match load(MANIFEST, "0,1,0\n0,1,7\n").unwrap_err() {
        TaskError::Data { line, problem, .. } => {
            assert_eq!(line, 2);
            assert!(problem.contains('7'), "{problem}");
        }
        other => panic!("{other}"),
    }
}

#[test]
fn a_missing_folder_says_which_file_is_missing() {
    let error = TaskDefinition::load(Path::new("/nonexistent")).unwrap_err();
    assert!(
        error.to_string().contains("/nonexistent/task.toml"),
        "{error}"
    );
}

#[test]
fn the_generated_task_checks_its_sizes() {
    let addition = MANIFEST
        .replace("classes = 2", "classes = 7")
        .replace(
            "kind = \"dense\"\nshape = [2]",
            "kind = \"tokens\"\nlength = 2\nvocabulary = 7",
        )
        .replace(
            "source = \"labelled-csv\"",
            "source = \"modular-addition\"\nmodulus = 7",
        )
        .replace(
            "file = \"tiny.csv\"\nsha256 = \"DIGEST\"\nscale = 0.5\n",
            "",
        );
    let task = load(&addition, CSV).unwrap();
    assert_eq!(rows_of(&task), 25);
    for (from, to, wanted) in [
        ("classes = 7", "classes = 8", "kind.classes"),
        ("vocabulary = 7", "vocabulary = 8", "inputs"),
        ("length = 2", "length = 3", "inputs"),
        ("modulus = 7", "modulus = 1", "data.modulus"),
        ("modulus = 7", "modulus = 4000000000", "data.modulus"),
        ("modulus = 7", "modulus = 7\nscale = 1.0", "data.scale"),
    ] {
        match load(&addition.replace(from, to), CSV).expect_err(to) {
            TaskError::Field { field, .. } => assert_eq!(field, wanted, "{to}"),
            other => panic!("{to}: {other}"),
        }
    }
}
