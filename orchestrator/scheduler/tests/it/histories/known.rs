//! Histories that failed once, kept beside the tests.

use std::io::Write as _;
use std::path::PathBuf;

use super::plan::Plan;

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/histories.jsonl")
}

/// All of them.
pub(crate) fn read() -> Vec<Plan> {
    let text = std::fs::read_to_string(file()).unwrap();
    let lines = text.lines().filter(|line| !line.is_empty());
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Adds one, to be played first from now on.
pub(crate) fn add(plan: &Plan) {
    let line = serde_json::to_string(plan).unwrap() + "\n";
    let mut file = std::fs::File::options().append(true).open(file()).unwrap();
    file.write_all(line.as_bytes()).unwrap();
}
