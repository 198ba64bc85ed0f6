//! From a table to a model.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use gauntlet_sandbox::Sandbox;
use gauntlet_table::DataError;
use gauntlet_table::plan::{Fitted, Labels as Known, SplitBy, Splits, Task, Wishes};
use gauntlet_table::read::Options;
use sha2::{Digest as _, Sha256};
use tokio_util::sync::CancellationToken;

use crate::calibration;
use crate::ensemble;
use crate::error::FitError;
use crate::execute::{self, Labels, Matrix, Method};
use crate::metric::{Metric, Truth};
use crate::model::{self, Card, FoldCard, Line, Member, Model};
use crate::race::{Finalist, Fold, Happened, Race, Raced};
use crate::table::Table;
use crate::target::Target;

/// Fewer rows cannot be split.
const LEAST_ROWS: usize = 10;
/// Members that say less than this say nothing.
const LEAST_WEIGHT: f64 = 0.02;

/// What is asked for.
#[derive(Debug)]
pub struct Ask<'a> {
    /// The table's file.
    pub table: &'a Path,
    /// How it is read, where that is not to be found out.
    pub options: Options,
    /// What is said of its columns.
    pub wishes: Wishes,
    /// The methods to race.
    pub methods: &'a [Method],
    /// What decides; else log loss, or root of the mean squared error.
    pub metric: Option<Metric>,
    /// Time for all of it.
    pub budget: Duration,
    /// Seed of folds and runs.
    pub seed: u64,
    /// Runs at the same time.
    pub slots: usize,
    /// A folder that is there and empty, for the model.
    pub into: &'a Path,
    /// A folder for files on the way.
    pub scratch: &'a Path,
    /// Ends the race early; what there is then is the model.
    pub stop: CancellationToken,
}

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
    let fold_of = folds(&table, &data.rows, ask.seed);
    let (folds, encodings) = lay_out(&table, &data, &fold_of, &ask)?;
    let race = Race {
        sandbox,
        methods: &methods,
        folds: &folds,
        truth,
        metric,
        seed: ask.seed,
        began,
        budget: ask.budget,
        slots: ask.slots,
        scratch: ask.scratch,
        stop: ask.stop.clone(),
    };
    let raced = race.run(happened).await?;
    let card = put_together(&ask, &table, &data, metric, &folds, &raced);
    let card = Card {
        seconds: began.elapsed().as_secs_f64(),
        ..card
    };
    leave(&ask, &card, &encodings, &raced)?;
    Model::open(ask.into)
}

/// The rows that have a target.
struct Data {
    target: Target,
    /// Their places in the table.
    rows: Vec<usize>,
    classes: Vec<usize>,
    numbers: Vec<f64>,
}

impl Data {
    fn of(table: &Table, path: &Path) -> Result<Self, FitError> {
        let rows = table.known();
        if rows.len() < LEAST_ROWS {
            let problem = format!("has {} rows with a target", rows.len());
            let error = DataError::new(problem)
                .limit(LEAST_ROWS as u64)
                .cure("bring more rows");
            return Err(FitError::data(path)(error));
        }
        let (classes, numbers) = match &table.labels {
            Known::Classes(classes) => {
                let known = rows.iter().filter_map(|row| classes[*row]);
                (known.map(|class| class as usize).collect(), Vec::new())
            }
            Known::Numbers(numbers) => {
                let known = rows
                    .iter()
                    .filter_map(|row| numbers[*row].as_ref()?.first());
                (Vec::new(), known.copied().collect())
            }
        };
        let target = match &table.plan.task {
            Task::Classification { classes } => Target::Classes {
                names: classes.clone(),
            },
            Task::Regression { .. } => Target::of_numbers(&numbers),
        };
        Ok(Self {
            target,
            rows,
            classes,
            numbers,
        })
    }

    fn truth(&self) -> Truth<'_> {
        match self.target {
            Target::Classes { .. } => Truth::Classes(&self.classes),
            Target::Number { .. } => Truth::Numbers(&self.numbers),
        }
    }

    fn metric(&self, asked: Option<Metric>, path: &Path) -> Result<Metric, FitError> {
        let classes = matches!(self.target, Target::Classes { .. });
        let metric = asked.unwrap_or(if classes {
            Metric::LogLoss
        } else {
            Metric::Rmse
        });
        if metric.is_of_classes() == classes {
            return Ok(metric);
        }
        let what = if classes { "classes" } else { "numbers" };
        let fitting = Metric::ALL
            .into_iter()
            .filter(|it| it.is_of_classes() == classes);
        let fitting: Vec<&str> = fitting.map(Metric::as_str).collect();
        let problem = format!("{} is not for {what}, which are predicted", metric.as_str());
        let error = DataError::new(problem).cure(format!("choose of {}", fitting.join(", ")));
        Err(FitError::data(path)(error))
    }

    /// Predictions of one who knows the target and nothing else: the classes' shares, or the mean.
    fn baseline(&self, metric: Metric) -> f64 {
        let width = self.target.width();
        let row = match &self.target {
            Target::Classes { names } => {
                let mut shares = vec![0.0; names.len()];
                let share = 1.0 / self.classes.len() as f64;
                self.classes
                    .iter()
                    .for_each(|class| shares[*class] += share);
                shares
            }
            Target::Number { mean, .. } => vec![*mean],
        };
        metric.value(self.truth(), &row.repeat(self.rows.len()), width)
    }
}

/// The fold in which each of the rows that have a target is held out: classes, or parts of the range,
/// are spread evenly, and what belongs together, as equal rows do, stays together.
fn folds(table: &Table, rows: &[usize], seed: u64) -> Vec<usize> {
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
fn lay_out(
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

fn put_together(
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
    let line = |entrant: &crate::race::Entrant| {
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
fn leave(ask: &Ask<'_>, card: &Card, encodings: &[Fitted], raced: &Raced) -> Result<(), FitError> {
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
