//! The rows of a table that have a target.

use std::path::Path;

use gauntlet_table::DataError;
use gauntlet_table::plan::{Labels, Task};

use crate::error::FitError;
use crate::metric::{Metric, Truth};
use crate::table::Table;
use crate::target::Target;

/// Fewer rows cannot be split.
const LEAST_ROWS: usize = 10;

/// The rows that have a target.
pub(crate) struct Data {
    pub(crate) target: Target,
    /// Their places in the table.
    pub(crate) rows: Vec<usize>,
    pub(crate) classes: Vec<usize>,
    pub(crate) numbers: Vec<f64>,
}

impl Data {
    pub(crate) fn of(table: &Table, path: &Path) -> Result<Self, FitError> {
        let rows = table.known();
        if rows.len() < LEAST_ROWS {
            let problem = format!("has {} rows with a target", rows.len());
            let error = DataError::new(problem)
                .limit(LEAST_ROWS as u64)
                .cure("bring more rows");
            return Err(FitError::data(path)(error));
        }
        let (classes, numbers) = match &table.labels {
            Labels::Classes(classes) => {
                let known = rows.iter().filter_map(|row| classes[*row]);
                (known.map(|class| class as usize).collect(), Vec::new())
            }
            Labels::Numbers(numbers) => {
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

    pub(crate) fn truth(&self) -> Truth<'_> {
        match self.target {
            Target::Classes { .. } => Truth::Classes(&self.classes),
            Target::Number { .. } => Truth::Numbers(&self.numbers),
        }
    }

    pub(crate) fn metric(&self, asked: Option<Metric>, path: &Path) -> Result<Metric, FitError> {
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
    pub(crate) fn baseline(&self, metric: Metric) -> f64 {
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
