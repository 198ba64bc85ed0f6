//! What was learnt from train rows of how columns become numbers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{ColumnPlan, exact};

/// What was fitted to train rows. It encodes any table that has these columns, by their names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fitted {
    /// Of this format.
    pub(crate) version: u32,
    pub(crate) columns: Vec<FittedColumn>,
    pub(crate) outputs: Vec<Encoded>,
}

impl Fitted {
    /// Numbers of a row.
    #[must_use]
    pub fn width(&self) -> usize {
        self.outputs.len()
    }

    /// What each of them is.
    #[must_use]
    pub fn columns(&self) -> &[Encoded] {
        &self.outputs
    }

    /// Names of the columns that are read.
    pub fn sources(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.plan.name.as_str())
    }
}

/// One number of a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Encoded {
    /// Of this number.
    pub name: String,
    /// Column of the file that it comes from.
    pub source: String,
    /// What it is.
    pub what: What,
}

/// What a number of a row is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "lowercase")]
pub enum What {
    /// A measure, standardised; this was its range in the train rows, as in the file.
    Number {
        /// Smallest.
        min: f64,
        /// Largest.
        max: f64,
    },
    /// A one where the column has this category, of so many.
    OneHot {
        /// As in the file.
        category: String,
        /// Categories of the column.
        cardinality: usize,
    },
    /// Mean of the target where the column has the row's category, of so many.
    Statistic {
        /// Categories of the column.
        cardinality: usize,
    },
    /// How frequent the row's category is, of so many.
    Frequency {
        /// Categories of the column.
        cardinality: usize,
    },
    /// A one where the column has no value.
    Missing,
    /// Sine or cosine of something that comes again after so many units.
    Cyclic {
        /// In months, days or hours.
        period: f64,
    },
    /// One of so many places where words of a text fall.
    Hashed {
        /// Places.
        width: usize,
    },
}

/// A column and how it becomes numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct FittedColumn {
    pub(crate) plan: ColumnPlan,
    pub(crate) how: How,
    /// One more number says where the value is missing.
    pub(crate) flag: bool,
}

/// How a column becomes numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "lowercase")]
pub(crate) enum How {
    Number(Scale),
    Moment {
        scale: Scale,
        month: bool,
        weekday: bool,
        hour: bool,
    },
    /// Sorted.
    OneHot {
        categories: Vec<String>,
    },
    Statistics(Statistics),
    Text {
        width: usize,
        length: Scale,
    },
}

/// A standardised number.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Scale {
    /// Values beyond these are absurd and count as these.
    #[serde(with = "exact::one")]
    pub(crate) low: f64,
    #[serde(with = "exact::one")]
    pub(crate) high: f64,
    /// Stands for a missing value.
    #[serde(with = "exact::one")]
    pub(crate) median: f64,
    #[serde(with = "exact::one")]
    pub(crate) mean: f64,
    #[serde(with = "exact::one")]
    pub(crate) deviation: f64,
}

impl Scale {
    /// Shares of the smallest and the largest values that say nothing about what is usual.
    const TAIL: f64 = 0.05;
    /// Widths of what is usual beyond which a value is absurd.
    const ABSURD: f64 = 100.0;
    /// Widths beyond which a value moves the mean no further.
    const FAR: f64 = 3.0;

    /// Of these values; none without any.
    pub(crate) fn of(values: &mut [f64]) -> Option<Self> {
        values.sort_unstable_by(f64::total_cmp);
        let (min, max) = (*values.first()?, *values.last()?);
        let last = values.len() - 1;
        let tail = (last as f64 * Self::TAIL).ceil() as usize;
        let (few, many) = (values[tail.min(last)], values[last - tail.min(last)]);
        // Halves, because the difference of two floats may be infinite.
        let width = many / 2.0 - few / 2.0;
        let bounds = |widths: f64| {
            if values.len() >= 20 && width > 0.0 {
                let margin = 2.0 * width * widths;
                ((few - margin).max(min), (many + margin).min(max))
            } else {
                (min, max)
            }
        };
        let (low, high) = bounds(Self::ABSURD);
        let (near, far) = bounds(Self::FAR);
        let count = values.len() as f64;
        let tame = || values.iter().map(|value| value.clamp(near, far));
        let mean: f64 = tame().map(|value| value / count).sum();
        let variance: f64 = tame().map(|value| (value - mean).powi(2) / count).sum();
        let deviation = variance.sqrt();
        let good = deviation.is_finite() && deviation > 0.0;
        Some(Self {
            low: low.clamp(-1e30, 1e30),
            high: high.clamp(-1e30, 1e30),
            median: values[values.len() / 2].clamp(-1e30, 1e30),
            mean: mean.clamp(-1e30, 1e30),
            deviation: if good { deviation } else { 1.0 },
        })
    }

    /// The value as a method sees it. Beyond what the train rows have, it is as far as an absurd one.
    pub(crate) fn apply(&self, value: Option<f64>) -> f32 {
        let margin = Self::ABSURD * self.deviation;
        let value = value.unwrap_or(self.median);
        let value = value.clamp(self.low - margin, self.high + margin);
        ((value - self.mean) / self.deviation).clamp(-1e6, 1e6) as f32
    }
}

/// What the target is where a column has a category.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Statistics {
    /// Mean and deviation of each number that the target gives.
    pub(crate) prior: Vec<(exact::Exact, exact::Exact)>,
    pub(crate) categories: BTreeMap<String, Tally>,
    pub(crate) rows: f64,
}

/// Rows of a category and the sums of their target's numbers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Tally {
    pub(crate) rows: f64,
    #[serde(with = "exact::many")]
    pub(crate) sums: Vec<f64>,
}

impl Tally {
    /// Rows of the prior that each category gets beside its own.
    const SMOOTHING: f64 = 10.0;

    pub(crate) fn add(&mut self, numbers: &[f64]) {
        self.rows += 1.0;
        self.sums.resize(numbers.len().max(self.sums.len()), 0.0);
        self.sums
            .iter_mut()
            .zip(numbers)
            .for_each(|(sum, number)| *sum += number);
    }

    /// Without the rows of another.
    pub(crate) fn without(&self, other: &Self) -> Self {
        let other_sum = |place: usize| other.sums.get(place).copied().unwrap_or(0.0);
        Self {
            rows: self.rows - other.rows,
            sums: self
                .sums
                .iter()
                .enumerate()
                .map(|(place, sum)| sum - other_sum(place))
                .collect(),
        }
    }

    /// The standardised mean of a number, drawn to the prior where there are few rows.
    pub(crate) fn mean(
        &self,
        place: usize,
        (prior, deviation): (exact::Exact, exact::Exact),
    ) -> f32 {
        let (prior, deviation) = (prior.0, deviation.0);
        let sum = self.sums.get(place).copied().unwrap_or(0.0);
        let mean = (sum + Self::SMOOTHING * prior) / (self.rows + Self::SMOOTHING);
        let standardised = (mean - prior) / deviation;
        // Sums of absurd targets overflow.
        if standardised.is_nan() {
            0.0
        } else {
            standardised.clamp(-1e6, 1e6) as f32
        }
    }

    /// How frequent it is among so many rows, from 0 to 1; logarithms keep rare ones apart.
    pub(crate) fn frequency(&self, all: f64) -> f32 {
        (self.rows.ln_1p() / all.ln_1p().max(f64::MIN_POSITIVE)).min(1.0) as f32
    }
}
