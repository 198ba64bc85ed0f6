//! Fits the encoding to train rows, and to nothing else.

use std::collections::{BTreeMap, HashMap};

use super::encode::length_of;
use super::exact::Exact;
use super::fitted::{Encoded, Fitted, FittedColumn, How, Scale, Statistics, Tally, What};
use super::target::Labels;
use super::value::Value;
use super::{ColumnPlan, Kind, Plan, Role, Task, moment};
use crate::{Batch, DataError};

/// Most different texts of a column that is encoded one-hot.
const MAX_ONE_HOT: usize = 64;
/// Most classes of which each gives a category a number.
const MAX_CLASSES: usize = 8;
/// Most numbers of a row.
const MAX_WIDTH: usize = 1 << 16;
/// Parts of the train rows; statistics of the target come from all but a row's own.
const FOLDS: usize = 5;
/// Places for the words of a text.
const TEXT_WIDTH: usize = 64;

/// Rows of a table that is in memory.
struct Rows<'a> {
    batches: &'a [Batch],
    starts: Vec<usize>,
}

impl<'a> Rows<'a> {
    fn new(batches: &'a [Batch]) -> Self {
        let starts = batches.iter().scan(0, |next, batch| {
            let start = *next;
            *next += batch.rows();
            Some(start)
        });
        Self {
            batches,
            starts: starts.collect(),
        }
    }

    /// Batch of a row and its place there.
    fn at(&self, row: usize) -> (&'a Batch, usize) {
        let index = self.starts.partition_point(|start| *start <= row) - 1;
        (&self.batches[index], row - self.starts[index])
    }

    fn value(&self, plan: &ColumnPlan, place: Option<usize>, row: usize) -> Value<'a> {
        let (batch, row) = self.at(row);
        let cells = place.and_then(|place| batch.columns.get(place));
        cells.map_or(Value::Missing, |cells| plan.read(cells.cell(row)))
    }
}

impl Fitted {
    /// Format that is written and read.
    pub const VERSION: u32 = 1;

    /// Fits to the rows `train`, counted over all batches of a table whose columns have these
    /// names. Columns that say nothing, because all train rows have the same value, are left out.
    ///
    /// # Errors
    /// If no column is left, or a row gives too many numbers.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn fit(
        plan: &Plan,
        names: &[String],
        batches: &[Batch],
        train: &[usize],
    ) -> Result<Self, DataError> {
        let rows = Rows::new(batches);
        let numbers = target_numbers(plan, names, &rows, train)?;
        let mut fitted = Self {
            version: Self::VERSION,
            columns: Vec::new(),
            outputs: Vec::new(),
        };
        let features = plan
            .columns
            .iter()
            .filter(|c| matches!(c.role, Role::Feature | Role::Time));
        for column in features {
            let place = names.iter().position(|name| *name == column.name);
            let read = train.iter().map(|row| rows.value(column, place, *row));
            let read: Vec<Value<'_>> = read.collect();
            let values = || read.iter().cloned();
            let present = values().filter(|value| !matches!(value, Value::Missing | Value::Unread));
            let flag = present.count() < train.len();
            let how = match column.kind {
                Kind::Text => texts(values()),
                Kind::Category | Kind::Identifier | Kind::Constant => {
                    categories(values(), &numbers)
                }
                Kind::Time => moments(values()),
                Kind::Number | Kind::Integer | Kind::Ordinal | Kind::Boolean | Kind::Counter => {
                    of_numbers(values())
                }
            };
            let Some((how, _)) = how.filter(|(_, varies)| *varies || flag) else {
                continue;
            };
            let fit = FittedColumn {
                plan: column.clone(),
                how,
                flag,
            };
            let range = range(values());
            fitted.outputs.extend(outputs(&fit, plan, range));
            fitted.columns.push(fit);
            if fitted.width() > MAX_WIDTH {
                return Err(DataError::new("a row gives too many numbers")
                    .limit(MAX_WIDTH as u64)
                    .cure("leave columns out with --drop"));
            }
        }
        if fitted.columns.is_empty() {
            return Err(DataError::new(
                "no column says anything about the target: all train rows are alike",
            ));
        }
        Ok(fitted)
    }

    /// The numbers of the rows that it was fitted to: what comes from the target comes from other
    /// train rows than a row's own fifth, so that a method is not shown its own answers.
    ///
    /// # Errors
    /// As [`Plan::targets_of`].
    ///
    /// # Panics
    /// If there is no such row.
    pub fn encode_train(
        &self,
        plan: &Plan,
        names: &[String],
        batches: &[Batch],
        train: &[usize],
    ) -> Result<Vec<f32>, DataError> {
        let rows = Rows::new(batches);
        let numbers = target_numbers(plan, names, &rows, train)?;
        let matching = self.matching(names);
        let mut out = Vec::with_capacity(train.len() * self.width());
        // Runs of rows of one batch go together.
        let batch_of = |row: &usize| rows.starts.partition_point(|start| start <= row) - 1;
        for run in train.chunk_by(|a, b| batch_of(a) == batch_of(b)) {
            let index = batch_of(&run[0]);
            let own: Vec<usize> = run.iter().map(|row| row - rows.starts[index]).collect();
            self.encode_rows(&matching, &batches[index], &own, &mut out);
        }
        let mut offset = 0;
        for column in &self.columns {
            if let How::Statistics(statistics) = &column.how {
                let place = names.iter().position(|name| *name == column.plan.name);
                let value = |row: &usize| rows.value(&column.plan, place, *row);
                let mut folds: HashMap<(usize, String), Tally> = HashMap::new();
                for (at, row) in train.iter().enumerate() {
                    if let (Value::Text(text), Some(numbers)) = (value(row), &numbers[at]) {
                        folds
                            .entry((at % FOLDS, text.into_owned()))
                            .or_default()
                            .add(numbers);
                    }
                }
                let nothing = Tally::default();
                for (at, row) in train.iter().enumerate() {
                    if let Value::Text(text) = value(row)
                        && let Some(all) = statistics.categories.get(text.as_ref())
                    {
                        let own = folds
                            .get(&(at % FOLDS, text.into_owned()))
                            .unwrap_or(&nothing);
                        let from = at * self.width() + offset;
                        statistics.write(&all.without(own), &mut out[from..]);
                        // How frequent it is says nothing of the target.
                        out[from + statistics.prior.len()] = all.frequency(statistics.rows);
                    }
                }
            }
            offset += column.width();
        }
        Ok(out)
    }
}

