//! What all rows together tell that a person should know.

use std::collections::{BTreeMap, HashMap};

use super::fitted::Scale;
use super::target::Labels;
use super::value::Value;
use super::warning::{Warning, wish};
use super::{ColumnPlan, Plan, Role, SplitBy, Task, words};
use crate::{Batch, DataError};

/// Share of rows whose class one column's value tells from other rows, beyond which it gives the target away.
const GIVEN_AWAY: f64 = 0.995;
/// Least rows for a judgement on shares.
const ENOUGH: usize = 50;
/// Rows that tell whether a column gives the target away; of more, every so many.
const MOST_LOOKED_AT: usize = 50_000;
/// Rows below which no result says much.
const FEW: usize = 20;
/// Share of rows in one class, beyond which accuracy says little.
const IMBALANCE: f64 = 0.9;
/// Difference of two distributions, from 0 to 1, that people should hear of.
const DRIFT: f64 = 0.2;
/// Bins of a column with many numbers.
const BINS: usize = 32;

/// Warnings of a table that is in memory.
///
/// # Errors
/// As [`Plan::targets_of`].
pub fn of_rows(
    plan: &Plan,
    names: &[String],
    batches: &[Batch],
) -> Result<Vec<Warning>, DataError> {
    let mut labels: Option<Labels> = None;
    for batch in batches {
        let more = plan.targets_of(names, batch)?;
        match &mut labels {
            Some(labels) => labels.append(more),
            None => labels = Some(more),
        }
    }
    let Some(labels) = labels else {
        return Ok(Vec::new());
    };
    let mut warnings = Vec::new();
    if labels.len() < FEW {
        let text = format!(
            "{} rows are too few to learn from and to be judged by",
            labels.len()
        );
        warnings.push(Warning::new("few-rows", text));
    }
    let unknown = (0..labels.len())
        .filter(|row| !labels.is_known(*row))
        .count();
    if unknown > 0 {
        let text = format!("{unknown} rows have no target and are the rows to predict");
        warnings.push(Warning::new("rows-to-predict", text));
    }
    if let (Task::Classification { classes }, Labels::Classes(rows)) = (&plan.task, &labels) {
        of_classes(classes, rows, &mut warnings);
    }
    duplicates(&SplitBy::of(plan, names, batches), plan, &mut warnings);
    let step = labels.len().div_ceil(MOST_LOOKED_AT).max(1);
    let some = every(&labels, step);
    for column in plan.of_role(Role::Feature) {
        let mut values = values(column, names, batches);
        absurd(column, &values, &mut warnings);
        values.numbers = values.numbers.into_iter().step_by(step).collect();
        given_away(column, &values, &some, &mut warnings);
    }
    Ok(warnings)
}

/// Those of every so many rows.
fn every(labels: &Labels, step: usize) -> Labels {
    match labels {
        Labels::Classes(rows) => Labels::Classes(rows.iter().copied().step_by(step).collect()),
        Labels::Numbers(rows) => Labels::Numbers(rows.iter().step_by(step).cloned().collect()),
    }
}

fn of_classes(classes: &[String], rows: &[Option<u32>], warnings: &mut Vec<Warning>) {
    let mut counts = vec![0_usize; classes.len()];
    rows.iter()
        .flatten()
        .for_each(|class| counts[*class as usize] += 1);
    let all: usize = counts.iter().sum();
    for (class, count) in classes.iter().zip(&counts).filter(|(_, count)| **count < 2) {
        let like = |(other, often): &(&String, &usize)| {
            let (a, b) = (class.to_lowercase(), other.to_lowercase());
            **often > 9 && (a == b || (a.len() > 3 && strsim::damerau_levenshtein(&a, &b) == 1))
        };
        let near = classes.iter().zip(&counts).find(like);
        let text = format!(
            "class `{}` has {count} row: nothing can judge it",
            words::short(class)
        );
        let warning = Warning::new("rare-class", text);
        warnings.push(match near {
            Some((near, often)) => warning.cure(format!(
                "is it `{}`, of {often} rows, misspelt?",
                words::short(near)
            )),
            None => warning.cure("leave it out, or bring more rows of it"),
        });
    }
    let most = classes.iter().zip(&counts).max_by_key(|(_, count)| **count);
    if let Some((class, count)) = most.filter(|(_, count)| **count as f64 > all as f64 * IMBALANCE)
    {
        let share = 100.0 * *count as f64 / all as f64;
        let text = format!(
            "{share:.1} % of the rows are of class `{}`: accuracy says little",
            words::short(class)
        );
        warnings.push(
            Warning::new("imbalance", text).cure("let balanced accuracy, log loss or AUC decide"),
        );
    }
}

