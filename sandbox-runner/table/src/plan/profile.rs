//! What one pass over a table tells of its columns.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::moment::{self, DateOrder};
use super::number::{self, Written};
use super::words;
use crate::{Batch, Cell, Cells};

/// Different values of a column that are kept, and their bytes.
const MOST_VALUES: usize = 16_384;
const MOST_BYTES: usize = 1 << 20;
/// Hashes of which the spread tells how many different values there are beyond those.
const SKETCH: usize = 256;
/// Different cells that are no numbers, kept to be named.
const MOST_ODD: usize = 64;
/// Different numbers, beyond which there are many.
pub(crate) const FEW_NUMBERS: usize = 20;

/// What is known of a table's columns. Memory does not grow with the rows.
#[derive(Clone, Debug)]
pub struct Profile {
    pub(crate) columns: Vec<ColumnProfile>,
    pub(crate) rows: u64,
}

impl Profile {
    /// Of a table with these columns.
    #[must_use]
    pub fn new(columns: &[String]) -> Self {
        let columns = columns
            .iter()
            .map(|name| ColumnProfile::new(name))
            .collect();
        Self { columns, rows: 0 }
    }

    /// Takes some rows into account. Columns beyond those of [`Profile::new`] are not looked at.
    pub fn push(&mut self, batch: &Batch) {
        for (column, cells) in self.columns.iter_mut().zip(&batch.columns) {
            column.push(cells, &batch.lines);
        }
        self.rows += batch.rows() as u64;
    }

    /// Rows that were seen.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// Names of the columns.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.name.as_str())
    }
}

/// Where a cell was seen first, and how often.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Seen {
    pub(crate) count: u64,
    pub(crate) line: u64,
    pub(crate) text: String,
}

impl Seen {
    fn new(line: u64, text: &str) -> Self {
        let text = words::short(text);
        Self {
            count: 0,
            line,
            text,
        }
    }
}

/// With which decimal separators a cell can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Separators {
    Either,
    Point,
    Comma,
}

/// Numbers of a column, read in one way.
#[derive(Clone, Debug, Default)]
pub(crate) struct Numbers {
    pub(crate) count: u64,
    pub(crate) fractions: u64,
    pub(crate) min: f64,
    pub(crate) max: f64,
    /// Different ones, one more than are few at most.
    pub(crate) few: BTreeSet<u64>,
    /// How many in a row were one more than the one before them.
    steps: u64,
}

impl Numbers {
    fn push(&mut self, value: f64, last: Option<f64>) {
        if self.count == 0 {
            (self.min, self.max) = (value, value);
        }
        self.count += 1;
        self.fractions += u64::from(value.fract() != 0.0);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        if self.few.len() <= FEW_NUMBERS {
            self.few.insert((value + 0.0).to_bits());
        }
        self.steps += u64::from(last.is_some_and(|last| last + 1.0 == value));
    }

    /// Whether they count the rows up.
    pub(crate) fn count_up(&self) -> bool {
        self.count > 9 && self.steps + 1 == self.count
    }

    /// Whether they are whole and fill a range without a gap, if all of them are different.
    pub(crate) fn fill_a_range(&self) -> bool {
        self.fractions == 0 && self.max - self.min + 1.0 == self.count as f64
    }
}

/// What is known of a column.
#[derive(Clone, Debug)]
pub(crate) struct ColumnProfile {
    pub(crate) name: String,
    pub(crate) rows: u64,
    /// Cells that the file itself says are missing.
    pub(crate) absent: u64,
    /// Words that are never a value or perhaps none, with how often they are there.
    pub(crate) words: BTreeMap<String, Seen>,
    /// How often each value is there, missing words left out; `None` once there are too many.
    pub(crate) values: Option<HashMap<String, u64>>,
    bytes: usize,
    sketch: BTreeSet<u64>,
    pub(crate) point: Numbers,
    pub(crate) comma: Numbers,
    last: Option<f64>,
    /// How numbers are written, by affix and separators.
    pub(crate) forms: BTreeMap<(String, Separators), Seen>,
    /// Numbers without an affix that no program writes.
    pub(crate) unusual: Option<Seen>,
    pub(crate) zeros: Option<Seen>,
    pub(crate) beyond: Option<Seen>,
    /// Cells that are no numbers and no missing words.
    pub(crate) odd: BTreeMap<String, Seen>,
    pub(crate) odd_cells: u64,
    pub(crate) dates: [u64; 3],
    pub(crate) no_date: Option<Seen>,
    pub(crate) booleans: u64,
    pub(crate) times: u64,
    pub(crate) letters: u64,
    pub(crate) blanks: u64,
    pub(crate) texts: u64,
}

