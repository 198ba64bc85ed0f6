//! Archive entries.

use gauntlet_api::ArchiveEntry;

use super::table::{Column, render};
use super::text::{bytes, counted, printable, short};

/// A list of entries.
pub(crate) fn table(entries: &[ArchiveEntry]) -> String {
    render(
        &[
            Column::Text("alias"),
            Column::Text("withdrawn"),
            Column::Text("task"),
            Column::Text("tournament"),
            Column::Text("method"),
            Column::Text("metric"),
            Column::Number("mean"),
            Column::Number("blocks"),
            Column::Text("model"),
            Column::Text("id"),
        ],
        entries.iter().map(|entry| {
            [
                entry.aliases.join(", "),
                match entry.withdrawn {
                    Some(_) => "withdrawn".to_owned(),
                    None => String::new(),
                },
                entry.task.clone(),
                entry.tournament.clone(),
                entry.method.clone(),
                entry.metric.name.clone(),
                format!("{:.4}", entry.score),
                entry.blocks.to_string(),
                short(&entry.model).to_owned(),
                entry.id.to_string(),
            ]
        }),
        "the archive is empty",
    )
}

/// The card of one entry.
pub(crate) fn card(entry: &ArchiveEntry) -> String {
    let mut lines = vec![
        (
            match entry.withdrawn {
                Some(_) => "method",
                None => "champion",
            },
            printable(&entry.method),
        ),
        ("task", printable(&entry.task)),
        ("tournament", printable(&entry.tournament)),
        (
            "score",
            format!(
                "{:.4} {} (mean over {})",
                entry.score,
                entry.metric.heading(),
                counted(entry.blocks as usize, "block")
            ),
        ),
        (
            "module",
            format!("{} ({})", entry.module, bytes(entry.module_bytes)),
        ),
        (
            "model",
            format!("{} ({})", entry.model, bytes(entry.model_bytes)),
        ),
        ("called", printable(&entry.aliases.join(", "))),
        ("archive id", entry.id.to_string()),
    ];
    if let Some(reason) = &entry.withdrawn {
        lines.push(("withdrawn", printable(reason)));
    }
    boxed(&lines)
}

fn boxed(lines: &[(&str, String)]) -> String {
    let label = lines.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let inner = lines
        .iter()
        .map(|(_, value)| value.chars().count())
        .max()
        .unwrap_or(0)
        + label
        + 2;
    let mut out = format!("╭{}╮\n", "─".repeat(inner + 2));
    for (name, value) in lines {
        let fill = inner - label - 2 - value.chars().count();
        out.push_str(&format!(
            "│ {name:<label$}  {value}{} │\n",
            " ".repeat(fill)
        ));
    }
    out.push_str(&format!("╰{}╯", "─".repeat(inner + 2)));
    out
}

/// The card as it stands in the archive: Markdown, safe to print.
pub(crate) fn markdown(entry: &ArchiveEntry) -> String {
    entry
        .card
        .lines()
        .map(printable)
        .collect::<Vec<_>>()
        .join("\n")
}
