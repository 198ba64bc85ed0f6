//! A table in memory.

use std::path::{Path, PathBuf};

use super::column::{Column, ColumnBuilder, Values};
use crate::error::TaskError;

/// Cells of a table: 8 bytes or so each, so this bounds memory.
const MAX_CELLS: usize = 100_000_000;
/// Columns of a table.
const MAX_COLUMNS: usize = 10_000;
/// Odd cells of a column that are named.
const MOST_NAMED: usize = 3;
/// Fewer rows may be numbered by chance.
const LEAST_COUNTED: usize = 10;

/// A table in memory, column by column.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) path: PathBuf,
    pub(crate) columns: Vec<Column>,
    /// Columns that could not be read and nobody wanted.
    pub(crate) left_unread: Vec<String>,
    pub(crate) rows: usize,
    /// Where each row begins: its line in a text file, else its number, from 1.
    pub(crate) lines: Lines,
    /// What a person should know of how it was read.
    pub(crate) notes: Vec<String>,
}

/// Where rows begin.
#[derive(Clone, Debug)]
pub(crate) enum Lines {
    /// One after another, from 1.
    OneEach,
    /// On these.
    On(Vec<u64>),
}

impl Lines {
    /// These, one for each row.
    pub(crate) fn new(lines: Vec<u64>) -> Self {
        if lines
            .iter()
            .zip(1..)
            .all(|(line, counted)| *line == counted)
        {
            Self::OneEach
        } else {
            Self::On(lines)
        }
    }

    /// Line of a row, counted from 0.
    pub(crate) fn of(&self, row: usize) -> u64 {
        let counted = row as u64 + 1;
        match self {
            Self::OneEach => counted,
            Self::On(lines) => lines.get(row).copied().unwrap_or(counted),
        }
    }
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
            line: self.lines.of(row),
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
        lines: Lines,
    ) -> Result<Self, TaskError> {
        if rows == 0 {
            return Err(Self::whole(path, "has no rows"));
        }
        let mut notes = Vec::new();
        let mut columns = Vec::new();
        for builder in builders {
            let (column, odd) = builder.finish();
            if !odd.is_empty() {
                notes.push(odd_cells(&column.name, &odd, &lines));
            }
            if counts_rows(&column) {
                notes.push(format!(
                    "column `{0}` counts the rows, and tells a method their order; --drop \"{0}\" \
                     leaves it out",
                    column.name
                ));
            }
            columns.push(column);
        }
        Ok(Self {
            path: path.to_owned(),
            columns,
            left_unread: Vec::new(),
            rows,
            lines,
            notes,
        })
    }
}

/// Names the cells of a column of numbers that are none.
fn odd_cells(column: &str, odd: &[(usize, String)], lines: &Lines) -> String {
    let named: Vec<String> = odd
        .iter()
        .take(MOST_NAMED)
        .map(|(row, text)| {
            format!(
                "`{}` (line {})",
                gauntlet_text::one_line(text, 40),
                lines.of(*row)
            )
        })
        .collect();
    let more = odd.len().saturating_sub(MOST_NAMED);
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    format!(
        "column `{column}` is of numbers, but for {}{more}: taken for missing",
        named.join(", ")
    )
}

/// Whether a column is 0, 1, 2 and so on, or from 1 on.
fn counts_rows(column: &Column) -> bool {
    match &column.values {
        Values::Numbers(numbers) => {
            let first = numbers.first().copied().unwrap_or(f64::NAN);
            let counted = || {
                numbers
                    .iter()
                    .zip(0_u32..)
                    .all(|(n, nth)| *n == first + f64::from(nth))
            };
            numbers.len() >= LEAST_COUNTED && (first == 0.0 || first == 1.0) && counted()
        }
        Values::Texts { .. } | Values::Mess { .. } => false,
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
