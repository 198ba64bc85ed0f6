//! Rows of a table, some at a time, column by column, as the file has them.

/// Some rows of a table. All columns have the same number of rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// Where each row begins: its line in a text file as an editor counts, else its number, from 1.
    pub lines: Vec<u64>,
    /// Columns in the order of the file.
    pub columns: Vec<Cells>,
}

impl Batch {
    /// Rows of the batch.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.lines.len()
    }
}

/// Values of a column, as the file types them: texts in text files, JSON included.
#[derive(Clone, Debug, PartialEq)]
pub enum Cells {
    /// As written, without blanks around them.
    Texts(Texts),
    /// NaN where it is missing.
    Numbers(Vec<f64>),
    /// Whole numbers, exactly.
    Integers(Vec<Option<i64>>),
    /// Truth values.
    Booleans(Vec<Option<bool>>),
    /// Seconds since 1970 in UTC; NaN where it is missing.
    Times(Vec<f64>),
}

impl Cells {
    /// Values of the column.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Texts(texts) => texts.len(),
            Self::Numbers(values) | Self::Times(values) => values.len(),
            Self::Integers(values) => values.len(),
            Self::Booleans(values) => values.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Value of a row.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    pub fn cell(&self, row: usize) -> Cell<'_> {
        let number = |number: f64, cell: fn(f64) -> Cell<'static>| {
            if number.is_nan() {
                Cell::Missing
            } else {
                cell(number)
            }
        };
        match self {
            Self::Texts(texts) => texts.get(row).map_or(Cell::Missing, Cell::Text),
            Self::Numbers(values) => number(values[row], Cell::Number),
            Self::Times(values) => number(values[row], Cell::Time),
            Self::Integers(values) => values[row].map_or(Cell::Missing, Cell::Integer),
            Self::Booleans(values) => values[row].map_or(Cell::Missing, Cell::Boolean),
        }
    }
}

/// One value of a table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'a> {
    /// The file itself says that there is none: an absent key, a null of a typed format. An empty
    /// or other word for it in a text file is a text here, and the plan's to judge.
    Missing,
    /// As written.
    Text(&'a str),
    /// A number of a typed format, never NaN.
    Number(f64),
    /// A whole number of a typed format.
    Integer(i64),
    /// A truth value of a typed format.
    Boolean(bool),
    /// Seconds since 1970 in UTC, never NaN.
    Time(f64),
}

/// Texts of a column in one piece of memory: a file of a million rows costs no million allocations.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Texts {
    bytes: String,
    /// Where each text ends; the highest bit says that there is none.
    ends: Vec<u32>,
}

/// Says of an end that the text is not there.
const ABSENT: u32 = 1 << 31;

impl Texts {
    /// Adds a row's text, or that it has none.
    ///
    /// # Panics
    /// If the texts of the batch have 2 GiB or more: readers bound a batch's bytes.
    pub fn push(&mut self, text: Option<&str>) {
        self.bytes.push_str(text.unwrap_or_default());
        let end = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        assert!(end < ABSENT, "texts of a batch are bounded by its reader");
        let absent = if text.is_none() { ABSENT } else { 0 };
        self.ends.push(end | absent);
    }

    /// Bytes of all texts.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Text of a row, unless it is absent.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    pub fn get(&self, row: usize) -> Option<&str> {
        let start = row.checked_sub(1).map_or(0, |before| self.ends[before]) & !ABSENT;
        let end = self.ends[row];
        (end & ABSENT == 0).then(|| &self.bytes[start as usize..end as usize])
    }
}

impl<'a> FromIterator<Option<&'a str>> for Texts {
    fn from_iter<I: IntoIterator<Item = Option<&'a str>>>(texts: I) -> Self {
        let mut all = Self::default();
        texts.into_iter().for_each(|text| all.push(text));
        all
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Texts;

    proptest! {
        #[test]
        fn texts_come_out_as_they_went_in(texts: Vec<Option<String>>) {
            let all: Texts = texts.iter().map(Option::as_deref).collect();
            prop_assert_eq!(all.len(), texts.len());
            for (row, text) in texts.iter().enumerate() {
                prop_assert_eq!(all.get(row), text.as_deref());
            }
        }
    }
}