fn duplicates(by: &SplitBy, plan: &Plan, warnings: &mut Vec<Warning>) {
    if plan.of_role(Role::Group).next().is_some() {
        return;
    }
    if let SplitBy::Keys(keys) = by {
        let mut sorted = keys.clone();
        sorted.sort_unstable();
        let again = sorted.windows(2).filter(|pair| pair[0] == pair[1]).count();
        if again > 0 {
            let text =
                format!("{again} rows repeat another; equal rows stay on one side of a split");
            warnings.push(Warning::new("duplicates", text));
        }
    }
}

/// Values of a column: numbers as they are, texts as their places, NaN where there is none.
struct Values {
    numbers: Vec<f64>,
    /// Texts, if there are, in the order in which they came.
    texts: Vec<String>,
}

fn values(column: &ColumnPlan, names: &[String], batches: &[Batch]) -> Values {
    let place = names.iter().position(|name| *name == column.name);
    let rows = batches
        .iter()
        .flat_map(|batch| (0..batch.rows()).map(move |row| (batch, row)));
    let mut seen: HashMap<String, usize> = HashMap::new();
    let number = |(batch, row): (&Batch, usize)| {
        let cells = place.and_then(|place| batch.columns.get(place));
        match cells.map_or(Value::Missing, |cells| column.read(cells.cell(row))) {
            Value::Number(number) => number,
            Value::Text(text) => match seen.get(text.as_ref()) {
                Some(place) => *place as f64,
                None => {
                    let next = seen.len();
                    seen.insert(text.into_owned(), next);
                    next as f64
                }
            },
            Value::Missing | Value::Unread => f64::NAN,
        }
    };
    let numbers = rows.map(number).collect();
    let mut texts = vec![String::new(); seen.len()];
    seen.into_iter()
        .for_each(|(text, place)| texts[place] = text);
    Values { numbers, texts }
}

impl Values {
    /// Those that are there, from the smallest.
    fn sorted(&self) -> Vec<f64> {
        let mut sorted: Vec<f64> = self
            .numbers
            .iter()
            .copied()
            .filter(|n| !n.is_nan())
            .collect();
        sorted.sort_unstable_by(f64::total_cmp);
        sorted
    }

    /// A small number for each row: equal values' own, or a bin of many numbers; 0 is missing.
    fn bins(&self) -> Vec<usize> {
        let sorted = self.sorted();
        let mut different = sorted.clone();
        different.dedup();
        if self.texts.is_empty() && different.len() > BINS {
            different = (1..BINS)
                .map(|bin| sorted[bin * sorted.len() / BINS])
                .collect();
            different.dedup();
        }
        let bin = |number: &f64| {
            if number.is_nan() {
                0
            } else {
                1 + different.partition_point(|own| own <= number)
            }
        };
        self.numbers.iter().map(bin).collect()
    }
}

fn absurd(column: &ColumnPlan, values: &Values, warnings: &mut Vec<Warning>) {
    let mut sorted = values.sorted();
    if !values.texts.is_empty() || sorted.len() < 20 {
        return;
    }
    if let Some(scale) = Scale::of(&mut sorted) {
        let beyond = sorted
            .iter()
            .filter(|v| **v < scale.low || **v > scale.high);
        let count = beyond.clone().count();
        if let Some(value) = beyond.max_by(|a, b| a.abs().total_cmp(&b.abs())) {
            let text = format!(
                "{count} values are absurd, such as {value}, and count as {} or {}",
                scale.low, scale.high
            );
            warnings.push(Warning::new("absurd", text).column(&column.name));
        }
    }
}

/// Whether a column alone tells the target of rows from that of others with its value.
fn given_away(column: &ColumnPlan, values: &Values, labels: &Labels, warnings: &mut Vec<Warning>) {
    let told = match labels {
        Labels::Classes(classes) => told_classes(&values.bins(), classes),
        Labels::Numbers(numbers) if values.texts.is_empty() => {
            told_numbers(&values.numbers, numbers)
        }
        Labels::Numbers(_) => None,
    };
    if let Some(share) = told.filter(|share| *share > GIVEN_AWAY) {
        let text = format!(
            "tells the target by itself ({:.1} %): is it known before the target is?",
            share * 100.0
        );
        warnings.push(
            Warning::new("gives-away", text)
                .column(&column.name)
                .cure(format!("if it is not, {}", wish("drop", &column.name, ""))),
        );
    }
}