/// What the target gives a category to count: ones for classes, or the numbers.
fn target_numbers(
    plan: &Plan,
    names: &[String],
    rows: &Rows<'_>,
    train: &[usize],
) -> Result<Vec<Option<Vec<f64>>>, DataError> {
    let mut all: Option<Labels> = None;
    for batch in rows.batches {
        let labels = plan.targets_of(names, batch)?;
        match &mut all {
            Some(all) => all.append(labels),
            None => all = Some(labels),
        }
    }
    let classes = match &plan.task {
        Task::Classification { classes } => classes.len(),
        Task::Regression { .. } => 0,
    };
    let of_row = |row: &usize| match &all {
        Some(Labels::Classes(labels)) => {
            let label = labels[*row]? as usize;
            Some(match classes {
                2 => vec![f64::from(u8::from(label == 1))],
                3..=MAX_CLASSES => (0..classes)
                    .map(|class| f64::from(u8::from(class == label)))
                    .collect(),
                _ => Vec::new(),
            })
        }
        Some(Labels::Numbers(numbers)) => numbers[*row].clone(),
        None => None,
    };
    Ok(train.iter().map(of_row).collect())
}

/// How a column becomes numbers, and whether its values differ.
type Fit = Option<(How, bool)>;

/// Month, weekday and hour.
type Parts = (u8, u8, f64);

fn only_numbers<'a>(values: impl Iterator<Item = Value<'a>>) -> Vec<f64> {
    let number = |value| match value {
        Value::Number(number) => Some(number),
        _ => None,
    };
    values.filter_map(number).collect()
}

fn of_numbers<'a>(values: impl Iterator<Item = Value<'a>>) -> Fit {
    let mut numbers = only_numbers(values);
    let scale = Scale::of(&mut numbers)?;
    Some((How::Number(scale), numbers.first() < numbers.last()))
}

fn moments<'a>(values: impl Iterator<Item = Value<'a>>) -> Fit {
    let mut seconds = only_numbers(values);
    let scale = Scale::of(&mut seconds)?;
    let parts: Vec<Parts> = seconds.iter().filter_map(|at| moment::parts(*at)).collect();
    let varies = |differ: fn(&Parts, &Parts) -> bool| {
        parts
            .first()
            .is_some_and(|first| parts.iter().any(|other| differ(first, other)))
    };
    let how = How::Moment {
        scale,
        month: varies(|a, b| a.0 != b.0),
        weekday: varies(|a, b| a.1 != b.1),
        hour: varies(|a, b| a.2 != b.2),
    };
    Some((how, seconds.first() < seconds.last()))
}

