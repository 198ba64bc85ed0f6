//! A table in memory.

use std::path::{Path, PathBuf};

use super::column::{Column, ColumnBuilder};
use crate::error::TaskError;

/// Cells of a table: 8 bytes or so each, so this bounds memory.
const MAX_CELLS: usize = 100_000_000;
/// Columns of a table.
const MAX_COLUMNS: usize = 10_000;

/// A table in memory, column by column.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) path: PathBuf,
    pub(crate) columns: Vec<Column>,
    /// Columns that could not be read and nobody wanted.
    pub(crate) left_unread: Vec<String>,
    pub(crate) rows: usize,
    /// What `row` counts from in messages: the first data row's line in a text file.
    pub(crate) first_line: u64,
}

impl Table {
    pub(crate) fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Is there such a column, read or not?
    pub(crate) fn has(&self, name: &str) -> bool {
        self.column(name).is_some() || self.left_unread.iter().any(|unread| unread == name)
    }

    /// A fault at a row, counted from 0.
    pub(crate) fn fault(&self, row: usize, column: &str, problem: impl Into<String>) -> TaskError {
        TaskError::Cell {
            path: self.path.clone(),
            line: self.first_line + row as u64,
            column: column.to_owned(),
            problem: problem.into(),
        }
    }

    /// A fault of the table as a whole.
    pub(crate) fn whole(path: &Path, problem: impl Into<String>) -> TaskError {
        TaskError::Table {
            path: path.to_owned(),
            problem: problem.into(),
        }
    }

    pub(super) fn finish(
        path: &Path,
        builders: Vec<ColumnBuilder>,
        rows: usize,
        first_line: u64,
    ) -> Result<Self, TaskError> {
        if rows == 0 {
            return Err(Self::whole(path, "has no rows"));
        }
        Ok(Self {
            path: path.to_owned(),
            columns: builders.into_iter().map(ColumnBuilder::finish).collect(),
            left_unread: Vec::new(),
            rows,
            first_line,
        })
    }
}

/// Checks the names of columns before anything is read into them.
pub(super) fn builders(path: &Path, names: &[String]) -> Result<Vec<ColumnBuilder>, TaskError> {
    if names.is_empty() || names.len() > MAX_COLUMNS {
        let problem = format!(
            "has {} columns, 1 to {MAX_COLUMNS} can be used",
            names.len()
        );
        return Err(Table::whole(path, problem));
    }
    for (place, name) in names.iter().enumerate() {
        if name.trim().is_empty() {
            let problem = format!("column {} has no name in the header", place + 1);
            return Err(Table::whole(path, problem));
        }
        if names[..place].contains(name) {
            return Err(Table::whole(
                path,
                format!("two columns are called `{name}`"),
            ));
        }
    }
    Ok(names
        .iter()
        .map(|name| ColumnBuilder::new(name.clone()))
        .collect())
}

/// Refuses a table that is too large for memory.
pub(super) fn check_size(path: &Path, rows: usize, columns: usize) -> Result<(), TaskError> {
    if rows.saturating_mul(columns) > MAX_CELLS {
        let problem = format!("has more than {MAX_CELLS} cells; use fewer rows or columns");
        return Err(Table::whole(path, problem));
    }
    Ok(())
}
