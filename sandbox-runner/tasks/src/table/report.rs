//! What is in a table, for the person who brings it.

use std::collections::HashSet;

use super::Table;
use super::column::{Column, Values};

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
    let mut report = ColumnReport {
        name: column.name.clone(),
        r#type: ColumnType::Text,
        missing: column.missing,
        distinct: 0,
        min: None,
        mean: None,
        max: None,
    };
    match &column.values {
        Values::Numbers(numbers) => {
            report.r#type = ColumnType::Number;
            let there = || numbers.iter().copied().filter(|number| !number.is_nan());
            let mut seen = HashSet::new();
            report.distinct = there()
                .find_map(|number| {
                    seen.insert(number.to_bits());
                    (seen.len() >= MOST_DISTINCT).then_some(MOST_DISTINCT)
                })
                .unwrap_or(0);
            if report.distinct == 0 {
                report.distinct = seen.len();
            }
            let count = there().count();
            if count > 0 {
                report.min = there().reduce(f64::min);
                report.max = there().reduce(f64::max);
                report.mean = Some(there().sum::<f64>() / count as f64);
            }
        }
        Values::Texts { texts, .. } => report.distinct = texts.len(),
        Values::Mess { .. } => report.distinct = usize::MAX,
    }
    report
}
