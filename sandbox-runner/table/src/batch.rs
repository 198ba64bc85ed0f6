//! Rows as a reader finds them, column by column.

/// Some rows, column by column; all columns are equally long.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// Where each row begins: the line, from 1 as an editor counts; in a format without lines
    /// the row, from 1.
    pub lines: Vec<u64>,
    /// In the order of the reader's column names.
    pub columns: Vec<Cells>,
}

impl Batch {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.lines.len()
    }
}

/// The cells of one column. Text formats give texts, whatever is in them; formats that have
/// types give those. What is missing in a format that can say so (JSON's `null`, a null of
/// Parquet, an empty cell of a spreadsheet) is `None`; words that stand for it are still texts.
#[derive(Clone, Debug, PartialEq)]
pub enum Cells {
    /// Texts as they stand in the file, decoded and unquoted but not trimmed.
    Texts(Texts),
    /// Whole numbers, exact.
    Integers(Vec<Option<i64>>),
    /// Numbers; NaN and the infinities are values here, as the file has them.
    Numbers(Vec<Option<f64>>),
    /// True or false.
    Booleans(Vec<Option<bool>>),
    /// Microseconds since 1970-01-01 00:00 (UTC, or local where the file names no zone).
    Timestamps(Vec<Option<i64>>),
}

impl Cells {
    /// Number of cells.
    pub fn len(&self) -> usize {
        match self {
            Self::Texts(texts) => texts.len(),
            Self::Integers(cells) => cells.len(),
            Self::Numbers(cells) => cells.len(),
            Self::Booleans(cells) => cells.len(),
            Self::Timestamps(cells) => cells.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Texts in one piece of memory.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Texts {
    all: String,
    /// End of each text in `all`, and whether it is there at all.
    ends: Vec<(usize, bool)>,
}

impl Texts {
    /// Adds a text; `None` for one that the format says is missing.
    pub fn push(&mut self, text: Option<&str>) {
        self.all.push_str(text.unwrap_or_default());
        self.ends.push((self.all.len(), text.is_some()));
    }

    /// Number of texts, missing ones too.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The text at a place below [`len`](Self::len), if it is there.
    ///
    /// # Panics
    /// If there is no such place.
    pub fn get(&self, place: usize) -> Option<&str> {
        let (end, there) = self.ends[place];
        let begin = place.checked_sub(1).map_or(0, |before| self.ends[before].0);
        there.then(|| &self.all[begin..end])
    }

    /// All of them in order.
    pub fn iter(&self) -> impl Iterator<Item = Option<&str>> {
        (0..self.len()).map(|place| self.get(place))
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
    use super::Texts;

    #[test]
    fn an_empty_text_is_there_and_a_missing_one_is_not() {
        let texts: Texts = [Some("a"), None, Some(""), Some("bc")]
            .into_iter()
            .collect();
        let read: Vec<_> = texts.iter().collect();
        assert_eq!(read, [Some("a"), None, Some(""), Some("bc")]);
    }
}
