//! `gauntlet tournament rejudge`.

use std::path::PathBuf;

use gauntlet_api::{Rejudge, Rejudged};
use gauntlet_client::Client;

use crate::failure::Failure;
use crate::output::Output;
use crate::show::table::{self, Column};
use crate::show::text::printable;

/// What to judge differently.
#[derive(Debug, clap::Args)]
pub(super) struct RejudgeCommand {
    /// The tournament, completed.
    name: String,
    /// A file of changes in JSON, as docs/FORMATS.md describes them: another way to combine
    /// results, other metrics, errors put right.
    #[arg(long, value_name = "FILE")]
    changes: PathBuf,
    /// Make it hold from now on; otherwise nothing is written.
    #[arg(long, requires = "reason")]
    apply: bool,
    /// Why, for everybody to read.
    #[arg(long)]
    reason: Option<String>,
}

pub(super) async fn run(
    it: RejudgeCommand,
    client: &Client,
    output: Output,
) -> Result<(), Failure> {
    let wrong = |error: String| {
        Failure::input(format!("{}: {error}", it.changes.display())).field("--changes")
    };
    let text = std::fs::read_to_string(&it.changes).map_err(|error| wrong(error.to_string()))?;
    let changes = gauntlet_api::read_json(&text).map_err(|error| wrong(error.to_string()))?;
    let body = Rejudge {
        changes,
        reason: it.reason,
        apply: it.apply,
    };
    let judged: Rejudged = client
        .post_json(&["tournaments", &it.name, "rejudge"], &body)
        .await?;
    output.answer(&judged, page)
}

fn page(judged: &Rejudged) -> String {
    let place =
        |place: Option<u32>| place.map_or_else(|| "–".to_owned(), |place| place.to_string());
    let rows = judged.moves.iter().map(|change| {
        let by = match (change.before, change.after) {
            (Some(before), Some(after)) if before > after => format!("▲ {}", before - after),
            (Some(before), Some(after)) if before < after => format!("▼ {}", after - before),
            (Some(_), Some(_)) => "·".to_owned(),
            _ => "out".to_owned(),
        };
        [
            place(change.after),
            change.method.clone(),
            place(change.before),
            by,
        ]
    });
    let columns = [
        Column::Number("place"),
        Column::Text("method"),
        Column::Number("before"),
        Column::Text("change"),
    ];
    let mut parts = vec![table::render(&columns, rows, "nobody has a place")];
    let rounds = |all: &[(String, u32)]| -> String {
        let each = all
            .iter()
            .map(|(method, round)| format!("{} (round {round})", printable(method)));
        each.collect::<Vec<_>>().join(", ")
    };
    if !judged.cut_too_early.is_empty() {
        parts.push(format!(
            "would have played on, and has no results of later rounds: {}",
            rounds(&judged.cut_too_early)
        ));
    }
    if !judged.kept_too_long.is_empty() {
        parts.push(format!(
            "would have been cut: {}",
            rounds(&judged.kept_too_long)
        ));
    }
    let name = |champion: &Option<String>| {
        champion
            .as_deref()
            .map_or_else(|| "nobody".to_owned(), printable)
    };
    parts.push(format!(
        "champion: {}, before {}",
        name(&judged.champion),
        name(&judged.champion_before)
    ));
    parts.push(if judged.applied {
        "this holds from now on".to_owned()
    } else {
        "nothing was written; --apply --reason TEXT makes it hold".to_owned()
    });
    parts.join("\n")
}
