//! A race over a table, and the model that it leaves, for people.

use std::path::PathBuf;

use gauntlet_fit::{Card, Happened, Line, Metric};
use serde::Serialize;

use super::table::{self, Column};
use super::text::{counted, printable};

/// A model, as it is answered.
#[derive(Debug, Serialize)]
pub(crate) struct Fitted {
    metric: Metric,
    value: f64,
    baseline: f64,
    rows: usize,
    folds: usize,
    seconds: f64,
    leaderboard: Vec<Line>,
    folder: PathBuf,
}

impl Fitted {
    pub(crate) fn new(card: &Card, folder: PathBuf) -> Self {
        Self {
            metric: card.metric,
            value: card.value,
            baseline: card.baseline,
            rows: card.rows,
            folds: card.folds.len(),
            seconds: card.seconds,
            leaderboard: card.leaderboard.clone(),
            folder,
        }
    }
}

/// A line for what happens in a race.
pub(crate) fn event(event: &Happened, metric: Option<Metric>) -> Option<String> {
    let metric = metric.map_or("", Metric::as_str);
    match event {
        Happened::Scored {
            method,
            fold,
            value,
            is_final,
        } => {
            let how = if *is_final { "" } else { ", a short run" };
            Some(format!("{method}: {metric} {value:.4} on fold {fold}{how}").replace(":  ", ": "))
        }
        Happened::Failed { method, why } => Some(format!("{method} is out: {}", printable(why))),
        _ => None,
    }
}

/// The leaderboard, and where the model is.
pub(crate) fn fitted(fitted: &Fitted) -> String {
    let metric = fitted.metric.as_str();
    let number = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.4}"));
    let rows = fitted.leaderboard.iter().map(|line| {
        let value = match line.standard_error {
            Some(error) => format!("{} ± {error:.4}", number(line.value)),
            None => number(line.value),
        };
        let weight = match (line.weight > 0.0, &line.failure) {
            (true, _) => format!("{:.0} %", 100.0 * line.weight),
            (false, Some(why)) => printable(why),
            (false, None) => String::new(),
        };
        vec![line.method.clone(), value, number(line.first), weight]
    });
    let columns = [
        Column::Text("method"),
        Column::Number(metric),
        Column::Number("short run"),
        Column::Text("in the model"),
    ];
    let board = table::render(&columns, rows, "no method was raced");
    format!(
        "{board}\n\nthe model's {metric} is {:.4} on {} of {} that were held out in {} ({:.4} for who knows \
         the target alone), after {:.0} s\n\
         it is in {}\n\
         predict with: gauntlet predict {} TABLE -o predictions.csv",
        fitted.value,
        counted(fitted.rows, "row"),
        "the table",
        counted(fitted.folds, "fold"),
        fitted.baseline,
        fitted.seconds,
        fitted.folder.display(),
        fitted.folder.display(),
    )
}
