//! The best of a race, put together to one model and written down.

use std::path::{Path, PathBuf};

use gauntlet_table::plan::Fitted;
use sha2::{Digest as _, Sha256};

use crate::ask::Ask;
use crate::calibration;
use crate::data::Data;
use crate::ensemble;
use crate::error::FitError;
use crate::metric::{Metric, Truth};
use crate::model::{self, Card, FoldCard, Line, Member};
use crate::raced::{Entrant, Finalist, Raced};
use crate::runs::Fold;
use crate::table::Table;
use crate::target::Target;

/// Members that say less than this say nothing.
const LEAST_WEIGHT: f64 = 0.02;

/// What the model is: chosen, weighed and calibrated on rows that were held out.
pub(crate) fn put_together(
    ask: &Ask<'_>,
    table: &Table,
    data: &Data,
    metric: Metric,
    folds: &[Fold],
    raced: &Raced,
) -> Card {
    let width = data.target.width();
    // Of one fold alone there are predictions for its rows only.
    let seen: Vec<usize> = (0..data.rows.len())
        .filter(|place| !raced.finalists[0].held_out[place * width].is_nan())
        .collect();
    let classes: Vec<usize> = pick(&data.classes, &seen);
    let numbers: Vec<f64> = pick(&data.numbers, &seen);
    let truth = match data.target {
        Target::Classes { .. } => Truth::Classes(&classes),
        Target::Number { .. } => Truth::Numbers(&numbers),
    };
    let said = |finalist: &Finalist| -> Vec<f64> {
        let rows = seen.iter();
        rows.flat_map(|place| {
            finalist.held_out[place * width..(place + 1) * width]
                .iter()
                .copied()
        })
        .collect()
    };
    let members: Vec<Vec<f64>> = raced.finalists.iter().map(said).collect();
    let members: Vec<&[f64]> = members.iter().map(Vec::as_slice).collect();
    let weights = significant(ensemble::select(metric, truth, &members, width));
    let mut mixed = ensemble::mix(&members, &weights);
    let mut temperature = 1.0;
    if matches!(data.target, Target::Classes { .. }) {
        temperature = calibration::temperature(&classes, &mixed, width);
        mixed = calibration::warm(&mixed, width, temperature);
    }
    let mut leaderboard = leaderboard(metric, truth, &members, &weights, raced, width);
    leaderboard.sort_by(|a, b| {
        let rank = |line: &Line| {
            let sign = if metric.is_a_loss() { 1.0 } else { -1.0 };
            let by = |value: Option<f64>| value.map_or(f64::INFINITY, |value| sign * value);
            (by(line.value), by(line.first))
        };
        let ((a_value, a_first), (b_value, b_first)) = (rank(a), rank(b));
        a_value
            .total_cmp(&b_value)
            .then(a_first.total_cmp(&b_first))
    });
    let used = raced
        .finalists
        .iter()
        .zip(&weights)
        .filter(|(_, weight)| **weight > 0.0);
    let members = used.map(|(finalist, weight)| {
        let module = ask
            .methods
            .iter()
            .find(|method| method.name == finalist.name);
        let module = module
            .map(|method| method.module.as_slice())
            .unwrap_or_default();
        let digest = hex::encode(Sha256::digest(module));
        Member {
            method: finalist.name.clone(),
            module: PathBuf::from(format!("{}.wasm", finalist.name)),
            digest,
            weight: *weight,
            models: (0..raced.folds)
                .map(|fold| PathBuf::from(format!("{}-{fold}.safetensors", finalist.name)))
                .collect(),
        }
    });
    Card {
        version: model::version(),
        made_by: concat!("gauntlet ", env!("CARGO_PKG_VERSION")).to_owned(),
        plan: table.plan.clone(),
        target: data.target.clone(),
        metric,
        value: metric.value(truth, &mixed, width),
        baseline: data.baseline(metric),
        temperature,
        rows: data.rows.len(),
        folds: folds
            .iter()
            .take(raced.folds)
            .enumerate()
            .map(|(nth, fold)| FoldCard {
                encoding: PathBuf::from(format!("encoding-{nth}.json")),
                target: fold.target.clone(),
                train_rows: fold.task.train_rows,
            })
            .collect(),
        members: members.collect(),
        leaderboard,
        seconds: 0.0,
        seed: ask.seed,
    }
}

fn pick<T: Copy>(values: &[T], places: &[usize]) -> Vec<T> {
    if values.is_empty() {
        return Vec::new();
    }
    places.iter().map(|place| values[*place]).collect()
}

/// Leaves out who says next to nothing: each member costs whoever predicts.
fn significant(weights: Vec<f64>) -> Vec<f64> {
    let kept = |weight: f64| if weight < LEAST_WEIGHT { 0.0 } else { weight };
    let sum: f64 = weights.iter().copied().map(kept).sum();
    weights
        .into_iter()
        .map(|weight| kept(weight) / sum)
        .collect()
}

fn leaderboard(
    metric: Metric,
    truth: Truth<'_>,
    members: &[&[f64]],
    weights: &[f64],
    raced: &Raced,
    width: usize,
) -> Vec<Line> {
    let line = |entrant: &Entrant| {
        let at = raced
            .finalists
            .iter()
            .position(|it| it.name == entrant.name);
        let finalist = at.map(|at| &raced.finalists[at]);
        Line {
            method: entrant.name.clone(),
            value: at.map(|at| metric.value(truth, members[at], width)),
            standard_error: finalist.and_then(|finalist| standard_error(&finalist.values)),
            first: entrant.first,
            weight: at.map_or(0.0, |at| weights[at]),
            work: finalist.map(|finalist| finalist.work),
            failure: entrant.failure.clone(),
        }
    };
    raced.entrants.iter().map(line).collect()
}

/// Of the mean over folds; `None` for one alone.
fn standard_error(values: &[f64]) -> Option<f64> {
    let count = values.len() as f64;
    if values.len() < 2 {
        return None;
    }
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    Some((squares / (count - 1.0) / count).sqrt())
}

/// Writes all files of the model.
pub(crate) fn leave(
    ask: &Ask<'_>,
    card: &Card,
    encodings: &[Fitted],
    raced: &Raced,
) -> Result<(), FitError> {
    let put = |name: &Path, bytes: &[u8]| {
        let path = ask.into.join(name);
        std::fs::write(&path, bytes).map_err(FitError::file("write", &path))
    };
    for (fold, fitted) in card.folds.iter().zip(encodings) {
        let text = serde_json::to_vec(fitted).map_err(|error| FitError::Model {
            path: ask.into.to_owned(),
            problem: error.to_string(),
        })?;
        put(&fold.encoding, &text)?;
    }
    for member in &card.members {
        if let Some(method) = ask.methods.iter().find(|it| it.name == member.method) {
            put(&member.module, &method.module)?;
        }
        let finalist = raced.finalists.iter().find(|it| it.name == member.method);
        for (from, to) in finalist
            .iter()
            .flat_map(|it| &it.models)
            .zip(&member.models)
        {
            let to = ask.into.join(to);
            std::fs::copy(from, &to).map_err(FitError::file("write", &to))?;
        }
    }
    model::write(ask.into, card)
}
