//! The folds of a table, on disk as the sandbox wants them.

use std::path::Path;

use gauntlet_table::plan::{Fitted, SplitBy, Splits};
use sha2::{Digest as _, Sha256};

use crate::ask::Ask;
use crate::data::Data;
use crate::error::FitError;
use crate::execute::{self, Labels, Matrix};
use crate::runs::Fold;
use crate::table::Table;
use crate::target::Target;

/// The fold in which each of the rows that have a target is held out: classes, or parts of the range,
/// are spread evenly, and what belongs together, as equal rows do, stays together.
pub(crate) fn deal(table: &Table, rows: &[usize], seed: u64) -> Vec<usize> {
    let mut hash = Sha256::new();
    hash.update(b"gauntlet/fit/folds/v1");
    hash.update(seed.to_be_bytes());
    let secret: [u8; 32] = hash.finalize().into();
    let by = SplitBy::of(&table.plan, &table.names, &table.batches);
    let splits = Splits::new(&secret, "fit", &table.labels, &by);
    let fold_of = splits.folds(folds_for(rows.len()), 0);
    rows.iter().map(|row| fold_of[*row].unwrap_or(0)).collect()
}

/// Folds for so many rows: where there are few, every one counts.
fn folds_for(rows: usize) -> usize {
    match rows {
        0..5_000 => 5,
        5_000..50_000 => 4,
        _ => 3,
    }
}

/// Writes every fold's files, encoded with what its own train rows say.
pub(crate) fn lay_out(
    table: &Table,
    data: &Data,
    fold_of: &[usize],
    ask: &Ask<'_>,
) -> Result<(Vec<Fold>, Vec<Fitted>), FitError> {
    let mut folds = Vec::new();
    let mut encodings = Vec::new();
    for fold in 0..folds_for(data.rows.len()) {
        let part = |held: bool| -> Vec<usize> {
            let places = 0..data.rows.len();
            places
                .filter(|place| (fold_of[*place] == fold) == held)
                .collect()
        };
        let (train, held_out) = (part(false), part(true));
        let in_table: Vec<usize> = train.iter().map(|place| data.rows[*place]).collect();
        let fault = FitError::data(ask.table);
        let (plan, names, batches) = (&table.plan, &table.names, &table.batches);
        let fitted = Fitted::fit(plan, names, batches, &in_table).map_err(&fault)?;
        let values = fitted
            .encode_train(plan, names, batches, &in_table)
            .map_err(&fault)?;
        let width = fitted.width();
        let target = match &data.target {
            Target::Classes { .. } => data.target.clone(),
            Target::Number { .. } => {
                let numbers: Vec<f64> = train.iter().map(|place| data.numbers[*place]).collect();
                Target::of_numbers(&numbers)
            }
        };
        let train_file = ask.scratch.join(format!("fold-{fold}.train.safetensors"));
        let inputs = Matrix {
            values: &values,
            width,
        };
        write_train(&train_file, inputs, &train, data, &target)?;
        let inputs_file = ask.scratch.join(format!("fold-{fold}.inputs.safetensors"));
        let held_in_table: Vec<usize> = held_out.iter().map(|place| data.rows[*place]).collect();
        let values = rows_of(&fitted, table, &held_in_table);
        let inputs = Matrix {
            values: &values,
            width,
        };
        execute::write_inputs(&inputs_file, inputs)?;
        folds.push(Fold {
            task: execute::task(&target, width, train.len()),
            numbers: (train.len() * width) as u64,
            train: train_file,
            inputs: inputs_file,
            held_out,
            target,
        });
        encodings.push(fitted);
    }
    Ok((folds, encodings))
}

fn write_train(
    path: &Path,
    inputs: Matrix<'_>,
    train: &[usize],
    data: &Data,
    target: &Target,
) -> Result<(), FitError> {
    match target {
        Target::Classes { .. } => {
            let classes = train.iter().map(|place| data.classes[*place] as i64);
            let classes: Vec<i64> = classes.collect();
            execute::write_train(path, inputs, Labels::Classes(&classes))
        }
        Target::Number {
            mean, deviation, ..
        } => {
            let small = |place: &usize| ((data.numbers[*place] - mean) / deviation) as f32;
            let numbers: Vec<f32> = train.iter().map(small).collect();
            execute::write_train(path, inputs, Labels::Numbers(&numbers))
        }
    }
}

/// Some rows of a table as numbers, in the order given, which is ascending.
fn rows_of(fitted: &Fitted, table: &Table, rows: &[usize]) -> Vec<f32> {
    let matching = fitted.matching(&table.names);
    let width = fitted.width();
    let mut values = Vec::with_capacity(rows.len() * width);
    let (mut start, mut wanted) = (0, rows.iter().peekable());
    for batch in &table.batches {
        let mut all = Vec::new();
        fitted.encode(&matching, batch, &mut all);
        while let Some(row) = wanted.next_if(|row| **row < start + batch.rows()) {
            let at = (row - start) * width;
            values.extend_from_slice(&all[at..at + width]);
        }
        start += batch.rows();
    }
    values
}
