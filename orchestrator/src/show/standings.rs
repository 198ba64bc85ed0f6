//! Who is where.

use gauntlet_api::{Metric, Standing};

use super::table::{Column, render};

/// The standing, best first.
pub(crate) fn table(metric: &Metric, standings: &[Standing]) -> String {
    let mean = format!("mean {}", metric.heading());
    render(
        &[
            Column::Number("place"),
            Column::Text("method"),
            Column::Number(&mean),
            Column::Number("± s.e."),
            Column::Number("blocks"),
            Column::Number("faults"),
            Column::Text("out after"),
        ],
        standings.iter().map(|standing| {
            [
                standing.rank.to_string(),
                standing.method.clone(),
                format!("{:.4}", standing.mean),
                standing
                    .standard_error
                    .map_or_else(String::new, |error| format!("{error:.4}")),
                standing.blocks.to_string(),
                match standing.faults {
                    0 => String::new(),
                    faults => faults.to_string(),
                },
                standing
                    .cut_after
                    .map_or_else(String::new, |round| format!("round {round}")),
            ]
        }),
        "no standings yet",
    )
}
