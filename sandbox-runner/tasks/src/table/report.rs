//! What is in a table, for the person who brings it.

use std::collections::HashSet;

use super::column::{Column, Values};
use super::memory::Table;

/// What a column holds.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct ColumnReport {
    /// Its name.
    pub name: String,
    /// Numbers or texts.
    pub r#type: ColumnType,
    /// Rows where it is missing.
    pub missing: usize,
    /// Different values; of numbers counted up to 1001.
    pub distinct: usize,
    /// Smallest number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// Mean of the numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean: Option<f64>,
    /// Largest number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
}

/// Numbers or texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnType {
    /// Numbers, which are standardised.
    Number,
    /// Texts, which are categories.
    Text,
}

/// Distinct numbers are counted no further than this.
const MOST_DISTINCT: usize = 1001;

impl Table {
    pub(crate) fn report(&self) -> Vec<ColumnReport> {
        self.columns.iter().map(report).collect()
    }
}

fn report(column: &Column) -> ColumnReport {
    let name = column.name.clone();
    let distinct = match &column.values {
        Values::Numbers(numbers) => {
            let mut counts = Counts::default();
            let there = numbers.iter().filter(|number| !number.is_nan());
            there.for_each(|number| counts.add(*number, 1));
            return counts.report(name, column.missing);
        }
        Values::Texts { texts, .. } => texts.len(),
        Values::Mess { .. } => usize::MAX,
    };
    ColumnReport::of_texts(name, column.missing, distinct)
}

impl ColumnReport {
    /// A column of texts.
    pub(crate) fn of_texts(name: String, missing: usize, distinct: usize) -> Self {
        Self {
            name,
            r#type: ColumnType::Text,
            missing,
            distinct,
            min: None,
            mean: None,
            max: None,
        }
    }
}

/// What is counted of numbers.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    seen: HashSet<u64>,
    count: usize,
    sum: f64,
    bounds: Option<(f64, f64)>,
}

impl Counts {
    /// A number that is there so many times.
    pub(crate) fn add(&mut self, number: f64, times: usize) {
        if self.seen.len() < MOST_DISTINCT {
            self.seen.insert(number.to_bits());
        }
        self.count += times;
        self.sum += number * times as f64;
        let (least, most) = self.bounds.unwrap_or((number, number));
        self.bounds = Some((least.min(number), most.max(number)));
    }

    pub(crate) fn report(&self, name: String, missing: usize) -> ColumnReport {
        ColumnReport {
            name,
            r#type: ColumnType::Number,
            missing,
            distinct: self.seen.len(),
            min: self.bounds.map(|(least, _)| least),
            mean: (self.count > 0).then(|| self.sum / self.count as f64),
            max: self.bounds.map(|(_, most)| most),
        }
    }
}
