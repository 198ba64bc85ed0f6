//! One column of a table, typed by what is in it.

use std::collections::{HashMap, HashSet};

use super::cell::Cell;

/// Different texts of a column that are kept; a column with more can only hold numbers.
const MAX_TEXTS: usize = 65_536;
/// Texts of a column that may be odd cells among numbers.
const MAX_ODD: usize = 1000;
/// So many different numbers may be codes, beside which a text is one more.
const CODES: usize = 20;
/// Stands for a missing value among codes.
const MISSING: u32 = u32::MAX;

/// A column with all its values.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) values: Values,
    pub(crate) missing: usize,
}

/// Values of a column.
#[derive(Clone, Debug)]
pub(crate) enum Values {
    /// Numbers; a missing one is NaN.
    Numbers(Vec<f64>),
    /// Texts, as places in a sorted list of them; `None` stands for a missing one.
    Texts { codes: Vec<u32>, texts: Vec<String> },
    /// Texts of too many kinds to be of use; the first row that is no number.
    Mess { row: usize, text: String },
}

impl Values {
    /// Code of a row's text, if it is there.
    pub(crate) fn code(codes: &[u32], row: usize) -> Option<usize> {
        Some(codes[row])
            .filter(|code| *code != MISSING)
            .map(|code| code as usize)
    }
}

/// A column that is being read. Numbers are kept as such, and as texts too as long as
/// there are few different ones: only the last row tells what the column is.
#[derive(Debug)]
pub(crate) struct ColumnBuilder {
    name: String,
    /// NaN where there is a text; none once there are too many.
    numbers: Option<Vec<f64>>,
    codes: Option<Vec<u32>>,
    texts: HashMap<String, u32>,
    /// Rows with a text that is no number.
    odd: Vec<(usize, String)>,
    first_text: Option<(usize, String)>,
    rows: usize,
    missing: usize,
}

impl ColumnBuilder {
    pub(crate) fn new(name: String) -> Self {
        Self {
            name,
            numbers: Some(Vec::new()),
            codes: Some(Vec::new()),
            texts: HashMap::new(),
            odd: Vec::new(),
            first_text: None,
            rows: 0,
            missing: 0,
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn push(&mut self, cell: &Cell<'_>) {
        match cell {
            Cell::Missing => {
                self.missing += 1;
                if let Some(numbers) = &mut self.numbers {
                    numbers.push(f64::NAN);
                }
                if let Some(codes) = &mut self.codes {
                    codes.push(MISSING);
                }
            }
            Cell::Number(number) => self.push_both(*number, &number.to_string()),
            Cell::Text(text) => match text.parse::<f64>() {
                Ok(number) if number.is_finite() => self.push_both(number, text),
                _ => self.push_text(text),
            },
        }
        self.rows += 1;
    }

    fn push_both(&mut self, number: f64, text: &str) {
        if let Some(numbers) = &mut self.numbers {
            numbers.push(number);
        }
        self.push_code(text);
    }

    fn push_text(&mut self, text: &str) {
        if self.first_text.is_none() {
            self.first_text = Some((self.rows, text.to_owned()));
        }
        if self.odd.len() < MAX_ODD {
            self.odd.push((self.rows, text.to_owned()));
            if let Some(numbers) = &mut self.numbers {
                numbers.push(f64::NAN);
            }
        } else {
            self.numbers = None;
        }
        self.push_code(text);
    }

    fn push_code(&mut self, text: &str) {
        let Some(codes) = &mut self.codes else {
            return;
        };
        let next = self.texts.len() as u32;
        if let Some(code) = self.texts.get(text) {
            codes.push(*code);
        } else if self.texts.len() < MAX_TEXTS {
            self.texts.insert(text.to_owned(), next);
            codes.push(next);
        } else {
            self.codes = None;
            self.texts = HashMap::new();
        }
    }

    /// The column; with it, of a column of numbers, the rows and texts of the rare cells that are
    /// none, which count as missing.
    pub(crate) fn finish(self) -> (Column, Vec<(usize, String)>) {
        let numbers = self.numbers.filter(|numbers| {
            self.odd.is_empty() || is_of_numbers(numbers, self.odd.len(), self.missing)
        });
        let odd = match numbers {
            Some(_) => self.odd,
            None => Vec::new(),
        };
        let values = match (numbers, self.codes, self.first_text) {
            (Some(numbers), _, _) => Values::Numbers(numbers),
            (None, Some(codes), _) => sorted(codes, self.texts),
            (None, None, first) => {
                let (row, text) = first.unwrap_or_default();
                Values::Mess { row, text }
            }
        };
        let column = Column {
            name: self.name,
            values,
            missing: self.missing + odd.len(),
        };
        (column, odd)
    }
}

/// Whether a column with so many `odd` texts is one of numbers all the same: they are at most one
/// cell of a hundred that are there, and there are more different numbers than a list of codes has.
fn is_of_numbers(numbers: &[f64], odd: usize, missing: usize) -> bool {
    let there = numbers.len() - missing;
    if odd * 100 > there {
        return false;
    }
    let mut different = HashSet::new();
    numbers
        .iter()
        .filter(|number| !number.is_nan())
        .any(|number| {
            different.insert(number.to_bits());
            different.len() > CODES
        })
}

/// Texts in their own order, so that it does not depend on that of the rows.
fn sorted(mut codes: Vec<u32>, texts: HashMap<String, u32>) -> Values {
    let mut texts: Vec<(String, u32)> = texts.into_iter().collect();
    texts.sort_unstable();
    let mut place = vec![0; texts.len()];
    for (new, (_, old)) in texts.iter().enumerate() {
        place[*old as usize] = new as u32;
    }
    for code in codes.iter_mut().filter(|code| **code != MISSING) {
        *code = place[*code as usize];
    }
    Values::Texts {
        codes,
        texts: texts.into_iter().map(|(text, _)| text).collect(),
    }
}
