//! Rows as numbers, some at a time.

use super::fitted::{Fitted, FittedColumn, How, Tally};
use super::value::Value;
use super::{moment, words};
use crate::{Batch, Cell};

/// Where a file has the columns of a [`Fitted`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matching {
    places: Vec<Option<usize>>,
    /// Names of columns that the file lacks: missing in every row.
    pub missing: Vec<String>,
}

/// What was unknown in rows that were encoded, in each column of [`Fitted::sources`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rows that were encoded.
    pub rows: u64,
    /// Cells with a category that no train row has.
    pub unseen: Vec<u64>,
    /// Cells that are not of the column's kind, such as a text among numbers.
    pub unread: Vec<u64>,
    /// Cells without a value.
    pub missing: Vec<u64>,
}

impl Counts {
    /// Takes those of further rows in.
    pub fn add(&mut self, more: &Self) {
        self.rows += more.rows;
        let pairs = [
            (&mut self.unseen, &more.unseen),
            (&mut self.unread, &more.unread),
            (&mut self.missing, &more.missing),
        ];
        for (own, more) in pairs {
            own.resize(own.len().max(more.len()), 0);
            own.iter_mut()
                .zip(more)
                .for_each(|(own, more)| *own += more);
        }
    }
}

impl FittedColumn {
    /// Numbers of a row, that of the flag too.
    pub(crate) fn width(&self) -> usize {
        let own = match &self.how {
            How::Number(_) => 1,
            How::Moment {
                month,
                weekday,
                hour,
                ..
            } => 1 + [month, weekday, hour].into_iter().filter(|is| **is).count() * 2,
            How::OneHot { categories } => categories.len(),
            How::Statistics(statistics) => statistics.prior.len() + 1,
            How::Text { width, .. } => width + 1,
        };
        own + usize::from(self.flag)
    }

    /// Writes a cell's numbers over zeros.
    fn write(&self, cell: Cell<'_>, out: &mut [f32]) -> Found {
        let value = self.plan.read(cell);
        let mut found = match value {
            Value::Missing => Found::Missing,
            Value::Unread => Found::Unread,
            _ => Found::Known,
        };
        let number = match value {
            Value::Number(number) => Some(number),
            _ => None,
        };
        let text = match &value {
            Value::Text(text) => Some(text.as_ref()),
            _ => None,
        };
        match &self.how {
            How::Number(scale) => out[0] = scale.apply(number),
            How::Moment {
                scale,
                month,
                weekday,
                hour,
            } => {
                out[0] = scale.apply(number);
                let parts = number.and_then(moment::parts);
                let mut at = 1;
                let cycles = [
                    (*month, 12.0, parts.map(|(month, ..)| f64::from(month))),
                    (
                        *weekday,
                        7.0,
                        parts.map(|(_, weekday, _)| f64::from(weekday)),
                    ),
                    (*hour, 24.0, parts.map(|(.., hour)| hour)),
                ];
                for (_, period, part) in cycles.into_iter().filter(|(is, ..)| *is) {
                    if let Some(part) = part {
                        let (sin, cos) = (part * std::f64::consts::TAU / period).sin_cos();
                        (out[at], out[at + 1]) = (sin as f32, cos as f32);
                    }
                    at += 2;
                }
            }
            How::OneHot { categories } => {
                let place =
                    text.map(|text| categories.binary_search_by(|own| own.as_str().cmp(text)));
                match place {
                    Some(Ok(place)) => out[place] = 1.0,
                    Some(Err(_)) => found = Found::Unseen,
                    None => {}
                }
            }
            How::Statistics(statistics) => {
                let tally = text.and_then(|text| statistics.categories.get(text));
                if text.is_some() && tally.is_none() {
                    found = Found::Unseen;
                }
                statistics.write(tally.unwrap_or(&Tally::default()), out);
            }
            How::Text { width, length } => {
                let text = text.unwrap_or_default();
                words_of(text, &mut out[..*width]);
                out[*width] = length.apply((found == Found::Known).then(|| length_of(text)));
            }
        }
        if self.flag && matches!(found, Found::Missing | Found::Unread) {
            out[out.len() - 1] = 1.0;
        }
        found
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Found {
    Known,
    Missing,
    Unread,
    Unseen,
}

impl super::fitted::Statistics {
    /// Writes a category's means and frequency.
    pub(crate) fn write(&self, tally: &Tally, out: &mut [f32]) {
        for (place, prior) in self.prior.iter().enumerate() {
            out[place] = tally.mean(place, *prior);
        }
        out[self.prior.len()] = tally.frequency(self.rows);
    }
}

/// Length of a text as its number.
pub(crate) fn length_of(text: &str) -> f64 {
    (text.chars().count() as f64).ln_1p()
}

/// Adds a text's words and pairs of words into places that their hashes name, with a sign that
/// lets two that fall together cancel out on average; the sum has length 1.
fn words_of(text: &str, out: &mut [f32]) {
    let lower = text.to_lowercase();
    let mut before: Option<u64> = None;
    for word in lower
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
    {
        let hash = words::hash(word.as_bytes());
        let pair = before.map(|before| words::mixed(before ^ hash.rotate_left(17)));
        for hash in [Some(hash), pair].into_iter().flatten() {
            let place = (hash >> 1) % out.len() as u64;
            out[place as usize] += if hash & 1 == 0 { 1.0 } else { -1.0 };
        }
        before = Some(hash);
    }
    let length = out.iter().map(|value| value * value).sum::<f32>().sqrt();
    if length > 0.0 {
        out.iter_mut().for_each(|value| *value /= length);
    }
}

impl Fitted {
    /// Finds the columns in a file with these.
    #[must_use]
    pub fn matching(&self, names: &[String]) -> Matching {
        let places: Vec<Option<usize>> = self
            .sources()
            .map(|source| names.iter().position(|name| name == source))
            .collect();
        let missing = self
            .sources()
            .zip(&places)
            .filter(|(_, place)| place.is_none());
        Matching {
            missing: missing.map(|(name, _)| name.to_owned()).collect(),
            places,
        }
    }

    /// Appends the rows' numbers to `out`, row after row, each finite.
    pub fn encode(&self, matching: &Matching, batch: &Batch, out: &mut Vec<f32>) -> Counts {
        let all: Vec<usize> = (0..batch.rows()).collect();
        self.encode_rows(matching, batch, &all, out)
    }

    /// As [`Fitted::encode`], of some rows of the batch.
    pub(crate) fn encode_rows(
        &self,
        matching: &Matching,
        batch: &Batch,
        rows: &[usize],
        out: &mut Vec<f32>,
    ) -> Counts {
        let (width, start) = (self.width(), out.len());
        out.resize(start + rows.len() * width, 0.0);
        let zeros = vec![0; self.columns.len()];
        let mut counts = Counts {
            rows: rows.len() as u64,
            unseen: zeros.clone(),
            unread: zeros.clone(),
            missing: zeros,
        };
        let mut offset = 0;
        for (index, column) in self.columns.iter().enumerate() {
            let own = column.width();
            let cells = matching.places[index].and_then(|place| batch.columns.get(place));
            for (at, row) in rows.iter().enumerate() {
                let cell = cells.map_or(Cell::Missing, |cells| cells.cell(*row));
                let from = start + at * width + offset;
                match column.write(cell, &mut out[from..from + own]) {
                    Found::Known => {}
                    Found::Missing => counts.missing[index] += 1,
                    Found::Unread => counts.unread[index] += 1,
                    Found::Unseen => counts.unseen[index] += 1,
                }
            }
            offset += own;
        }
        counts
    }
}
