//! The files of `tests/corpus`, each with its outcome in `outcomes.toml`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use gauntlet_table::read::Options;
use serde::Deserialize;

use super::support::read;

/// What is expected of a file: what it is, or why it is refused.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Outcome {
    file: String,
    #[serde(default)]
    options: Options,
    rows: Option<usize>,
    columns: Option<usize>,
    /// The first row.
    first: Option<Vec<String>>,
    /// The last row's line.
    last_line: Option<u64>,
    /// What the format says.
    format: Option<String>,
    /// What some note says, each.
    #[serde(default)]
    notes: Vec<String>,
    /// What the error says.
    error: Option<String>,
    line: Option<u64>,
    column: Option<String>,
    /// What the cure says.
    cure: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Outcomes {
    outcome: Vec<Outcome>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

fn check(outcome: &Outcome) -> Result<(), String> {
    let same = |what: &str, found: &dyn std::fmt::Debug, is: bool| match is {
        true => Ok(()),
        false => Err(format!("{what}: {found:?}")),
    };
    let has =
        |text: &str, part: &Option<String>| part.as_ref().is_none_or(|part| text.contains(part));
    match (
        read(&folder().join(&outcome.file), &outcome.options),
        &outcome.error,
    ) {
        (Ok(whole), None) => {
            let format = whole.format.to_string();
            assert_eq!(format.lines().count(), 2, "{format}");
            same(
                "rows",
                &whole.rows.len(),
                outcome.rows.is_none_or(|rows| rows == whole.rows.len()),
            )?;
            let columns = &whole.columns;
            same(
                "columns",
                columns,
                outcome.columns.is_none_or(|count| count == columns.len()),
            )?;
            let first = whole.rows.first();
            same(
                "first",
                &first,
                outcome.first.is_none() || outcome.first.as_ref() == first,
            )?;
            let last = whole.lines.last();
            same(
                "last line",
                &last,
                outcome.last_line.is_none_or(|line| Some(&line) == last),
            )?;
            same("format", &format, has(&format, &outcome.format))?;
            let notes: Vec<String> = whole.notes.iter().map(ToString::to_string).collect();
            for wanted in &outcome.notes {
                same(
                    "notes",
                    &notes,
                    notes.iter().any(|note| note.contains(wanted)),
                )?;
            }
            same("notes", &notes, notes.len() == outcome.notes.len())?;
            // Read as what was found out, it is the same.
            let options = Options {
                leave_out: outcome.options.leave_out.clone(),
                ..whole.format.options()
            };
            let again = read(&folder().join(&outcome.file), &options).map_err(|e| e.to_string())?;
            same(
                "read again",
                &options,
                again.rows == whole.rows && again.columns == whole.columns,
            )
        }
        (Err(error), Some(wanted)) => {
            same("error", &error, error.problem.contains(wanted))?;
            same("line", &error, outcome.line == error.line)?;
            same("column", &error, outcome.column == error.column)?;
            same(
                "cure",
                &error,
                has(&error.cure.clone().unwrap_or_default(), &outcome.cure),
            )
        }
        (Ok(whole), Some(_)) => Err(format!("is read: {} rows", whole.rows.len())),
        (Err(error), None) => Err(format!("is refused: {error}")),
    }
}

#[test]
fn every_file_of_the_corpus_has_its_outcome() {
    let outcomes = std::fs::read_to_string(folder().join("outcomes.toml")).unwrap();
    let outcomes: Outcomes = toml::from_str(&outcomes).unwrap();
    let listed: BTreeSet<&str> = outcomes.outcome.iter().map(|o| o.file.as_str()).collect();
    let mut there = BTreeSet::new();
    for folder in std::fs::read_dir(folder()).unwrap() {
        let folder = folder.unwrap().path();
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        for file in std::fs::read_dir(&folder).into_iter().flatten() {
            let file = file.unwrap().file_name();
            there.insert(format!("{name}/{}", file.to_string_lossy()));
        }
    }
    let there: BTreeSet<&str> = there.iter().map(String::as_str).collect();
    assert_eq!(there, listed);
    let wrong: Vec<String> = outcomes
        .outcome
        .iter()
        .filter_map(|outcome| {
            let problem = check(outcome).err()?;
            Some(format!("{}: {problem}", outcome.file))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