fn texts<'a>(values: impl Iterator<Item = Value<'a>>) -> Fit {
    let length = |value| match value {
        Value::Text(text) => Some(length_of(&text)),
        _ => None,
    };
    let mut lengths: Vec<f64> = values.filter_map(length).collect();
    let length = Scale::of(&mut lengths)?;
    Some((
        How::Text {
            width: TEXT_WIDTH,
            length,
        },
        true,
    ))
}

fn categories<'a>(values: impl Iterator<Item = Value<'a>>, numbers: &[Option<Vec<f64>>]) -> Fit {
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    for (value, numbers) in values.zip(numbers) {
        if let (Value::Text(text), Some(numbers)) = (value, numbers) {
            match tallies.get_mut(text.as_ref()) {
                Some(tally) => tally.add(numbers),
                None => tallies.entry(text.into_owned()).or_default().add(numbers),
            }
        }
    }
    let varies = tallies.len() > 1;
    if tallies.len() <= MAX_ONE_HOT {
        let categories: Vec<String> = tallies.into_keys().collect();
        return (!categories.is_empty()).then_some((How::OneHot { categories }, varies));
    }
    let known: Vec<&Vec<f64>> = numbers.iter().flatten().collect();
    let width = known.first().map_or(0, |first| first.len());
    let prior = (0..width).map(|place| {
        let count = known.len() as f64;
        let mean: f64 = known.iter().map(|numbers| numbers[place] / count).sum();
        let squares = known
            .iter()
            .map(|numbers| (numbers[place] - mean).powi(2) / count);
        let deviation = squares.sum::<f64>().sqrt();
        let good = deviation > 0.0 && deviation.is_finite();
        (Exact(mean), Exact(if good { deviation } else { 1.0 }))
    });
    let statistics = Statistics {
        prior: prior.collect(),
        categories: tallies,
        rows: numbers.len() as f64,
    };
    Some((How::Statistics(statistics), varies))
}

/// Smallest and largest number of the train rows.
fn range<'a>(values: impl Iterator<Item = Value<'a>>) -> (f64, f64) {
    let numbers = only_numbers(values);
    let min = numbers.iter().copied().fold(f64::INFINITY, f64::min);
    let max = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if min <= max { (min, max) } else { (0.0, 0.0) }
}

/// Describes the numbers that a column gives.
fn outputs(column: &FittedColumn, plan: &Plan, (min, max): (f64, f64)) -> Vec<Encoded> {
    let source = &column.plan.name;
    let mut outputs = Vec::with_capacity(column.width());
    let mut add = |name: String, what: What| {
        outputs.push(Encoded {
            name,
            source: source.clone(),
            what,
        });
    };
    match &column.how {
        How::Number(_) => add(source.clone(), What::Number { min, max }),
        How::Moment {
            month,
            weekday,
            hour,
            ..
        } => {
            add(source.clone(), What::Number { min, max });
            let parts = [
                (*month, "month", 12.0),
                (*weekday, "weekday", 7.0),
                (*hour, "hour", 24.0),
            ];
            for (_, part, period) in parts.into_iter().filter(|(is, ..)| *is) {
                add(format!("{source} {part} sin"), What::Cyclic { period });
                add(format!("{source} {part} cos"), What::Cyclic { period });
            }
        }
        How::OneHot { categories } => {
            for category in categories {
                let what = What::OneHot {
                    category: category.clone(),
                    cardinality: categories.len(),
                };
                add(format!("{source}={category}"), what);
            }
        }
        How::Statistics(statistics) => {
            let cardinality = statistics.categories.len();
            let several = statistics.prior.len() > 1;
            for place in 0..statistics.prior.len() {
                let of = match &plan.task {
                    Task::Classification { classes } if several => {
                        format!(" of {}", classes[place])
                    }
                    Task::Regression { .. } if several => format!(" of target {}", place + 1),
                    _ => String::new(),
                };
                add(
                    format!("{source} mean{of}"),
                    What::Statistic { cardinality },
                );
            }
            add(
                format!("{source} frequency"),
                What::Frequency { cardinality },
            );
        }
        How::Text { width, .. } => {
            for place in 0..*width {
                add(
                    format!("{source} words {place}"),
                    What::Hashed { width: *width },
                );
            }
            add(
                format!("{source} length"),
                What::Number { min: 0.0, max: 0.0 },
            );
        }
    }
    if column.flag {
        add(format!("{source} missing"), What::Missing);
    }
    outputs
}