impl ColumnProfile {
    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            rows: 0,
            absent: 0,
            words: BTreeMap::new(),
            values: Some(HashMap::new()),
            bytes: 0,
            sketch: BTreeSet::new(),
            point: Numbers::default(),
            comma: Numbers::default(),
            last: None,
            forms: BTreeMap::new(),
            unusual: None,
            zeros: None,
            beyond: None,
            odd: BTreeMap::new(),
            odd_cells: 0,
            dates: [0; 3],
            no_date: None,
            booleans: 0,
            times: 0,
            letters: 0,
            blanks: 0,
            texts: 0,
        }
    }

    fn push(&mut self, cells: &Cells, lines: &[u64]) {
        for (row, line) in lines.iter().enumerate() {
            self.rows += 1;
            match cells.cell(row) {
                Cell::Missing => self.absent += 1,
                Cell::Text(text) => self.push_text(text, *line),
                Cell::Number(value) => {
                    self.push_typed(value, false, &value.to_string(), *line);
                }
                Cell::Integer(value) => {
                    let beyond = value.unsigned_abs() > number::EXACT as u64;
                    self.push_typed(value as f64, beyond, &value.to_string(), *line);
                }
                Cell::Boolean(truth) => {
                    self.booleans += 1;
                    self.push_value(if truth { "true" } else { "false" });
                }
                Cell::Time(seconds) => {
                    self.times += 1;
                    self.push_value(&seconds.to_string());
                }
            }
        }
    }

    fn push_typed(&mut self, value: f64, beyond: bool, text: &str, line: u64) {
        if value.is_finite() {
            self.push_number(number_of(value, beyond), text, line);
        } else {
            self.push_odd(text, line);
        }
        self.push_value(text);
    }

    fn push_text(&mut self, text: &str, line: u64) {
        if words::never_a_value(text) || words::perhaps_missing(text) {
            match self.words.get_mut(text) {
                Some(seen) => seen.count += 1,
                None => {
                    let mut seen = Seen::new(line, text);
                    seen.count = 1;
                    self.words.insert(text.to_owned(), seen);
                }
            }
            return;
        }
        self.texts += 1;
        self.letters += text.len() as u64;
        self.blanks += text.split_whitespace().count().saturating_sub(1) as u64;
        match number::written(text) {
            Some(written) => self.push_number(written, text, line),
            None => {
                self.push_odd(text, line);
                self.push_date(text, line);
            }
        }
        self.push_value(text);
    }

    fn push_number(&mut self, written: Written<'_>, text: &str, line: u64) {
        let separators = match (written.point, written.comma) {
            (Some(_), Some(_)) => Separators::Either,
            (Some(_), None) => Separators::Point,
            (None, _) => Separators::Comma,
        };
        let form = (written.affix, separators);
        // No allocation for forms that were seen.
        match self
            .forms
            .iter_mut()
            .find(|((affix, s), _)| (affix.as_str(), *s) == form)
        {
            Some((_, seen)) => seen.count += 1,
            None => {
                let mut seen = Seen::new(line, text);
                seen.count = 1;
                self.forms.insert((form.0.to_owned(), form.1), seen);
            }
        }
        let last = self.last;
        self.last = written.point;
        if let Some(value) = written.point {
            self.point.push(value, last);
        }
        if let Some(value) = written.comma {
            self.comma.push(value, last);
        }
        for (is, seen) in [
            (
                !written.plain && written.affix.is_empty(),
                &mut self.unusual,
            ),
            (written.zeros, &mut self.zeros),
            (written.beyond, &mut self.beyond),
        ] {
            if is {
                seen.get_or_insert_with(|| Seen::new(line, text)).count += 1;
            }
        }
    }

    fn push_odd(&mut self, text: &str, line: u64) {
        self.odd_cells += 1;
        if let Some(seen) = self.odd.get_mut(text) {
            seen.count += 1;
        } else if self.odd.len() < MOST_ODD {
            let mut seen = Seen::new(line, text);
            seen.count = 1;
            self.odd.insert(text.to_owned(), seen);
        }
    }

    fn push_date(&mut self, text: &str, line: u64) {
        let mut any = false;
        for (count, order) in self.dates.iter_mut().zip(DateOrder::ALL) {
            let read = moment::read(text, order).is_some();
            *count += u64::from(read);
            any |= read;
        }
        if !any {
            self.no_date
                .get_or_insert_with(|| Seen::new(line, text))
                .count += 1;
        }
    }

    fn push_value(&mut self, text: &str) {
        let Some(values) = &mut self.values else {
            return self.sketch(words::hash(text.as_bytes()));
        };
        if let Some(count) = values.get_mut(text) {
            *count += 1;
            return;
        }
        values.insert(text.to_owned(), 1);
        self.bytes += text.len();
        if values.len() > MOST_VALUES || self.bytes > MOST_BYTES {
            for text in self.values.take().into_iter().flatten() {
                self.sketch(words::hash(text.0.as_bytes()));
            }
        }
    }

    fn sketch(&mut self, hash: u64) {
        if self.sketch.len() < SKETCH || self.sketch.last().is_some_and(|last| hash < *last) {
            self.sketch.insert(hash);
            if self.sketch.len() > SKETCH {
                self.sketch.pop_last();
            }
        }
    }

    /// Cells that are neither absent nor a word for missing.
    pub(crate) fn present(&self) -> u64 {
        self.rows - self.absent - self.words.values().map(|seen| seen.count).sum::<u64>()
    }

    /// Different values: exactly, or about that many.
    pub(crate) fn distinct(&self) -> u64 {
        match (&self.values, self.sketch.last()) {
            (Some(values), _) => values.len() as u64,
            (None, Some(last)) if self.sketch.len() == SKETCH => {
                let share = *last as f64 / u64::MAX as f64;
                ((SKETCH as f64 - 1.0) / share)
                    .round()
                    .min(self.present() as f64) as u64
            }
            (None, _) => self.sketch.len() as u64,
        }
    }
}

/// How a typed format has a number.
fn number_of(value: f64, beyond: bool) -> Written<'static> {
    Written {
        point: Some(value),
        comma: Some(value),
        affix: "",
        plain: true,
        whole: value.fract() == 0.0,
        zeros: false,
        beyond,
    }
}
