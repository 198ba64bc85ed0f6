//! What is in the data that a task was made from.

use std::path::PathBuf;

use gauntlet_tasks::{ColumnType, DataReport};
use serde::Serialize;

use super::table::{Column, render};
use super::text::{bytes, counted, printable};

/// Classes shown; of more, the first.
const MOST_CLASSES: usize = 30;

/// What was made.
#[derive(Debug, Serialize)]
pub(crate) struct Created {
    /// What is in the data.
    #[serde(flatten)]
    pub(crate) report: DataReport,
    /// Rows to train on.
    pub(crate) train_rows: usize,
    /// Shape of a row of inputs, as a method sees it.
    pub(crate) input_shape: Vec<usize>,
    /// What has become of it: `checked`, `written` or `registered`.
    pub(crate) done: &'static str,
    /// The folder, if one was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) folder: Option<PathBuf>,
}

/// The report for people.
pub(crate) fn show(created: &Created) -> String {
    let report = &created.report;
    let mut parts = vec![format!(
        "{} · {} · {} of which {} hidden · {} · SHA-256 {}",
        printable(&report.name),
        report.kind,
        counted(
            report.rows,
            if report.columns.is_empty() {
                "window"
            } else {
                "row"
            }
        ),
        report.hidden,
        bytes(report.bytes),
        report.digest,
    )];
    parts.push(format!(
        "measured by {}; a method sees {} to train on, each of shape {:?}",
        report.metric,
        counted(created.train_rows, "row"),
        created.input_shape
    ));
    if !report.columns.is_empty() {
        let number =
            |value: Option<f64>| value.map_or_else(String::new, |value| format!("{value:.4}"));
        parts.push(render(
            &[
                Column::Text("column"),
                Column::Text("type"),
                Column::Number("missing"),
                Column::Number("distinct"),
                Column::Number("min"),
                Column::Number("mean"),
                Column::Number("max"),
            ],
            report.columns.iter().map(|column| {
                [
                    column.name.clone(),
                    match column.r#type {
                        ColumnType::Number => "number",
                        ColumnType::Text => "text",
                    }
                    .to_owned(),
                    column.missing.to_string(),
                    match column.distinct {
                        distinct if distinct > 1000 => "> 1000".to_owned(),
                        distinct => distinct.to_string(),
                    },
                    number(column.min),
                    number(column.mean),
                    number(column.max),
                ]
            }),
            "no columns",
        ));
    }
    if !report.classes.is_empty() {
        parts.push(render(
            &[
                Column::Text("class"),
                Column::Number("rows"),
                Column::Number("share"),
            ],
            report.classes.iter().take(MOST_CLASSES).map(|class| {
                let share = 100.0 * class.rows as f64 / report.rows as f64;
                [
                    class.name.clone(),
                    class.rows.to_string(),
                    format!("{share:.1} %"),
                ]
            }),
            "no classes",
        ));
    }
    for note in &report.notes {
        parts.push(format!("note: {}", printable(note)));
    }
    parts.push(match (created.done, &created.folder) {
        ("written", Some(folder)) => format!(
            "written to {}; `gauntlet up --tasks` takes the folder above it, `gauntlet method run \
             FILE --task` this one",
            folder.display()
        ),
        ("registered", _) => format!(
            "registered; `gauntlet tournament create NAME --task {}` makes a tournament of it",
            printable(&report.name)
        ),
        _ => "nothing was written: leave --dry-run out to register the task".to_owned(),
    });
    parts.join("\n")
}
