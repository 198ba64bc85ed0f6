//! Cells of a sheet, and what its columns are made of.

use super::super::format::Note;
use super::super::records::Record;
use crate::batch::{Batch, Cells, Texts};

/// What a cell has in it.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::read) enum Value {
    Empty,
    Text(Box<str>),
    Number(f64),
    Boolean(bool),
    /// Seconds since 1970.
    Time(f64),
    /// A fault of a formula, as the program shows it.
    Fault(Box<str>),
}

impl Value {
    /// As a text file would have it.
    fn text(&self) -> Option<String> {
        match self {
            Self::Empty => None,
            Self::Text(text) | Self::Fault(text) => Some(text.trim().to_owned()),
            Self::Number(number) => Some(number.to_string()),
            Self::Boolean(value) => Some(value.to_string()),
            Self::Time(seconds) => Some(date(*seconds)),
        }
    }
}

/// A date, with the time of day if it has one.
fn date(seconds: f64) -> String {
    let whole = seconds.round() as i64;
    let (days, left) = (whole.div_euclid(86_400), whole.rem_euclid(86_400));
    // Years that begin in March have their leap day at the end.
    let shifted = days + 719_468;
    let (era, day) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    let date = format!("{year:04}-{month:02}-{day:02}");
    match left {
        0 => date,
        _ => {
            let (hour, minute, second) = (left / 3600, left / 60 % 60, left % 60);
            format!("{date} {hour:02}:{minute:02}:{second:02}")
        }
    }
}

/// A row that has something in it.
#[derive(Debug, Default)]
pub(in crate::read) struct GridRow {
    /// From 1, as the program shows it.
    pub(super) line: u64,
    /// Columns and values, those that are not empty.
    pub(super) values: Vec<(u32, Value)>,
}

impl GridRow {
    pub(super) fn value(&self, column: usize) -> &Value {
        let found = self
            .values
            .binary_search_by_key(&column, |(at, _)| *at as usize);
        found.map_or(&Value::Empty, |at| &self.values[at].1)
    }
}

/// Rows that have something in them.
#[derive(Debug, Default)]
pub(in crate::read) struct Grid {
    pub(super) rows: Vec<GridRow>,
    pub(super) width: usize,
}

impl Grid {
    /// A row as texts.
    pub(super) fn record(&self, row: usize) -> Record {
        let row = &self.rows[row];
        let texts = (0..self.width).map(|column| row.value(column).text().unwrap_or_default());
        Record::of(texts, row.line)
    }

    /// Whether a column has nothing in it.
    pub(super) fn is_empty(&self, column: usize) -> bool {
        self.rows
            .iter()
            .all(|row| *row.value(column) == Value::Empty)
    }

    /// Takes empty columns out.
    pub(super) fn remove(&mut self, gone: &[usize]) {
        if gone.is_empty() {
            return;
        }
        self.width -= gone.len();
        for row in &mut self.rows {
            for (at, _) in &mut row.values {
                let before = gone.iter().filter(|column| **column < *at as usize).count();
                *at -= before as u32;
            }
        }
    }
}

/// What a column is made of.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Sort {
    Numbers,
    Integers,
    Booleans,
    Times,
    Texts,
}

/// A sheet whose rows are given.
pub(in crate::read) struct Sheet {
    grid: Grid,
    sorts: Vec<Sort>,
    next: usize,
}

impl Sheet {
    /// Finds out what columns are made of: of one sort if all their cells are, of texts otherwise. Faults of
    /// formulas are missing values, which is noted.
    pub(super) fn new(grid: Grid, names: &[String], notes: &mut Vec<Note>) -> Self {
        let mut sorts = Vec::new();
        for (column, name) in names.iter().enumerate() {
            let (mut counts, mut whole, mut all) = ([0usize; 3], true, 0usize);
            let mut faults: Option<(u64, &str, usize)> = None;
            for row in &grid.rows {
                all += 1;
                match row.value(column) {
                    Value::Number(number) => {
                        counts[0] += 1;
                        whole &= number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0;
                    }
                    Value::Boolean(_) => counts[1] += 1,
                    Value::Time(_) => counts[2] += 1,
                    Value::Text(_) => {}
                    Value::Empty => all -= 1,
                    Value::Fault(text) => {
                        all -= 1;
                        faults.get_or_insert((row.line, text, 0)).2 += 1;
                    }
                }
            }
            sorts.push(match counts {
                _ if all == 0 => Sort::Numbers,
                [numbers, ..] if numbers == all && whole => Sort::Integers,
                [numbers, ..] if numbers == all => Sort::Numbers,
                [_, booleans, _] if booleans == all => Sort::Booleans,
                [_, _, times] if times == all => Sort::Times,
                _ => Sort::Texts,
            });
            if let Some((line, text, count)) = faults {
                let note = format!("`{text}` and the like are missing values, {count} in all");
                notes.push(Note::new(note).line(line).column(name));
            }
        }
        Self {
            grid,
            sorts,
            next: 0,
        }
    }

    /// Values of the first column.
    pub(super) fn first_column(&self, rows: usize) -> Option<Cells> {
        let end = rows.min(self.grid.rows.len());
        let sort = self.sorts.first()?;
        Some(cells(&self.grid.rows[..end], 0, *sort))
    }

    /// The next rows.
    pub(in crate::read) fn next(&mut self, max_rows: usize) -> Option<Batch> {
        let rows = self.grid.rows.get(self.next..)?;
        let rows = &rows[..rows.len().min(max_rows)];
        if rows.is_empty() {
            return None;
        }
        self.next += rows.len();
        let sorts = self.sorts.iter().enumerate();
        Some(Batch {
            lines: rows.iter().map(|row| row.line).collect(),
            columns: sorts.map(|(at, sort)| cells(rows, at, *sort)).collect(),
        })
    }
}

/// A column's values.
fn cells(rows: &[GridRow], column: usize, sort: Sort) -> Cells {
    let values = rows.iter().map(|row| row.value(column));
    let number = |value: &Value| match value {
        Value::Number(number) | Value::Time(number) => *number,
        _ => f64::NAN,
    };
    match sort {
        Sort::Numbers => Cells::Numbers(values.map(number).collect()),
        Sort::Times => Cells::Times(values.map(number).collect()),
        Sort::Integers => {
            let integer = |value: &Value| match value {
                Value::Number(number) => Some(*number as i64),
                _ => None,
            };
            Cells::Integers(values.map(integer).collect())
        }
        Sort::Booleans => {
            let boolean = |value: &Value| match value {
                Value::Boolean(value) => Some(*value),
                _ => None,
            };
            Cells::Booleans(values.map(boolean).collect())
        }
        Sort::Texts => {
            let mut texts = Texts::default();
            for value in values {
                match value {
                    Value::Fault(_) => texts.push(None),
                    other => texts.push(other.text().as_deref()),
                }
            }
            Cells::Texts(texts)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::date;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, text) in [
            (0.0, "1970-01-01"),
            (951_782_400.0, "2000-02-29"),
            (951_868_800.0, "2000-03-01"),
            (-86_400.0, "1969-12-31"),
            (1_798_675_199.0, "2026-12-30 23:59:59"),
        ] {
            assert_eq!(date(seconds), text);
        }
    }
}
