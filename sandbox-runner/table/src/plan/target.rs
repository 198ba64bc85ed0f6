//! What is to be predicted, row by row.

use std::collections::HashMap;

use super::value::Value;
use super::{ColumnPlan, Plan, Role, Task};
use crate::{Batch, DataError};

/// What is to be predicted of some rows; `None` where it is missing.
#[derive(Clone, Debug, PartialEq)]
pub enum Labels {
    /// A class for each row, by its place in the task's list.
    Classes(Vec<Option<u32>>),
    /// Numbers for each row: all of them are there, or the row has none.
    Numbers(Vec<Option<Vec<f64>>>),
}

impl Labels {
    /// Rows.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Classes(classes) => classes.len(),
            Self::Numbers(numbers) => numbers.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the row has what is to be predicted.
    #[must_use]
    pub fn is_known(&self, row: usize) -> bool {
        match self {
            Self::Classes(classes) => classes.get(row).is_some_and(Option::is_some),
            Self::Numbers(numbers) => numbers.get(row).is_some_and(Option::is_some),
        }
    }

    /// Adds further rows.
    pub fn append(&mut self, more: Self) {
        match (self, more) {
            (Self::Classes(own), Self::Classes(more)) => own.extend(more),
            (Self::Numbers(own), Self::Numbers(more)) => own.extend(more),
            _ => {}
        }
    }
}

/// Name of a class as the plan has it: numbers in one way, however they are written.
pub(crate) fn class_name(column: &ColumnPlan, value: Value<'_>) -> Option<String> {
    match value {
        Value::Missing | Value::Unread => None,
        Value::Number(number) if column.kind == super::Kind::Ordinal => {
            column.order.get(number as usize).cloned()
        }
        Value::Number(number) => Some(number.to_string()),
        Value::Text(text) => Some(text.into_owned()),
    }
}

impl Plan {
    /// What is to be predicted of the rows of a batch whose columns have these names. All rows
    /// have nothing if the file lacks a target.
    ///
    /// # Errors
    /// If a class is none of the task's.
    pub fn targets_of(&self, names: &[String], batch: &Batch) -> Result<Labels, DataError> {
        let place = |column: &&ColumnPlan| names.iter().position(|name| *name == column.name);
        let targets: Vec<(&ColumnPlan, Option<usize>)> = self
            .of_role(Role::Target)
            .map(|column| (column, place(&column)))
            .collect();
        match &self.task {
            Task::Classification { classes } => {
                let Some((column, Some(place))) = targets.first() else {
                    return Ok(Labels::Classes(vec![None; batch.rows()]));
                };
                let places: HashMap<&str, u32> =
                    classes.iter().map(String::as_str).zip(0..).collect();
                let class = |row| {
                    let value = self.target_value(column, batch, *place, row);
                    let Some(name) = class_name(column, value) else {
                        return Ok(None);
                    };
                    let known = places.get(name.as_str()).copied();
                    known.map(Some).ok_or_else(|| {
                        DataError::new(format!(
                            "`{}` is none of the classes",
                            super::words::short(&name)
                        ))
                        .line(batch.lines[row])
                        .column(&column.name)
                    })
                };
                (0..batch.rows())
                    .map(class)
                    .collect::<Result<_, _>>()
                    .map(Labels::Classes)
            }
            Task::Regression { .. } => {
                let numbers = |row| {
                    let number = |(column, place): &(&ColumnPlan, Option<usize>)| match self
                        .target_value(column, batch, (*place)?, row)
                    {
                        Value::Number(number) => Some(number),
                        _ => None,
                    };
                    targets.iter().map(number).collect()
                };
                Ok(Labels::Numbers((0..batch.rows()).map(numbers).collect()))
            }
        }
    }

    fn target_value<'a>(
        &self,
        column: &ColumnPlan,
        batch: &'a Batch,
        place: usize,
        row: usize,
    ) -> Value<'a> {
        let cells = batch.columns.get(place);
        cells.map_or(Value::Missing, |cells| column.read(cells.cell(row)))
    }
}
