//! What a table's columns are taken for, for people.

use gauntlet_table::plan::{Plan, Report};
use serde::Serialize;

use super::table::{Column, render};
use super::text::{counted, printable};

/// What was found out of a table.
#[derive(Debug, Serialize)]
pub(crate) struct Inspected {
    /// How the file is read.
    pub(crate) format: String,
    /// What to know of that.
    pub(crate) notes: Vec<String>,
    /// What the columns are.
    #[serde(flatten)]
    pub(crate) report: Report,
    /// The plan as a whole, if it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) plan: Option<Plan>,
}

/// One screen of it.
pub(crate) fn show(inspected: &Inspected) -> String {
    let report = &inspected.report;
    let rows = usize::try_from(report.rows).unwrap_or(usize::MAX);
    let mut parts = vec![format!(
        "{}\n{}, {}; {}",
        printable(&inspected.format),
        counted(rows, "row"),
        counted(report.columns, "column"),
        printable(&report.task)
    )];
    let columns = [
        Column::Text("column"),
        Column::Text("for"),
        Column::Text("kind"),
        Column::Number("missing"),
        Column::Number("different"),
        Column::Text("why"),
    ];
    let lines = report.groups.iter().map(|group| {
        let names = group.names.join(", ");
        let names = match group.count.saturating_sub(group.names.len()) {
            0 => names,
            more => format!("{names} and {more} more"),
        };
        let missing = match group.missing {
            0.0 => String::new(),
            share => format!("{:.1} %", 100.0 * share),
        };
        [
            names,
            format!("{:?}", group.role).to_lowercase(),
            group.kind.as_str().to_owned(),
            missing,
            group.distinct.to_string(),
            group.why.clone(),
        ]
    });
    parts.push(render(&columns, lines, "no columns"));
    let notes = inspected.notes.iter().map(|note| format!("note: {note}"));
    let warnings = report.warnings.iter().map(|group| {
        let more = match group.count {
            1 => String::new(),
            count => format!(" (and {} more such)", count - 1),
        };
        format!("note: {}{more}", group.first)
    });
    let notes: Vec<String> = notes.chain(warnings).map(|note| printable(&note)).collect();
    if !notes.is_empty() {
        parts.push(notes.join("\n"));
    }
    parts.join("\n\n")
}
