//! One column of a table, typed by what is in it.

use std::collections::HashMap;

use super::cell::Cell;

/// Different texts of a column that are kept; a column with more can only hold numbers.
const MAX_TEXTS: usize = 65_536;
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
    numbers: Option<Vec<f64>>,
    codes: Option<Vec<u32>>,
    texts: HashMap<String, u32>,
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

    pub(crate) fn finish(self) -> Column {
        let values = match (self.numbers, self.codes, self.first_text) {
            (Some(numbers), _, _) => Values::Numbers(numbers),
            (None, Some(codes), _) => sorted(codes, self.texts),
            (None, None, first) => {
                let (row, text) = first.unwrap_or_default();
                Values::Mess { row, text }
            }
        };
        Column {
            name: self.name,
            values,
            missing: self.missing,
        }
    }
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