/// Share of rows whose class most other rows of their bin have; none where most rows are of one class anyway.
fn told_classes(bins: &[usize], classes: &[Option<u32>]) -> Option<f64> {
    let mut counts: BTreeMap<usize, BTreeMap<u32, usize>> = BTreeMap::new();
    let mut all: BTreeMap<u32, usize> = BTreeMap::new();
    for (bin, class) in bins.iter().zip(classes) {
        if let Some(class) = class {
            *counts.entry(*bin).or_default().entry(*class).or_default() += 1;
            *all.entry(*class).or_default() += 1;
        }
    }
    let rows: usize = all.values().sum();
    let most = *all.values().max()?;
    if rows < ENOUGH || most as f64 > rows as f64 * IMBALANCE {
        return None;
    }
    let told = counts.values().map(|own| {
        let mut counts: Vec<usize> = own.values().copied().collect();
        counts.sort_unstable();
        match counts.as_slice() {
            // Another row has to tell it.
            [.., second, first] if first > second => *first,
            [only] if *only > 1 => *only,
            _ => 0,
        }
    });
    Some(told.sum::<usize>() as f64 / rows as f64)
}

/// Squared correlation with the first number that is to be predicted.
fn told_numbers(values: &[f64], numbers: &[Option<Vec<f64>>]) -> Option<f64> {
    let pairs: Vec<(f64, f64)> = values
        .iter()
        .zip(numbers)
        .filter_map(|(x, y)| Some((*x, *y.as_ref()?.first()?)))
        .filter(|(x, _)| !x.is_nan())
        .collect();
    if pairs.len() < ENOUGH {
        return None;
    }
    let count = pairs.len() as f64;
    let (mx, my) = pairs
        .iter()
        .fold((0.0, 0.0), |(a, b), (x, y)| (a + x / count, b + y / count));
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for (x, y) in &pairs {
        xx += (x - mx) * (x - mx);
        yy += (y - my) * (y - my);
        xy += (x - mx) * (y - my);
    }
    Some(xy * xy / xx / yy).filter(|r2| r2.is_finite())
}

/// How another table of a plan's columns differs from the one that is learnt from.
#[must_use]
pub fn drift(
    plan: &Plan,
    train: (&[String], &[Batch]),
    test: (&[String], &[Batch]),
) -> Vec<Warning> {
    let mut warnings = Vec::new();
    for column in plan.of_role(Role::Feature) {
        if !test.0.contains(&column.name) {
            warnings.push(
                Warning::new("missing-column", "is not in the other file").column(&column.name),
            );
            continue;
        }
        let (a, b) = (
            values(column, train.0, train.1),
            values(column, test.0, test.1),
        );
        let missing = |values: &Values| {
            values.numbers.iter().filter(|n| n.is_nan()).count() as f64
                / values.numbers.len().max(1) as f64
        };
        let (lost, lost_there) = (missing(&a), missing(&b));
        if (lost - lost_there).abs() > DRIFT {
            let text = format!(
                "{:.0} % are missing, {:.0} % in the other file",
                lost * 100.0,
                lost_there * 100.0
            );
            warnings.push(Warning::new("drift", text).column(&column.name));
        }
        if a.numbers.len() < ENOUGH || b.numbers.len() < ENOUGH {
            continue;
        }
        let differ = if a.texts.is_empty() && b.texts.is_empty() {
            ranks_differ(&a.sorted(), &b.sorted())
        } else {
            shares_differ(&a, &b)
        };
        if differ > DRIFT {
            let text = format!(
                "is distributed otherwise in the other file (by {:.0} %)",
                differ * 100.0
            );
            warnings.push(Warning::new("drift", text).column(&column.name));
        }
    }
    warnings
}

/// Largest difference of two shares of values up to a number (Kolmogorov and Smirnov's).
fn ranks_differ(a: &[f64], b: &[f64]) -> f64 {
    if a.is_empty() || b.is_empty() {
        return 0.0;
    }
    let share = |values: &[f64], number: f64| {
        values.partition_point(|own| *own <= number) as f64 / values.len() as f64
    };
    a.iter()
        .chain(b)
        .map(|number| (share(a, *number) - share(b, *number)).abs())
        .fold(0.0, f64::max)
}

/// Half the sum of differences of the categories' shares.
fn shares_differ(a: &Values, b: &Values) -> f64 {
    let mut shares: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
    for (values, first) in [(a, true), (b, false)] {
        let there: Vec<&f64> = values.numbers.iter().filter(|n| !n.is_nan()).collect();
        for number in &there {
            let Some(text) = values.texts.get(**number as usize) else {
                continue;
            };
            let share = shares.entry(text).or_default();
            let own = if first { &mut share.0 } else { &mut share.1 };
            *own += 1.0 / there.len() as f64;
        }
    }
    shares.values().map(|(a, b)| (a - b).abs() / 2.0).sum()
}
