//! Series.

use std::time::Duration;

use gauntlet_api::{Series, TournamentState};

use super::lists::instant;
use super::table::{Column, render};
use super::text::printable;

/// A list of series.
pub(crate) fn table(all: &[Series]) -> String {
    render(
        &[
            Column::Text("series"),
            Column::Text("task"),
            Column::Text("calendar (UTC)"),
            Column::Text("open for"),
            Column::Text("next"),
            Column::Text("last tournament"),
            Column::Text("champion"),
        ],
        all.iter().map(|series| {
            let last = series.tournaments.first();
            [
                series.name.clone(),
                series.task.clone(),
                series.calendar.clone(),
                open_for(series),
                next(series),
                last.map_or_else(String::new, |last| {
                    format!("{}, {}", last.name, last.state.as_str())
                }),
                champion(series),
            ]
        }),
        "no series; make one with `gauntlet series create NAME --task TASK --calendar CRON \
         --open-for TIME`",
    )
}

/// One series.
pub(crate) fn page(series: &Series) -> String {
    let mut lines = vec![format!(
        "{} · task {} · `{}` in UTC, open for {}",
        printable(&series.name),
        printable(&series.task),
        printable(&series.calendar),
        open_for(series),
    )];
    lines.push(match (series.ended_at, series.next_at) {
        (Some(at), _) => format!("ended at {}", instant(at)),
        (None, Some(_)) => format!("next: {}", next(series)),
        (None, None) => "the calendar has no further date".to_owned(),
    });
    if series.private {
        lines.push("private: its tournaments are there for their members alone".to_owned());
    }
    if !series.fresh_hidden_part {
        lines.push("each of its tournaments is scored on the same hidden part".to_owned());
    }
    for one in &series.tournaments {
        let mut line = format!("{}: {}", printable(&one.name), one.state.as_str());
        if let Some(champion) = &one.champion {
            line.push_str(&format!(", won by {}", printable(champion)));
        }
        lines.push(line);
    }
    lines.join("\n")
}

fn open_for(series: &Series) -> String {
    let time = Duration::from_secs(series.open_seconds.into());
    humantime::format_duration(time).to_string()
}

fn next(series: &Series) -> String {
    match (series.ended_at, series.next_at) {
        (Some(_), _) => "ended".to_owned(),
        (None, Some(at)) => instant(at),
        (None, None) => "never".to_owned(),
    }
}

/// That of the last tournament that has one.
fn champion(series: &Series) -> String {
    let mut decided = series
        .tournaments
        .iter()
        .filter(|one| one.state == TournamentState::Completed);
    decided
        .find_map(|one| one.champion.clone())
        .unwrap_or_default()
}
