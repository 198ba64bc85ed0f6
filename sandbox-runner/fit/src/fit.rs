//! From a table to a model.

use std::time::Instant;

use gauntlet_sandbox::Sandbox;

use crate::ask::Ask;
use crate::assemble;
use crate::data::Data;
use crate::error::FitError;
use crate::execute::Method;
use crate::folds;
use crate::model::{Card, Model};
use crate::race::{Happened, Race};
use crate::runs::Course;
use crate::table::Table;

/// Fits a model, and leaves it in the folder. Sentences that a person should know go to `note` before
/// the race, which `happened` follows.
///
/// # Errors
/// [`FitError`] that names the file, line and column, or why no method made a model.
pub async fn fit(
    sandbox: &Sandbox,
    ask: Ask<'_>,
    progress: &mut (dyn FnMut(u64) + Send),
    note: &mut (dyn FnMut(&str) + Send),
    happened: &mut (dyn FnMut(Happened) + Send),
) -> Result<Model, FitError> {
    let began = Instant::now();
    let table = Table::read(ask.table, &ask.options, &ask.wishes, progress)?;
    table.notes.iter().for_each(|text| note(text));
    let data = Data::of(&table, ask.table)?;
    let fitting = ask
        .methods
        .iter()
        .filter(|method| method.predicts.fits(&data.target));
    let methods: Vec<Method> = fitting.cloned().collect();
    if methods.is_empty() {
        return Err(FitError::NoMethods);
    }
    let metric = data.metric(ask.metric, ask.table)?;
    let truth = data.truth();
    let fold_of = folds::deal(&table, &data.rows, ask.seed);
    let (folds, encodings) = folds::lay_out(&table, &data, &fold_of, &ask)?;
    let race = Race {
        sandbox,
        methods: &methods,
        course: Course {
            folds: &folds,
            truth,
            metric,
            seed: ask.seed,
            budget: ask.budget,
            slots: ask.slots,
            scratch: ask.scratch,
        },
        began,
        stop: ask.stop.clone(),
    };
    let raced = race.run(happened).await?;
    let card = assemble::put_together(&ask, &table, &data, metric, &folds, &raced);
    let card = Card {
        seconds: began.elapsed().as_secs_f64(),
        ..card
    };
    assemble::leave(&ask, &card, &encodings, &raced)?;
    Model::open(ask.into)
}
